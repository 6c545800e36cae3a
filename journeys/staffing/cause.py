"""Why a place is short of agents, in words that a person reads."""

from __future__ import annotations

import numpy as np

from journeys.staffing.need import Terms, agents_required

MISSING = "agents missing against the schedule"
JOURNEYS = "journeys bring more contacts"
ARRIVALS = "arrivals above forecast"
HANDLING = "handle time above usual"
PLANNED = "fewer agents than the usual demand needs"
CAUSES = (MISSING, JOURNEYS, ARRIVALS, HANDLING, PLANNED)
"""Of two that are worth as many agents, the first."""
LEAST = 0.5
"""Agents that a cause must be worth."""


def cause(
    terms: Terms, interval_s: float, contacts: float, usual: float, from_journeys: float, aht_s: float,
    usual_aht_s: float, missing: float,
) -> str:  # fmt: skip
    """What is worth the most agents, of ``missing`` ones and of those whom nobody would need if journeys brought
    nothing, if arrivals or handle times were as usual; the last word if none of these is worth an agent."""
    if terms.deferred:  # what is due now came hours ago, for whatever reason
        return MISSING if missing >= LEAST else PLANNED
    asked = np.array([[contacts, contacts - from_journeys, min(contacts, usual), contacts]])
    handled = np.array([[aht_s, aht_s, aht_s, min(aht_s, usual_aht_s)]])
    needed = agents_required([terms], np.maximum(asked, 0.0), interval_s, handled)[0].tolist()
    whole, without_journeys, usually, handled_as_usual = needed
    worth = {
        MISSING: missing,
        JOURNEYS: whole - without_journeys,
        ARRIVALS: without_journeys - usually,
        HANDLING: whole - handled_as_usual,
    }
    found = max(CAUSES[:-1], key=lambda one: (worth[one], -CAUSES.index(one)))
    return found if worth[found] >= LEAST else PLANNED

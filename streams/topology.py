"""The way of a touchpoint, as a page.

    journey.touchpoints ─► contact ─► journey.resolved ─► journey ─► journey.stitched, journey.journeys, journey.signals
     (journey.routed)      │  ▲ │      (by customer)       │ └─► journey.tallies ─► cause ─► journey.causes
                           │  │ │                          │      (in one partition)
                           │  │ │                  journey.redials
                           │  │ │                          ▼
                           │  │ └───► journey.visits ───► queue ───► journey.queues
                           │  │        (by queue)
                           │  └────── journey.owners ◄─── identity ─► journey.identifiers
                           ├────────► journey.evidence ────►┘▲
                           │           (by identifier) ◄─────┘
                           ├────────► journey.services ─────► agent ───► journey.agent_figures
                           │           (by agent)             │ ▲
                           │          journey.agents ────────►┘ │
                           │          (journey.agents_routed) ◄─┘
                           └────────► journey.accepted, journey.touchpoints.dlq

     queue, agent, journey ─► journey.floors ───► staffing ─► journey.staffing
                              journey.schedules ─►┘ (in one partition)

Each stage is keyed, and the only writer of what it emits: but for customers to be forgotten, which identity tells the
journey stage, and for signals, of which the cause stage has a kind of its own. What a batch leads to (outputs, state,
offsets) is one transaction. A contact goes to its customer at once, as far as its identifiers are known; where identity
learns better, it tells the contact stage, and the contact moves (docs/decisions/identity-in-the-stream.md).
"""

from __future__ import annotations

from journeys.pseudonyms import Pseudonyms
from journeys.settings import Settings
from streams import topics
from streams.dead_letters import Seal
from streams.settings import Topology
from streams.stages.agent import AgentStage
from streams.stages.cause import CauseStage
from streams.stages.contact import ContactStage
from streams.stages.identity import IdentityStage
from streams.stages.journey import JourneyStage
from streams.stages.queue import QueueStage
from streams.stages.staffing import StaffingStage

PARTITIONS = 4


def build(settings: Settings, pseudonyms: Pseudonyms, partitions: int = PARTITIONS) -> Topology:
    """The stages over topics of ``partitions`` partitions each; what reaches them clear is hidden by ``pseudonyms``."""
    settings = pseudonyms.blocking(settings)
    stages = (
        ContactStage(settings, pseudonyms),  # touchpoints of one contact id are one contact, with its queue visits
        IdentityStage(settings),  # what was seen together says to whom an identifier belongs
        JourneyStage(settings),  # contacts of one customer are journeys, with switches and repeats
        QueueStage(settings),  # visits of one queue are its figures, by interval and now
        AgentStage(settings),  # what one agent served, with the states it told, is its day
        StaffingStage(settings),  # queues, agents and open journeys as of one moment: who is missing, whom to move
        CauseStage(settings),  # what came before repeats and switches, in all partitions together, is the day's causes
    )
    return Topology(
        stages=stages,
        partitions=dict.fromkeys(topics.CATALOGUE, partitions),
        changelogs={stage.name: topics.changelog(stage.name) for stage in stages},
        dead_letters=topics.DEAD_LETTERS,
        seal=Seal(pseudonyms),
    )

"""The plain batch definition of everything: slow, obvious, and what the stages are held against.

A function of the *set* of accepted touchpoints and of the as-of time, so neither the order of arrival nor a duplicate
can change it. Nothing here is shared with the incremental way but how one contact and one interval are read; the
relations between contacts are written down as they are defined, pair by pair.
"""

from journeys.definition.figures import Fcr, Reference, Relations, Told
from journeys.definition.whole import reference

__all__ = ["Fcr", "Reference", "Relations", "Told", "reference"]

"""The pure core: from touchpoints to contacts, journeys, switches, repeats and queue figures.

No I/O, no clock, no environment, no Kafka: plain data in, plain data out, usable in a notebook.

>>> from journeys import reference, decode
>>> figures = reference(map(decode, open("touchpoints.jsonl", "rb")))
"""

from journeys.definition import Reference, reference
from journeys.settings import Settings
from journeys.touchpoint import Invalid, Touchpoint, decode, encode

__all__ = ["Invalid", "Reference", "Settings", "Touchpoint", "decode", "encode", "reference"]

"""The collector: touchpoints over HTTP, from services, Segment's and RudderStack's clients, and vendors' web hooks.

Whatever is answered with 200 is on Kafka and acknowledged; whatever is answered otherwise may be sent again, for an id
counts once. docs/collector.md says what clients see.
"""

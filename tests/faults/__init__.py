"""Faults and bad input against the whole pipeline: real Kafka, real workers, real stores. `python -m tests.faults`."""

"""The front door: one command that starts, feeds, queries and examines the whole pipeline."""

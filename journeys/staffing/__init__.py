"""Staffing (M17–M19): how many agents a queue needs, what is coming, and whom to move."""

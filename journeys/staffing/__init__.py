"""Staffing (M17 to M19): how many agents a queue needs, what is coming, and whom to move."""

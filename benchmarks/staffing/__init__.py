"""Judges staffing in a closed loop: simulated days with planted surges, lived by several ways of running the floor.

What is planted, and what counts, was written down first: docs/decisions/staffing-scenarios.md.
"""

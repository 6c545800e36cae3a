"""A contact centre's floor, simulated event by event while somebody runs it: contacts queue, agents serve them, moves
are obeyed. For judging what staffing says (``python -m benchmarks.staffing``): the truth is known, and the day can be
lived again with other decisions.
"""

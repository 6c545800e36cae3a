"""How well the pipeline tells what a journey means, on days whose truth is known: python -m benchmarks.meaning.

Simulated days go through the real topology in memory, slice by slice of simulated time (floor.py), and what comes out
is held against the simulator's truth: planted causes (causes.py), the next step (next_step.py), sudden drops of mood
(sentiment.py). Which seeds are for what: seeds.py. Intervals: proportions.py.
"""

"""How well the shipped identity rule tells people apart: python -m benchmarks.identity.

Two populations: the design note's (population.py) and the simulator's (simulated.py). The seed rule, written down
before the simulator's was scored: seeds 1 to 9 may be looked at while the rule is changed; 11 to 15 are held out, and
so are 41 to 50, both scored once when all is settled. 21 to 30 were scored for an earlier rule.

What the figures say about the rule: docs/decisions/identity-rule.md.
"""

"""How well the shipped identity rule tells people apart: python -m benchmarks.identity.

What the figures say about the rule: docs/decisions/identity-rule.md.
"""

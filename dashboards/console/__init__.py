"""The console: the live picture in a browser, from one small server and one page, with nothing to install or to build.

What stands on the page comes from two sides (docs/decisions/console.md): what is true now, from the figures that
Prometheus scrapes, and what adds up over days, from the store. Both are handed in by who composes (``touchpath up``,
``touchpath console``).
"""

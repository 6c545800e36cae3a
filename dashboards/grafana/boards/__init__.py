"""The dashboards, one module each."""

from __future__ import annotations

from dashboards.grafana.boards import floor

BOARDS = (floor.board,)

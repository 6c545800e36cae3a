"""The dashboards, one module each."""

from __future__ import annotations

from dashboards.grafana.boards import agents, causes, floor, journeys, pipeline, staffing, switches, voice

BOARDS = (
    floor.board,
    journeys.board,
    switches.board,
    causes.board,
    staffing.board,
    agents.board,
    voice.board,
    pipeline.board,
)

"""What a drain waits for. (That all is stored when it is over is what every trial in tests/faults rests on.)"""

from __future__ import annotations

from journeys.settings import DEFAULTS
from streams.topology import build
from tests.journeys.scenes import PSEUDONYMS
from touchpath.drain import STAGES


def test_it_waits_for_the_inputs_of_every_stage_in_their_order() -> None:
    steps = {topic: step for step, those in enumerate(STAGES) for topic in those}
    stages = {stage.name: stage.inputs for stage in build(DEFAULTS, PSEUDONYMS).stages}
    assert steps.keys() == {topic for inputs in stages.values() for topic in inputs}
    first = {name: min(steps[topic] for topic in inputs) for name, inputs in stages.items()}
    assert first["contact"] < first["journey"] < first["cause"]
    assert max(steps[topic] for name in ("queue", "agent", "journey") for topic in stages[name]) < first["staffing"]

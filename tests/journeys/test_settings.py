from __future__ import annotations

from pathlib import Path

import pytest

from journeys.settings import Duration, SettingsError, convert, read

EXAMPLE = """
[contacts]
channels = { kiosk = "self_service" }
time_outs = { chat = "45m" }

[journeys]
gaps = { billing = "21d" }

[queue]
target = "30s"

[queues.vip]
target = 10
"""


def test_a_file_of_settings(tmp_path: Path) -> None:
    path = tmp_path / "touchpath.toml"
    path.write_text(EXAMPLE)
    settings = read(path)
    assert settings.kinds["kiosk"] == "self_service"
    assert settings.kinds["voice"] == "assisted"
    assert settings.time_out_ms("chat") == 45 * 60_000
    assert settings.gap_ms("billing") == 21 * 86_400_000
    assert settings.gap_ms("order") == 30 * 86_400_000
    assert settings.queue_of("vip").target == 10
    assert settings.queue_of("else").target == 30


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"journey": {}}, "settings: Object contains unknown field `journey`"),
        ({"journeys": {"gapz": {}}}, "settings: journeys: Object contains unknown field `gapz`"),
        ({"journeys": {"switch_window": "soon"}}, "journeys.switch_window: expected a duration such as"),
        ({"journeys": {"switch_window": -1}}, "got -1"),
        ({"journeys": {"switch_window": True}}, "got True"),
        ({"journeys": {"repeat_windows_days": [0]}}, "journeys.repeat_windows_days: expected whole days above 0"),
        ({"journeys": {"repeat_windows_days": []}}, "journeys.repeat_windows_days: expected"),
        ({"contacts": {"channels": {"x": "magic"}}}, "contacts.channels[...]: Invalid enum value 'magic'"),
        ({"agents": {"longest": "2d"}}, "agents.longest: expected 1m to 1d, got 172800s"),
        ({"agents": {"slots": {"chat": 0}}}, "agents.slots.chat: expected 1 or more, got 0"),
        ({"stages": {"rules": [{"page": "/x"}]}}, "stages.rules[0]: Object missing required field `stage`"),
        ({"stages": {"rules": [{"pages": "/x", "stage": "use"}]}}, "Object contains unknown field `pages`"),
        ({"stages": {"rules": [{"stage": ""}]}}, "stages.rules[0].stage: Expected `str` of length >= 1"),
        (
            {"effort": {"weights": {"hold": 1}}},
            "effort.weights: expected a kind of friction such as transfer, got 'hold'",
        ),
        ({"effort": {"weights": {"transfer": -1}}}, "effort.weights.transfer: expected 0 to 100, got -1"),
        ({"effort": {"weights": {"transfer": 101}}}, "effort.weights.transfer: expected 0 to 100, got 101"),
        ({"queue": {"service_level": 80}}, "queue.service_level: expected a share between 0 and 1, got 80"),
        ({"queues": {"vip": {"occupancy": 0}}}, "queues.vip.occupancy: expected a share above 0 and up to 1, got 0"),
        ({"queues": {"vip": {"shrinkage": 1}}}, "queues.vip.shrinkage: expected a share from 0 to below 1, got 1"),
        ({"staffing": {"model": "erlang_b"}}, "staffing.model: Invalid enum value 'erlang_b'"),
        ({"staffing": {"horizon": "1m"}}, "staffing.horizon: expected 1h to 92d, got 60"),
        ({"staffing": {"minimum_gain": -1}}, "staffing.minimum_gain: expected 0 or more contacts, got -1"),
        ({"staffing": {"move_time": "1m"}}, "staffing.move_time: expected an interval (times.interval) or more"),
        ({"times": {"interval": "7m"}}, "times.interval: expected a part of a day"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(raw: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        convert(raw)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"missing\.toml: No such file"):
        read(tmp_path / "missing.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("a = = 1")
    with pytest.raises(SettingsError, match=r"broken\.toml: Invalid value \(at line 1"):
        read(broken)


def test_durations() -> None:
    assert [Duration.parse(text) for text in (20, "20s", "1.5m", "4h", "14d")] == [20, 20, 90, 14_400, 1_209_600]

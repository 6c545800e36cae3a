from __future__ import annotations

import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest

from journeys.settings import DEFAULTS, convert, read
from touchpath.cli import main
from touchpath.settings_command import toml


def test_what_is_printed_can_be_read_back_and_means_the_same(tmp_path: Path) -> None:
    file = tmp_path / "touchpath.toml"
    file.write_text(toml(DEFAULTS))
    found = read(file)
    assert toml(found) == toml(DEFAULTS)
    for intent in ("billing", "order", "anything"):
        assert found.gap_ms(intent) == DEFAULTS.gap_ms(intent)
    for channel in ("voice", "email", "fax"):
        assert found.time_out_ms(channel) == DEFAULTS.time_out_ms(channel)


def test_names_and_numbers_that_toml_would_take_amiss() -> None:
    raw = {
        "contacts": {"channels": {'fax "old"': "assisted"}, "time_outs": {"fax.new": 0.5}},
        "queues": {"vip.line": {"target": "90s"}, "הזמנות": {"short_abandon": 2.5}},
        "journeys": {"repeat_windows_days": [2, 7], "default_gap": "36h"},
        "stages": {"rules": [{"page": '/trial "a"*', "stage": "trial"}], "goals": ["trial"]},
        "effort": {"weights": {"transfer": 2.5}},
        "sites": {
            "berlin.mitte": {
                "time_zone": "Europe/Berlin",
                "opening": {"mon": "22:00-06:00", "tue": ["08:00-12:00", "13:00-18:00"], "sat": []},
                "country": "DE",
                "subdivision": "BE",
                "holidays": [date(2026, 12, 24)],
                "open_holidays": ["2026-03-08"],
            },
            "always": {},
        },
        "calendar": {"site": "berlin.mitte", "working_time": ["waits", "fcr"]},
        "identity": {
            "region": "DE",
            "blocked": ['email:"a"@b'],
            "most_sets": 7,
            "limits": {"phone": 9},
            "share": 0.75,
            "expires": {"phone": "9d"},
        },
        "collector": {
            "keys": {"web-shop": {"scopes": ["segment", "hooks"], "source": "shop"}, "ivr": {}},
            "hooks": {"tickets.v2": {"adapter": "zendesk", "names": {"Q1": "billing"}}},
            "public_url": "https://events.example.org",
            "slow": "5s",
        },
    }
    settings = convert(raw)
    again = convert(tomllib.loads(toml(settings)))
    assert toml(again) == toml(settings)
    assert again.queues == settings.queues
    assert again.sites == settings.sites
    assert again.calendar == settings.calendar
    assert again.identity == settings.identity
    assert again.collector == settings.collector
    assert again.journeys.repeat_windows_days == (2, 7)
    assert again.journeys.default_gap == 36 * 3600
    assert again.kinds == settings.kinds
    assert again.time_out_ms("fax.new") == 500
    assert again.stage_rules == settings.stage_rules
    assert again.stage_rules[0].stage == "trial"
    assert again.goals == {"trial"}
    assert again.weights == settings.weights


def test_the_file_here_is_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "touchpath.toml").write_text('[queue]\ntarget = "30s"\n')
    monkeypatch.setattr(sys, "argv", ["touchpath", "settings"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert told.startswith("# touchpath.toml\n")
    assert 'target = "30s"' in told

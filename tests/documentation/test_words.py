"""What pages and the picture name is there: commands in the text with their options, and stages."""

from __future__ import annotations

import re

from docs.making.commands import commands
from docs.making.site import ROOT
from journeys.pseudonyms import Pseudonyms
from journeys.settings import DEFAULTS
from streams.topology import build
from tests.documentation.pages import name, pages

TYPED = re.compile(r"`touchpath ([a-z][^`]*)`")
OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]*")


def test_commands_that_the_text_names_are_there_with_their_options() -> None:
    known = {
        " ".join(list(path)[1:]): {option for parameter in list(path.values())[-1].params for option in parameter.opts}
        for path in commands()
    }
    wrong = []
    for page in pages():
        for text in TYPED.findall(page.read_text(encoding="utf-8")):
            words = text.split()
            command = next((found for n in (2, 1) if (found := " ".join(words[:n])) in known), None)
            if command is None:
                wrong.append(f"{name(page)}: there is no touchpath {text}")
            else:
                unknown = set(OPTION.findall(text)) - known[command] - {"--help"}
                wrong += [f"{name(page)}: touchpath {text}: there is no {option}" for option in unknown]
    assert not wrong, "\n".join(wrong)


def test_the_picture_shows_every_stage() -> None:
    drawn = re.findall(r'<text class="t"[^>]*>([a-z]+)</text>', (ROOT / "docs/images/topology.svg").read_text())
    stages = {stage.name for stage in build(DEFAULTS, Pseudonyms((b"0" * 32,), DEFAULTS)).stages}
    assert set(drawn) == stages | {"producers"}

"""What the console is told of a customer."""

from __future__ import annotations

from tests.journeys.scenes import PSEUDONYMS
from touchpath.console_sources import mask


def test_of_clear_identifiers_only_the_end_is_told() -> None:
    assert mask("phone:+4930123456") == "phone:••••56"
    assert mask("email:a@b.c") == "email:••••"
    hidden = f"email:{PSEUDONYMS.of('email', 'ann@example.org')}"
    assert mask(hidden) == hidden
    assert mask("anonymous:call-1") == "anonymous:call-1"

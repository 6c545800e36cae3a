"""Tokens, their roles, and the cookies that stand for them."""

from __future__ import annotations

import pytest

from dashboards.console.access import COOKIE_S, AccessError, Role, from_environment

VIEW, MANAGE, CLEAR = "v" * 16, "m" * 16, "c" * 20
TOKENS = {
    "TOUCHPATH_CONSOLE_TOKEN_VIEW": f"{VIEW}, {'w' * 16}",
    "TOUCHPATH_CONSOLE_TOKEN_MANAGE": MANAGE,
    "TOUCHPATH_CONSOLE_TOKEN_CLEAR": CLEAR,
    "TOUCHPATH_DATA": "data",
}
NOW = 1_800_000_000.0


def test_a_token_has_its_role() -> None:
    access = from_environment(TOKENS)
    assert not access.open
    assert [access.role(token) for token in (VIEW, "w" * 16, MANAGE, CLEAR)] == [
        Role.VIEW, Role.VIEW, Role.MANAGE, Role.CLEAR,
    ]  # fmt: skip
    assert access.role(VIEW[:-1]) is access.role("") is access.role("\udcff") is None
    assert VIEW not in repr(access)
    assert from_environment({}).open


def test_a_cookie_lasts_as_long_as_its_time_and_its_token() -> None:
    access = from_environment(TOKENS)
    cookie = access.cookie(MANAGE, NOW)
    assert MANAGE not in cookie
    assert access.role_of_cookie(cookie, NOW) is Role.MANAGE
    assert from_environment(TOKENS).role_of_cookie(cookie, NOW + COOKIE_S - 1) is Role.MANAGE  # after a restart
    assert access.role_of_cookie(cookie, NOW + COOKIE_S + 1) is None
    without = {name: token for name, token in TOKENS.items() if not name.endswith("MANAGE")}
    assert from_environment(without).role_of_cookie(cookie, NOW) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda name, until, signature: f"{name}.{int(until) + 9999}.{signature}",
        lambda name, until, signature: f"{name}.{until}.{'0' * len(signature)}",
        lambda name, until, signature: f"{'0' * len(name)}.{until}.{signature}",
        lambda name, until, signature: f"{name}.{until}.é",
        lambda name, until, signature: f"{name}.٣٤.{signature}",
        lambda name, until, signature: "",
    ],
)
def test_a_cookie_that_was_changed_is_none(change: object) -> None:
    access = from_environment(TOKENS)
    assert callable(change)
    assert access.role_of_cookie(change(*access.cookie(CLEAR, NOW).split(".")), NOW) is None


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"TOUCHPATH_CONSOLE_TOKEN_ADMIN": "x" * 20}, "TOUCHPATH_CONSOLE_TOKEN_ADMIN: no role of this name"),
        ({"TOUCHPATH_CONSOLE_TOKEN_VIEW": "short"}, "TOUCHPATH_CONSOLE_TOKEN_VIEW: expected 16 characters or more"),
        ({**TOKENS, "TOUCHPATH_CONSOLE_TOKEN_VIEW": CLEAR}, "has a token that TOUCHPATH_CONSOLE_TOKEN_"),
        ({"TOUCHPATH_CONSOLE_TOKEN_VIEW": " , "}, "TOUCHPATH_CONSOLE_TOKEN_VIEW: is empty"),
    ],
)
def test_tokens_that_cannot_be_used_are_named_and_not_shown(environment: dict[str, str], told: str) -> None:
    with pytest.raises(AccessError, match=told) as refused:
        from_environment(environment)
    assert not any(token in str(refused.value) for token in environment.values() if len(token) > 3)

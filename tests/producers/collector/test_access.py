"""Keys and secrets from the environment, and what the settings say of them."""

from __future__ import annotations

from base64 import b64encode

import pytest

from journeys.settings import SettingsError, convert
from producers.collector.access import AccessError, allow, from_environment
from producers.collector.answers import Refused

KEY, OLDER = "a-write-key-of-tests", "an-older-key-of-tests"
SETTINGS = convert(
    {
        "collector": {
            "keys": {"web-shop": {"scopes": ["segment"], "source": "shop"}},
            "hooks": {"tickets": {"adapter": "zendesk", "time_zone": "Europe/Berlin"}},
        }
    }
).collector


def basic(user: str) -> str:
    return "Basic " + b64encode(f"{user}:password is not looked at".encode()).decode()


def test_a_key_has_a_name_and_scopes_and_several_hold_side_by_side() -> None:
    access = from_environment(SETTINGS, {"TOUCHPATH_WRITE_KEY_WEB_SHOP": f"{KEY}, {OLDER}", "HOME": "/"})
    for given in (basic(KEY), basic(OLDER), f"Bearer {KEY}", f"bearer  {KEY} "):
        client = access.client(given)
        assert (client.name, client.scopes, client.source) == ("web-shop", {"segment"}, "shop")
    assert access.client("", KEY).name == "web-shop"
    allow(client, "segment")
    with pytest.raises(Refused, match="'web-shop' has no scope 'rulings'") as refused:
        allow(client, "rulings")
    assert refused.value.status == 403
    for wrong in ("", "Basic", "Basic ä", "Digest x", basic(""), basic(KEY[:-1]), f"Bearer {KEY}x"):
        with pytest.raises(Refused) as refused:
            access.client(wrong)
        assert refused.value.status == 401
        assert KEY[:-1] not in str(refused.value)


def test_without_keys_anybody_may_send() -> None:
    access = from_environment(convert({}).collector, {})
    assert access.open
    allow(access.client(""), "rulings")
    assert not from_environment(convert({}).collector, {"TOUCHPATH_HOOK_SECRET_ZENDESK": "s"}).open


def test_a_key_that_the_settings_do_not_name_may_do_what_is_usual() -> None:
    access = from_environment(convert({}).collector, {"TOUCHPATH_WRITE_KEY_IVR": KEY})
    client = access.client(basic(KEY))
    assert (client.name, client.scopes) == ("ivr", {"segment", "touchpoints", "agents"})


def test_hooks_have_secrets_under_their_names() -> None:
    environment = {
        "TOUCHPATH_WRITE_KEY_WEB_SHOP": KEY,
        "TOUCHPATH_HOOK_SECRET_TICKETS": "one,two",
        "TOUCHPATH_HOOK_SECRET_TWILIO": "three",
        "TOUCHPATH_HOOK_TOKEN_WHATSAPP": "four",
    }
    access = from_environment(SETTINGS, environment)
    assert access.secrets == {"tickets": (b"one", b"two"), "twilio": (b"three",)}
    assert access.tokens == {"whatsapp": ("four",)}
    assert access.hooks["tickets"].adapter == "zendesk"
    assert access.hooks["twilio"].adapter == ""


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "collector.keys.web-shop: set TOUCHPATH_WRITE_KEY_WEB_SHOP to its key"),
        ({"TOUCHPATH_WRITE_KEY_WEB_SHOP": "short"}, "TOUCHPATH_WRITE_KEY_WEB_SHOP: expected 16 characters or more"),
        ({"TOUCHPATH_WRITE_KEY_WEB_SHOP": " , "}, "TOUCHPATH_WRITE_KEY_WEB_SHOP: is empty"),
        ({"TOUCHPATH_WRITE_KEY_WEB_SHOP": KEY, "TOUCHPATH_WRITE_KEY_IVR": KEY}, "is the key of 'web-shop' already"),
        (
            {"TOUCHPATH_WRITE_KEY_WEB_SHOP": KEY, "TOUCHPATH_HOOK_SECRET_SATISMETER": "secret value"},
            "TOUCHPATH_HOOK_SECRET_SATISMETER: satismeter does not sign",
        ),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_shown(environment: dict[str, str], says: str) -> None:
    with pytest.raises(AccessError, match=says) as wrong:
        from_environment(SETTINGS, environment)
    assert not any(value in str(wrong.value) for value in environment.values())


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"keys": {"a": {"scopes": ["all"]}}}, r"collector\.keys\[\.\.\.\]\.scopes\[0\]"),
        ({"keys": {"a": {"key": "secret"}}}, "unknown field `key`"),
        ({"connections": 0}, "collector.connections: expected 1 or more, got 0"),
        ({"public_url": "events.example.org"}, "collector.public_url: .*'events.example.org'"),
        ({"hooks": {"a": {"time_zone": "Berlin"}}}, "collector.hooks.a.time_zone: .*'Berlin'"),
        ({"hooks": {"a b": {}}}, "collector.hooks: .*'a b'"),
    ],
)
def test_settings_that_cannot_be_meant(said: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        convert({"collector": said})

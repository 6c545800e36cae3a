"""Which spellings meet, which do not, and what says nothing about anybody."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from journeys import reference
from journeys.identifiers import cleaned, normalise
from journeys.settings import DEFAULTS, IDENTIFIERS, SettingsError, convert
from journeys.touchpoint import Touchpoint
from tests.journeys.scenes import START

REGIONS = ("", "DE", "US", "AR", "IT", "JP", "RU", "BR")
SETTINGS = {region: convert({"identity": {"region": region}}) for region in REGIONS}


@pytest.mark.parametrize(
    ("region", "written", "want"),
    [
        ("", "+49 (0)30 123456", "+4930123456"),
        ("", "0049-30-123456", "+4930123456"),
        ("", "+49 30 123456 ext. 17", "+4930123456"),
        ("", "tel:+4930123456;ext=17", "+4930123456"),
        ("", "\u202a+49 30 123456\u202c", "+4930123456"),  # as a telephone's address book copies it
        ("", "\uff0b\uff14\uff19 30 123456", "+4930123456"),
        ("", "+39 02 1234 5678", "+390212345678"),  # the 0 is part of an Italian number
        ("", "030 / 123456", "030123456"),
        ("", "+49", "+49"),
        ("", "*", "*"),
        ("", " SIP:Anna42@pbx ", "sip:anna42@pbx"),  # its digits alone could be anybody's
        ("DE", "030 / 123456", "+4930123456"),
        ("DE", "0030 21 0123 4567", "+302101234567"),
        ("DE", "17", "17"),  # somebody's extension: too short for a number
        ("US", "0049 30 123456", "+4930123456"),  # dialled out with 00, which is not how it is done there
        ("US", "(201) 555-0123 x17", "+12015550123"),
        ("US", "555-0123", "5550123"),  # in which of its areas is not known
    ],
)
def test_a_phone_number_however_it_is_written(region: str, written: str, want: str) -> None:
    assert normalise("phone", written, SETTINGS[region]) == want


@pytest.mark.parametrize(
    ("written", "want"),
    [
        (" Anna.B+Shop@Example.COM ", "anna.b+shop@example.com"),
        ("Anna Berg <Anna.B@example.com>", "anna.b@example.com"),
        ("anna@xn--bcher-kva.example.com", "anna@bücher.example.com"),
        ("anna@BÜCHER.example.com", "anna@bücher.example.com"),
        ("Anna at example.com", "anna at example.com"),
        ("Anna@LOCALHOST", "anna@localhost"),
        ("noreply@example.com", "noreply@example.com"),
    ],
)
def test_an_address_however_it_is_written(written: str, want: str) -> None:
    assert normalise("email", written, DEFAULTS) == want


def test_what_may_be_somebody_else_stays_apart() -> None:
    for kind, one, two in (
        ("email", "anna.b@example.com", "annab@example.com"),
        ("email", "anna+a@example.com", "anna@example.com"),
        ("phone", "+4930123456", "+4930123457"),
        ("customer_id", "Ab1", "aB1"),
        ("cookie", "Ab1", "aB1"),
    ):
        assert normalise(kind, one, DEFAULTS) != normalise(kind, two, DEFAULTS)


def test_other_kinds_are_stripped() -> None:
    assert normalise("social", " @Anna_B ", DEFAULTS) == "anna_b"
    for kind in ("customer_id", "device", "cookie", "session", "loyalty_card"):
        assert normalise(kind, "\t@Ab 1\n", DEFAULTS) == "@Ab 1"


@pytest.mark.parametrize("kind", [*IDENTIFIERS, "loyalty_card"])
@pytest.mark.parametrize("value", ["", "  ", "0", "NULL", " None", "nil", "undefined", "Unknown", "ANONYMOUS", "guest",
                                   "N/A", "na", "Test", "-"])  # fmt: skip
def test_placeholders_name_nobody(kind: str, value: str) -> None:
    assert normalise(kind, value, DEFAULTS) is None


@pytest.mark.parametrize(("kind", "value", "left_out"), [
    ("customer_id", "0000", True), ("customer_id", "XXxx", True), ("customer_id", "000", False),
    ("customer_id", "00001", False), ("phone", "0000", True), ("phone", "111-11 11", True), ("phone", "+99999", True),
    ("phone", "(000) 000 0000", True), ("cookie", "0000", False), ("email", "aaaa", False),
])  # fmt: skip
def test_one_character_over_and_over_names_nobody(kind: str, value: str, left_out: bool) -> None:
    for region in ("", "DE", "US"):
        assert (normalise(kind, value, SETTINGS[region]) is None) == left_out


def test_a_centre_says_what_names_nobody() -> None:
    own = convert(
        {
            "identity": {
                "region": "DE",
                "blocked": ["phone:030 123456", "email:Info@Centre.example.com", "social:@Centre"],
                "placeholders": ["Walk-in"],
                "repeated": [],
            }
        }
    )
    assert normalise("phone", "+49 30 123456", own) is None
    assert normalise("email", "INFO@centre.example.com", own) is None
    assert normalise("social", "centre", own) is None
    assert normalise("customer_id", "walk-IN", own) is None
    assert normalise("phone", "030 123457", own) == "+4930123457"
    assert normalise("customer_id", "info@centre.example.com", own) == "info@centre.example.com"
    assert normalise("customer_id", "1111", own) == "1111"
    assert normalise("customer_id", "guest", own) == "guest"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"region": "de"}, "settings: identity.region: expected a country such as \"DE\", got 'de'"),
        ({"region": "Germany"}, "identity.region: expected a country such as \"DE\", got 'Germany'"),
        ({"region": 49}, "identity.region: Expected `str`, got `int`"),
        ({"blocked": ["+4930123456"]}, "identity.blocked: expected a kind and a value such as"),
        ({"blocked": ["phone: "]}, "got 'phone: '"),
        ({"blocked": [":+4930123456"]}, "got ':+4930123456'"),
        ({"blocked": "phone:1"}, "identity.blocked: Expected `array`, got `str`"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        convert({"identity": raw})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


NUMBERS = st.text("0123456789+-() ./;,#*x\uff0b٣", max_size=20)
ADDRESSES = st.builds(
    "{}{}@{}{}".format, st.sampled_from(("", '"A" <', "<<", "@")), st.text(max_size=8),
    st.text("abÅİß\u0316.-", max_size=8), st.sampled_from(("", ".com", ".example.com>", "。com")),
)  # fmt: skip


@settings(max_examples=500)
@given(
    kind=st.sampled_from(IDENTIFIERS),
    value=st.text(max_size=255) | NUMBERS | ADDRESSES,
    region=st.sampled_from(REGIONS),
)
@example("phone", "+00 49 30 123456", "")
@example("phone", "+49 000 30 123456", "")
@example("phone", "0 11 15 2345 6789", "AR")
@example("email", "İ\u0316@example.com", "")
@example("email", "a <b <c@example.com>>", "")
@example("social", "@ @@anna", "")
def test_what_is_normal_stays_so(kind: str, value: str, region: str) -> None:
    once = normalise(kind, value, SETTINGS[region])
    if once is None:
        return
    assert once.strip() == once != ""
    assert normalise(kind, once, SETTINGS[region]) == once


def touchpoint(number: int, identifiers: dict[str, str], **more: Any) -> Touchpoint:
    given = {"type": "visited", **more}
    return Touchpoint(
        at=START + number, id=f"t{number}", channel="web", contact_id=f"t{number}", identifiers=identifiers, **given
    )


def test_a_touchpoint_with_nothing_to_change_is_itself() -> None:
    for identifiers in ({}, {"customer_id": "C1", "phone": "+4930123456", "email": "a@example.com"}):
        same = touchpoint(0, identifiers)
        assert cleaned(same, DEFAULTS) is same


def test_both_sides_of_a_link_are_cleaned_and_nothing_else() -> None:
    link = touchpoint(0, {"phone": "0049 30 123456", "cookie": "null"}, type="link", other={"email": "A@Example.com"})
    assert cleaned(link, DEFAULTS) == touchpoint(
        0, {"phone": "+4930123456"}, type="link", other={"email": "a@example.com"}
    )


@pytest.mark.parametrize(
    ("one", "two", "together"),
    [
        ({"phone": "0049 30 123456"}, {"phone": "+49 (0)30 123456"}, True),
        ({"email": "Anna@Example.com"}, {"email": "anna@example.com "}, True),
        ({"social": "@Anna"}, {"social": "anna"}, True),
        ({"customer_id": "0000"}, {"customer_id": "0000"}, False),
        ({"phone": "anonymous"}, {"phone": "Anonymous"}, False),
        ({"email": "a@example.com"}, {"email": "b@example.com"}, False),
    ],
)
def test_who_is_one_customer(one: dict[str, str], two: dict[str, str], together: bool) -> None:
    found = reference([touchpoint(0, one), touchpoint(1, two)]).relations
    assert (found["t0"].customer == found["t1"].customer) == together


def test_a_fact_is_about_whom_it_means_however_it_is_written() -> None:
    call = touchpoint(0, {"phone": "+4930123456"})
    known = touchpoint(1, {"phone": "+4930123456", "customer_id": "C1"})

    def customer(verb: str, two: str) -> str:
        fact = touchpoint(9, {"phone": "0049/30/123456"}, type=verb, other={"customer_id": two})
        return reference([call, known, fact]).relations["t0"].customer

    assert customer("auto", "C1") == "customer_id:C1"
    assert customer("link", " C2 ") == "customer_id:C2"
    assert customer("unlink", " C1 ") == "phone:+4930123456"


@pytest.mark.parametrize("verb", ["identify", "link", "unlink", "block"])
def test_a_fact_about_nobody_says_nothing(verb: str) -> None:
    seen = [touchpoint(0, {"phone": "+4930123456"}), touchpoint(1, {"phone": "+4930123456", "customer_id": "C2"})]
    fact = touchpoint(9, {"customer_id": "null"}, type=verb, other={"phone": "0049 30 123456"})
    assert reference([*seen, fact], START + 9) == reference(seen, START + 9)


def test_settings_say_where_a_number_is_from() -> None:
    both = [touchpoint(0, {"phone": "030 123456"}), touchpoint(1, {"phone": "+49 30 123456"})]
    told = {
        region: {one.customer for one in reference(both, settings=SETTINGS[region]).relations.values()}
        for region in ("", "DE")
    }
    assert told == {"": {"phone:030123456", "phone:+4930123456"}, "DE": {"phone:+4930123456"}}

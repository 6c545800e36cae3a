"""Each vendor's way to sign, with what the vendor's own documents or libraries say of it."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from producers.collector.signatures import SIGNATURES, Signed

SECRET = b"a secret of these tests"
BODY = '{"event":"message_created","content":"שלום"}'.encode()
FORM = b"To=%2B1800&From=%2B1555&Body=Hi+there%21&Empty=&Digits=1&Digits=1"
URL = "https://events.example.org/v1/hooks/twilio?queue=a%20b"


def hexadecimal(digest: str, signed: bytes = BODY) -> str:
    return hmac.new(SECRET, signed, digest).hexdigest()


def base64(digest: str, signed: bytes) -> str:
    return b64encode(hmac.new(SECRET, signed, digest).digest()).decode()


@dataclass(frozen=True)
class Case:
    vendor: str
    headers: Mapping[str, str]
    body: bytes = BODY
    url: str = URL


FORM_TYPE = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
# In the order of their names, each name with its value; a pair that stands twice counts once.
TWILIO_FORM = URL.encode() + b"BodyHi there!Digits1EmptyFrom+1555To+1800"
TWILIO_JSON = f"{URL}&bodySHA256={hashlib.sha256(BODY).hexdigest()}"
CASES = (
    Case("zendesk", {
        "x-zendesk-webhook-signature-timestamp": "2026-01-01T10:00:00Z",
        "x-zendesk-webhook-signature": base64("sha256", b"2026-01-01T10:00:00Z" + BODY),
    }),
    Case("chatwoot", {
        "x-chatwoot-timestamp": "1767261600",
        "x-chatwoot-signature": "sha256=" + hexadecimal("sha256", b"1767261600." + BODY),
    }),
    Case("whatsapp", {"x-hub-signature-256": "sha256=" + hexadecimal("sha256")}),
    Case("messenger", {"x-hub-signature-256": "sha256=" + hexadecimal("sha256")}),
    Case("intercom", {"x-hub-signature": "sha1=" + hexadecimal("sha1")}),
    Case("delighted", {"x-delighted-webhook-signature": "sha256=" + hexadecimal("sha256")}),
    Case("segment", {"x-signature": hexadecimal("sha1")}),
    Case("twilio", {"x-twilio-signature": base64("sha1", TWILIO_FORM), **FORM_TYPE}, FORM),
    Case("twilio", {"x-twilio-signature": base64("sha1", TWILIO_JSON.encode())}, url=TWILIO_JSON),
    Case("twilio", {"x-twilio-signature": base64("sha1", URL.encode())}, b""),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.vendor)
def test_signed_by_the_vendor_and_by_nobody_else(case: Case) -> None:
    verify = SIGNATURES[case.vendor]
    assert verify(Signed(case.url, case.headers, case.body), SECRET)
    assert not verify(Signed(case.url, case.headers, case.body), SECRET + b"x")
    assert not verify(Signed(case.url, case.headers, case.body + b" "), SECRET)
    for name, value in case.headers.items():
        if name != "content-type":
            without = {other: said for other, said in case.headers.items() if other != name}
            assert not verify(Signed(case.url, without, case.body), SECRET)
            for wrong in (value[:-1], value + "A", "", "é", value.partition("=")[2]):
                assert not verify(Signed(case.url, case.headers | {name: wrong}, case.body), SECRET)


def test_twilio_signs_the_address() -> None:
    case = CASES[-3]
    verify = SIGNATURES["twilio"]
    assert not verify(Signed(case.url.replace("https", "http"), case.headers, case.body), SECRET)
    assert not verify(Signed(case.url + "&more=1", case.headers, case.body), SECRET)


def test_twilio_as_its_documents_have_it() -> None:
    """The example of https://www.twilio.com/docs/usage/security, whose signature is printed there."""
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    form = b"CallSid=CA1234567890ABCDE&Caller=%2B12349013030&Digits=1234&From=%2B12349013030&To=%2B18005551212"
    headers = {"x-twilio-signature": "0/KCTR6DLpKmkAf8muzZqo1nDgQ=", **FORM_TYPE}
    assert SIGNATURES["twilio"](Signed(url, headers, form), b"12345")

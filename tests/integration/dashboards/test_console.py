"""The console in a browser, before a pipeline that runs, through an incident that the test makes.

Nothing is simulated in between: what the page shows is held against what `touchpath sql` says at that moment.
"""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from journeys.settings import DEFAULTS
from producers.publisher import Publisher
from tests.dashboards.console.browser import DESK, PHONE, browser, install, page, serious_problems
from tests.integration.touchpath.command import ENVIRONMENT, Up, answer, eventually
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.queries import queries

pytestmark = pytest.mark.timeout(400)

KINDS = ("confirmed", "pending", "broken")
NETWORK = re.compile(r"Failed to load resource: net::ERR_|net::ERR_(CONNECTION|INCOMPLETE|EMPTY)")
"""What Chromium itself writes to the console while a server is away; no page can keep it from that."""


class Centre:
    """A pipeline without a simulator, and a way to make things happen in it."""

    def __init__(self, up: Up, data: Path, publisher: Publisher) -> None:
        self.up, self.data, self.publisher = up, data, publisher
        running = Layout(data).running()
        assert running is not None
        self.url = running.console

    def happens(self, kind: str, channel: str, contact: str, ago: float = 0.0, **fields: Any) -> None:
        at = datetime.fromtimestamp(time.time() - ago, UTC)
        self.publisher.publish(type=kind, channel=channel, contact_id=contact, time=at, **fields)

    def passes(self) -> None:
        """Time, as far as the centre knows: somebody is choosing in a menu, all the while."""
        self.happens("menu_chosen", "ivr", "clock")
        self.publisher.flush()

    def sql(self, query: str) -> list[dict[str, Any]]:
        """What `touchpath sql` answers, without a process of its own for each time that is asked."""
        with queries(Layout(self.data)) as store:
            return store.query(query).dicts()

    def morning(self) -> None:
        """A quiet quarter of an hour: calls answered at once, chats given up and made good by telephone."""
        for number in range(8):
            call, who = f"call-{number}", {"customer_id": f"c{number}"}
            self.happens("queued", "voice", call, 600, identifiers=who, queue="billing", intent="billing")
            self.happens("connected", "voice", call, 595, queue="billing", agent="dana", wait_s=5.0)
            self.happens("ended", "voice", call, 500, queue="billing", talk_s=95.0)
        for number in range(3):
            chat, call, who = f"chat-{number}", f"after-{number}", {"customer_id": f"d{number}"}
            self.happens("queued", "chat", chat, 400, identifiers=who, queue="help", intent="fault")
            self.happens("abandoned", "chat", chat, 300, queue="help", wait_s=100.0)
            self.happens("queued", "voice", call, 250, identifiers=who, queue="billing", intent="fault")
            self.happens("connected", "voice", call, 247, queue="billing", agent="eli", wait_s=3.0)
            self.happens("ended", "voice", call, 200, queue="billing", talk_s=47.0)
        ann = {"customer_id": "ann", "email": "ann@example.org"}
        self.happens("article_viewed", "web", "ann-web", 1200, identifiers=ann, intent="billing")
        for number, ago in enumerate((1000, 700)):
            self.happens("queued", "voice", f"ann-{number}", ago, identifiers=ann, queue="billing", intent="billing")
            self.happens("connected", "voice", f"ann-{number}", ago - 4, queue="billing", agent="dana", wait_s=4.0)
            self.happens("ended", "voice", f"ann-{number}", ago - 90, queue="billing", talk_s=86.0)
        self.publisher.flush()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    if not install():
        pytest.skip("chromium is not installed and cannot be (apt-get, as root)")
    data = tmp_path_factory.mktemp("up") / "data"
    with Up("--data", data) as up:
        up.ready()
        layout = Layout(data)
        with Publisher(up.bootstrap, source="test", pseudonyms=pseudonyms_of(DEFAULTS, None, layout)) as publisher:
            made = Centre(up, data, publisher)
            made.morning()
            yield made
        assert up.stop(within_s=60) == 0, str(up)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


class Seen:
    """A page of the console, and what the browser complained about."""

    def __init__(self, opened: Page, url: str) -> None:
        self.page = opened
        self.complaints: list[str] = []
        opened.on("console", lambda said: self.complaints.append(said.text) if said.type != "log" else None)
        opened.on("pageerror", lambda error: self.complaints.append(str(error)))
        opened.goto(url)
        expect(opened.locator("#connection")).to_have_attribute("data-state", re.compile("good|warn"), timeout=30_000)

    def queue(self, queue: str, channel: str, value: str) -> str:
        row = self.page.locator(f'tr[data-queue="{queue}"][data-channel="{channel}"] [data-value="{value}"]')
        return row.inner_text() if row.count() else ""

    def number(self, within: str, value: str) -> int:
        found = self.page.locator(f'{within} [data-value="{value}"]')
        return int(found.first.inner_text().replace(",", "")) if found.count() else -1


@pytest.fixture
def seen(centre: Centre, chromium: Browser) -> Iterator[Seen]:
    opened = page(chromium)
    yield Seen(opened, centre.url)
    opened.context.close()


def same(centre: Centre, what: str, shown: Callable[[], object], stored: Callable[[], object], within_s: float) -> None:
    """The page and the store come to say the same. Events go on meanwhile, so that what counts by the clock does."""
    told: list[object] = []

    def agree() -> bool:
        centre.passes()
        told[:] = [stored(), shown(), stored()]
        return told[0] == told[1] == told[2]

    try:
        eventually(what, agree, within_s)
    except AssertionError:
        raise AssertionError(f"{what}: the store {told[0]}, the page {told[1]}, the store {told[2]}") from None


def test_an_incident_is_on_the_page_within_two_seconds_and_as_the_store_has_it(centre: Centre, seen: Seen) -> None:
    def floor_shown() -> object:
        rows = [("billing", "voice"), ("help", "chat")]
        return {row: [seen.queue(*row, "waiting"), seen.queue(*row, "service-level")] for row in rows}

    def floor_stored() -> object:
        rows = centre.sql("SELECT queue, channel, waiting, service_level FROM v_floor WHERE queue != '' ORDER BY queue")
        return {
            (row["queue"], row["channel"]): [
                str(row["waiting"]), "" if row["service_level"] is None else f"{100 * row['service_level']:.0f}\u00a0%",
            ]
            for row in rows
        }  # fmt: skip

    same(centre, "the quiet floor", floor_shown, floor_stored, 60)

    took = []
    for number in range(8):
        call = f"incident-{number}"
        centre.happens("queued", "voice", call, identifiers={"customer_id": f"i{number}"}, queue="billing")
        centre.publisher.flush()
        began = time.monotonic()
        seen.page.wait_for_function(
            """text => document.querySelector('tr[data-queue="billing"] [data-value="waiting"]')?.innerText === text""",
            arg=str(number + 1), polling=20, timeout=20_000,
        )  # fmt: skip
        took.append(time.monotonic() - began)
    print(f"event to page: {statistics.median(took):.2f} s median, {max(took):.2f} s at most, of {len(took)}")
    assert statistics.median(took) < 2, took

    for number in range(3):  # some give up: the service level falls
        centre.happens("abandoned", "voice", f"incident-{number}", queue="billing", wait_s=45.0)
    centre.publisher.flush()
    same(centre, "the floor of the incident", floor_shown, floor_stored, 60)
    assert seen.queue("billing", "voice", "waiting") == "5"
    told = answer(
        "sql", "SELECT waiting FROM v_floor WHERE queue = 'billing'", "--format", "csv", "--data", centre.data
    )
    assert told == "waiting\n5\n"
    assert seen.number("#floor .tiles", "waiting") == 5
    assert re.fullmatch(r"\d:\d\d", seen.queue("billing", "voice", "longest"))

    same(
        centre, "open journeys", lambda: seen.number("#floor", "open-journeys"),
        lambda: centre.sql("SELECT count() AS n FROM v_journeys WHERE state = 'open'")[0]["n"], 60,
    )  # fmt: skip
    assert seen.complaints == []


def test_what_adds_up_over_days_is_as_the_store_has_it(centre: Centre, seen: Seen) -> None:
    def resolution_shown() -> object:
        windows = seen.page.locator("[data-window]")
        return [
            [seen.number(f'[data-window="{windows.nth(place).get_attribute("data-window")}"]', kind) for kind in KINDS]
            for place in range(windows.count())
        ]

    def resolution_stored() -> object:
        rows = centre.sql(
            "SELECT window_days, sum(v.confirmed) AS confirmed, sum(v.pending) AS pending, sum(v.broken) AS broken "
            "FROM v_fcr AS v WHERE scope = 'any_intent' GROUP BY window_days ORDER BY window_days"
        )
        return [[int(row[kind]) for kind in KINDS] for row in rows]

    # The store adds these up every 30 s or so.
    same_without_events(centre, "resolution", resolution_shown, resolution_stored)
    assert resolution_stored() != [[0, 0, 0]] * 4
    same_without_events(
        centre, "switches", lambda: seen.number("#flow", "switches"),
        lambda: int(centre.sql("SELECT count() AS n FROM v_switches")[0]["n"]),
    )  # fmt: skip
    assert seen.number("#flow", "switches") >= 4
    expect(seen.page.locator("#flow svg .band").first).to_be_attached()
    same_without_events(
        centre, "dead letters", lambda: seen.number("#pipeline", "letters"),
        lambda: int(centre.sql("SELECT count() AS n FROM dead_letters FINAL")[0]["n"]),
    )  # fmt: skip
    assert seen.complaints == []


def same_without_events(centre: Centre, what: str, shown: Callable[[], object], stored: Callable[[], object]) -> None:
    told: list[object] = []

    def agree() -> bool:
        told[:] = [stored(), shown()]
        return told[0] == told[1]

    try:
        eventually(what, agree, 120)
    except AssertionError:
        raise AssertionError(f"{what}: the store {told[0]}, the page {told[1]}") from None


def test_it_reconnects_after_a_restart_of_the_server_and_shows_its_figures_as_old_meanwhile(
    centre: Centre, seen: Seen
) -> None:
    state = seen.page.locator("#connection")
    waiting = seen.queue("billing", "voice", "waiting")
    os.kill(centre.up.part("touchpath console"), signal.SIGKILL)
    expect(state).to_have_attribute("data-state", "lost", timeout=10_000)
    assert "figures are old" in state.inner_text() or "Connecting" in state.inner_text()
    assert seen.queue("billing", "voice", "waiting") == waiting
    expect(state).to_have_attribute("data-state", re.compile("good|warn"), timeout=60_000)
    centre.happens("queued", "voice", "after-restart", identifiers={"customer_id": "r"}, queue="billing")
    centre.publisher.flush()
    row = seen.page.locator('tr[data-queue="billing"] [data-value="waiting"]')
    expect(row).to_have_text(str(int(waiting or 0) + 1), timeout=20_000)
    assert [line for line in seen.complaints if not NETWORK.search(line)] == []


def test_figures_that_nothing_new_comes_of_are_told_to_be_stale(centre: Centre, seen: Seen) -> None:
    exporter = centre.up.part("touchpath metrics")
    os.kill(exporter, signal.SIGSTOP)
    try:
        age = seen.page.locator("#floor .age")
        expect(age).to_contain_text("Stale", timeout=40_000)
        expect(seen.page.locator("#floor .problem").first).to_contain_text("does not answer", timeout=20_000)
        expect(seen.page.locator("#connection")).to_have_attribute("data-state", re.compile("good|warn"))
    finally:
        os.kill(exporter, signal.SIGCONT)
    expect(age).not_to_contain_text("Stale", timeout=40_000)
    assert seen.complaints == []


def test_one_customer_is_found_with_the_keyboard_and_shown_across_channels(centre: Centre, seen: Seen) -> None:
    seen.page.locator("#identifier").focus()
    seen.page.keyboard.type("email:ann@example.org")
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator(".timeline li")).to_have_count(3, timeout=30_000)
    told = json.loads(answer("customer", "email:ann@example.org", "--json", "--data", centre.data))
    [journey] = told["journeys"]
    shown = seen.page.locator(".timeline li strong").all_inner_texts()
    assert shown == [step["channel"] for step in journey["contacts"]]
    assert seen.page.locator(".journey .mark").all_inner_texts() == ["Switch", "Repeat", "Repeat"]

    seen.page.locator("#identifier").fill("email:nobody@example.org")
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator("#search-problem")).to_contain_text("nobody is known by this identifier")

    seen.page.reload()
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.className") == "skip"
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("document.activeElement.id") == "main"
    theme = seen.page.get_by_role("button", name="Theme")
    for wanted in ("light", "dark", None):
        theme.press("Enter")
        assert seen.page.evaluate("document.documentElement.dataset.theme ?? null") == wanted


def test_it_is_accessible_and_fits_in_light_dark_and_on_a_telephone(seen: Seen) -> None:
    expect(seen.page.locator('tr[data-queue="billing"]')).to_be_visible(timeout=30_000)
    seen.page.locator("#identifier").fill("email:ann@example.org")
    seen.page.keyboard.press("Enter")
    expect(seen.page.locator(".timeline li").first).to_be_visible(timeout=30_000)
    for details in seen.page.locator("details").all():
        details.evaluate("one => one.open = true")
    for (width, height), theme in ((DESK, "light"), (DESK, "dark"), (PHONE, "light")):
        seen.page.set_viewport_size({"width": width, "height": height})
        seen.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        assert serious_problems(seen.page) == [], (width, theme)
        wide, room = seen.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= room


def test_beyond_loopback_a_token_opens_it(centre: Centre, chromium: Browser, tmp_path: Path) -> None:
    """With tokens in the environment it asks for one on loopback too."""
    log = tmp_path / "console.log"
    tokens = {"TOUCHPATH_CONSOLE_TOKEN_VIEW": "view-" * 4, "TOUCHPATH_CONSOLE_TOKEN_MANAGE": "manage-" * 4}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "touchpath", "console", "--port", "0", "--data", str(centre.data)],
            stdout=output, stderr=output, stdin=subprocess.DEVNULL, env={**ENVIRONMENT, **tokens},
        )  # fmt: skip
    try:
        eventually("it listens", lambda: "listening on" in log.read_text(), 60)
        found = re.search(r"listening on (http://\S+)", log.read_text())
        assert found
        opened = page(chromium)
        opened.goto(found[1])
        opened.get_by_label("Token").fill("guessed-guessed-guessed")
        opened.keyboard.press("Enter")
        expect(opened.locator("#token-problem")).to_contain_text("not known here", timeout=20_000)
        assert serious_problems(opened) == []
        opened.get_by_label("Token").fill("view-" * 4)
        opened.keyboard.press("Enter")
        expect(opened.locator('tr[data-queue="billing"]')).to_be_visible(timeout=30_000)
        expect(opened.locator("#customer")).to_contain_text("shows no single customers")
        opened.get_by_role("button", name="Leave").click()
        expect(opened.get_by_label("Token")).to_be_visible()
        opened.context.close()
    finally:
        process.terminate()
        assert process.wait(20) == 0, log.read_text()

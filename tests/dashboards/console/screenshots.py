"""The pictures of the console that the docs show: of a simulated centre, half an hour or so into its day.

python -m tests.dashboards.console.screenshots docs/images          (make screenshots)
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as TookTooLong

from tests.dashboards.console.browser import DESK, PHONE, browser, install, page
from tests.integration.touchpath.command import Up
from touchpath.layout import Layout
from touchpath.queries import queries

CAUGHT_UP_S, ADDED_UP_S, MOVE_S = 900_000, 300_000, 60_000
"""At most so long (ms) for the simulation to reach now, for the store to add up, and for a move to be recommended."""
_A_CUSTOMER = """
SELECT customer FROM v_journeys WHERE identified AND contacts BETWEEN 5 AND 8
ORDER BY length(channels) DESC, switches DESC, repeats DESC, customer LIMIT 1
"""


def main(folder: Path) -> None:
    if not install():
        sys.exit("chromium is not installed and cannot be (apt-get, as root)")
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as place,
        Up("--simulate", "--data", Path(place) / "data") as up,
        browser() as own,
    ):
        up.ready()
        layout = Layout(Path(place) / "data")
        running = layout.running()
        assert running is not None
        _wait(own, running.console)
        with queries(layout) as store:
            customer = str(store.query(_A_CUSTOMER).rows[0][0])
        for name, size, theme, scale in (
            ("console-light", (DESK[0], 1080), "light", 1),
            ("console-dark", (DESK[0], 1080), "dark", 1),
            ("console-phone", PHONE, "light", 2),
        ):
            opened = _ready(page(own, size, theme, scale), running.console)
            _take(opened, folder / f"{name}.png")
            if name == "console-light":
                _part(opened, "#flow", folder / "console-channels.png")
                opened.locator("#identifier").fill(customer)
                opened.keyboard.press("Enter")
                expect(opened.locator(".timeline li").first).to_be_visible(timeout=60_000)
                _part(opened, "#customer", folder / "console-journey.png")
            opened.context.close()
        up.stop()


def _wait(own: Browser, url: str) -> None:
    """Until the simulation has caught up with the clock, and, if one comes, until a move is recommended."""
    opened = page(own)
    opened.goto(url)
    expect(opened.locator("#connection")).to_have_attribute("data-state", "good", timeout=CAUGHT_UP_S)
    # The newest event may be of now while others wait yet.
    opened.wait_for_function(
        """() => ['lag', 'backlog'].every(name => {
          const found = document.querySelector(`#pipeline [data-value="${name}"]`);
          return found && Number(found.innerText.replace(',', '')) < 1000;
        })""",
        timeout=CAUGHT_UP_S,
    )
    try:
        opened.locator(".move").first.wait_for(timeout=MOVE_S)
    except TookTooLong:
        print("no move was recommended meanwhile")
    opened.context.close()


def _ready(opened: Page, url: str) -> Page:
    opened.goto(url)
    expect(opened.locator("#connection")).to_have_attribute("data-state", "good", timeout=60_000)
    expect(opened.locator("#flow .band").first).to_be_attached(timeout=ADDED_UP_S)
    expect(opened.locator(".sparkline").first).to_be_attached(timeout=60_000)
    expect(opened.locator("[data-window]").first).to_be_attached(timeout=60_000)
    expect(opened.locator(".age").first).to_have_text(re.compile("^as of"))
    opened.evaluate("document.fonts.ready")
    return opened


def _take(opened: Page | Locator, file: Path) -> None:
    opened.screenshot(path=file)
    print(f"{file}: {file.stat().st_size // 1024} KiB")


def _part(opened: Page, selector: str, file: Path) -> None:
    part = opened.locator(selector).first
    part.scroll_into_view_if_needed()
    opened.mouse.move(0, 0)
    _take(part, file)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))

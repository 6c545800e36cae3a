"""Debian's Chromium, headless, as the console's tests drive it, and what axe finds on a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.debian import installed

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESK, PHONE = (1440, 900), (390, 844)
_AXE = Path(__file__).parent / "vendor/axe-core/axe.min.js"
_SERIOUS = ("serious", "critical")


def install() -> bool:
    """Whether Chromium is there, now or after an apt-get as root."""
    return installed("chromium", "chromium")


@contextmanager
def browser() -> Iterator[Browser]:
    """With a profile of its own, which is thrown away."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        try:
            yield opened
        finally:
            opened.close()


def page(opened: Browser, size: tuple[int, int] = DESK, theme: str = "light", scale: float = 1) -> Page:
    """A page in a context of its own, so without what others chose."""
    width, height = size
    context = opened.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        device_scale_factor=scale,
        locale="en-GB",
    )
    return context.new_page()


def serious_problems(page: Page) -> list[str]:
    """What axe finds on the page as it is, a line each. The page's policy lets no foreign script in: axe comes through
    the debugger."""
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run(document)).violations")
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {node['target']}: {node['failureSummary']}"
        for one in found
        if one["impact"] in _SERIOUS
        for node in one["nodes"]
    ]

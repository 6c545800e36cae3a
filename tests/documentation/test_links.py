"""Every page is found by whoever begins at the README, and no link leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path

from docs.making.site import ROOT, links, reached
from tests.documentation.pages import name

HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    found = (re.sub(r"[^\w\- ]", "", heading.strip().lower()) for heading in HEADING.findall(page.read_text()))
    return {heading.replace(" ", "-") for heading in found}


def test_every_page_is_reached_and_every_link_leads_somewhere() -> None:
    pages, _ = reached()
    broken = []
    for page in pages:
        for target, anchor in links(page):
            found = (page.parent / target).resolve() if target else page
            if not found.is_file() or (anchor and found.suffix == ".md" and anchor not in anchors(found)):
                broken.append(f"{name(page)}: {target}#{anchor}")
    assert not broken
    assert {name(page) for page in (ROOT / "docs").rglob("*.md")} - {name(page) for page in pages} == set()

"""Every page is found by whoever begins at the README, and no link leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\(([^)#\s]+)?(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    found = (re.sub(r"[^\w\- ]", "", heading.strip().lower()) for heading in HEADING.findall(page.read_text()))
    return {heading.replace(" ", "-") for heading in found}


def test_every_page_is_reached_and_every_link_leads_somewhere() -> None:
    reached: set[Path] = set()
    left = [ROOT / "README.md"]
    broken = []
    while left:
        page = left.pop()
        if page in reached:
            continue
        reached.add(page)
        for target, anchor in LINK.findall(page.read_text()):
            if target.startswith(("http:", "https:")):
                continue
            found = (page.parent / target).resolve() if target else page
            if not found.exists() or (anchor and found.suffix == ".md" and anchor not in anchors(found)):
                broken.append(f"{page.relative_to(ROOT)}: {target}#{anchor}")
            elif found.suffix == ".md":
                left.append(found)
    assert not broken
    assert {str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md") if page not in reached} == set()

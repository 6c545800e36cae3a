"""The pages as a site: `make docs`, then open build/site/index.html.

The site's tree is the repository's, with the pages that are reached from README.md and the files that they link to. So
a link is written once, as GitHub follows it, and leads to the same place on the site. mkdocs.yml says the rest.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
STAGE = ROOT / "build" / "documentation"
SITE = ROOT / "build" / "site"
FIRST = ROOT / "README.md"

_FENCED = re.compile(r"^( *)(```+).*?^\1\2$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#\s]+)?(?:#([^)\s]+))?\)")


def links(page: Path) -> list[tuple[str, str]]:
    """Targets and anchors of a page's links, images too, to files of the repository; either may be empty."""
    found = _LINK.findall(_FENCED.sub("", page.read_text()))
    return [(target, anchor) for target, anchor in found if not target.startswith(("http:", "https:", "mailto:"))]


def reached(first: Path = FIRST) -> tuple[list[Path], list[Path]]:
    """The pages that one comes to from ``first``, itself included, and the other files that they link to."""
    pages: dict[Path, None] = {}
    others: dict[Path, None] = {}
    left = [first]
    while left:
        page = left.pop()
        if page in pages:
            continue
        pages[page] = None
        for target, _ in links(page):
            found = (page.parent / target).resolve() if target else page
            if found.suffix == ".md" and found.exists():
                left.append(found)
            elif found.is_file():
                others[found] = None
    return list(pages), list(others)


def build() -> int:
    """Build it, strictly: a page or an anchor that is not there is an error. Returns the exit status."""
    shutil.rmtree(STAGE, ignore_errors=True)
    shutil.rmtree(SITE, ignore_errors=True)
    pages, others = reached()
    for file in [*pages, *others]:
        copy = STAGE / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(build())

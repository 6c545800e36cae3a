"""`make docs`: the site is whole, and needs nobody else."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from docs.making.site import ROOT, SITE
from tests.documentation.pages import name, pages

OTHERS = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=["']?(?:https?:)?//[^>]*>""")
IMPORTED = re.compile(r"""(?:@import|url\()\s*["']?(?:https?:)?//[^)"']*""")


@pytest.fixture(scope="module")
def built() -> str:
    done = subprocess.run(
        [sys.executable, "-m", "docs.making.site"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_it_is_built_without_a_warning_and_has_every_page(built: str) -> None:
    assert "Warning" not in built
    made = {str(path.relative_to(SITE)) for path in SITE.rglob("*.html")}
    wanted = {re.sub(r"(^|/)README\.md$", r"\1index.md", name(page)).removesuffix(".md") + ".html" for page in pages()}
    assert wanted <= made


def test_every_page_stands_in_the_contents(built: str) -> None:
    listed = (ROOT / "mkdocs.yml").read_text()
    assert [name(page) for page in pages() if name(page) not in listed] == []


def test_a_reader_fetches_nothing_from_elsewhere(built: str) -> None:
    fetched = [(page.name, found) for page in SITE.rglob("*.html") for found in OTHERS.findall(page.read_text())]
    fetched += [(style.name, found) for style in SITE.rglob("*.css") for found in IMPORTED.findall(style.read_text())]
    assert [one for one in fetched if 'rel="canonical"' not in one[1]] == []

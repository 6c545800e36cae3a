"""The page and its parts, read once: nothing of it is built, and nothing comes from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

_HERE = Path(__file__).parent
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_MODULES = {
    "preact": "preact/dist/preact.mjs",
    "preact/hooks": "preact/hooks/dist/hooks.mjs",
    "htm": "htm/dist/htm.mjs",
    "d3-array": "d3-array/dist/d3-array.min.mjs",
    "d3-path": "d3-path/dist/d3-path.min.mjs",
    "d3-sankey": "d3-sankey/src/index.js",
    "d3-shape": "d3-shape/dist/d3-shape.min.mjs",
}
"""What the page's modules, and the libraries among themselves, call each library."""
IMPORTS = msgspec.json.encode({"imports": {name: f"/vendor/{path}" for name, path in _MODULES.items()}}).decode()
"""The import map. It stands in the page, as browsers read none from elsewhere, and is allowed there by its hash."""


@dataclass(frozen=True)
class Asset:
    content: bytes
    type: str
    tag: str
    """Of the content, as an ETag."""


def page() -> Asset:
    text = (_HERE / "page" / "index.html").read_text(encoding="utf-8").replace("{{imports}}", IMPORTS)
    return _asset(text.encode(), "text/html; charset=utf-8")


def assets() -> dict[str, Asset]:
    """By path, as in /page/app.js and /vendor/htm/dist/htm.mjs."""
    return {f"/{file.relative_to(_HERE)}": _asset(file.read_bytes(), _TYPES[file.suffix]) for file in _files()}


def _files() -> Iterator[Path]:
    for folder in ("page", "vendor"):
        yield from (file for file in (_HERE / folder).rglob("*") if file.suffix in _TYPES)


def _asset(content: bytes, kind: str) -> Asset:
    return Asset(content, kind, f'"{sha256(content).hexdigest()[:20]}"')

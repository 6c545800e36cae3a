"""The libraries that are kept in the repository are those that npm publishes, by the lock, under free licences."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from dashboards.console import assets
from dashboards.console.vendoring import differences, locked

ROOT = Path(__file__).parents[3]
FOLDERS = [ROOT / "dashboards/console/vendor", ROOT / "tests/dashboards/console/vendor"]
FREE = {"Apache-2.0", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "OFL-1.1"}


@pytest.mark.parametrize("folder", FOLDERS, ids=["page", "tests"])
def test_bytes_are_those_of_the_lock(folder: Path) -> None:
    assert differences(folder) == []
    for name, package in locked(folder).items():
        assert package.licence in FREE, name
        assert "LICENSE" in package.files, name
        assert re.fullmatch(r"sha512-[\w+/]{86}==", package.integrity), name


def test_a_changed_a_missing_and_a_strange_file_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "vendor"
    for file in FOLDERS[0].rglob("*"):
        if file.is_file():
            place = folder / file.relative_to(FOLDERS[0])
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.read_bytes())
    assert differences(folder) == []
    (folder / "htm/dist/htm.mjs").write_bytes(b"alert(1)")
    (folder / "preact/LICENSE").unlink()
    (folder / "strange.js").write_bytes(b"")
    wanted = (folder / "wanted.json").read_text().replace('"3.2.1"', '"9.9.9"')
    (folder / "wanted.json").write_text(wanted)
    assert sorted(differences(folder)) == [
        "d3-shape: wanted 9.9.9, locked 3.2.1",
        "htm/dist/htm.mjs: is not what was locked",
        "preact/LICENSE: is missing",
        "strange.js: no part of the lock",
    ]


def test_every_module_that_is_imported_is_there() -> None:
    """Without a build nobody else would find out before a browser does."""
    there = assets.assets()
    imports = msgspec.json.decode(assets.IMPORTS)["imports"]
    assert set(imports.values()) <= there.keys()
    for path, asset in there.items():
        if asset.type.startswith("text/javascript"):
            for name in re.findall(r'(?:from|import) ?"([^"]+)"', asset.content.decode()):
                place = imports.get(name) or str((Path(path).parent / name).as_posix())
                assert place in there, f"{path} imports {name}"

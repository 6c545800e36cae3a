"""The front end's libraries, as npm publishes them, kept in the repository: a run needs no network and no npm.

A folder of them says in ``wanted.json`` which files of which versions it wants. ``lock.json`` beside it is written from
that and from what npm gave: version, licence, npm's integrity hash of the package, and a hash of each file.

    python -m dashboards.console.vendoring dashboards/console/vendor     (needs npm, and the registry that it is set to)
"""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import msgspec

WANTED, LOCK = "wanted.json", "lock.json"


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    version: str
    files: tuple[str, ...]


class Locked(msgspec.Struct, forbid_unknown_fields=True):
    version: str
    licence: str
    """In SPDX's words, as the package says it."""
    integrity: str
    """npm's hash of the package as it is published (Subresource Integrity's form)."""
    files: dict[str, str]
    """The same of each file that is kept."""


def wanted(folder: Path) -> dict[str, Wanted]:
    return msgspec.json.decode((folder / WANTED).read_bytes(), type=dict[str, Wanted])


def locked(folder: Path) -> dict[str, Locked]:
    return msgspec.json.decode((folder / LOCK).read_bytes(), type=dict[str, Locked])


def integrity(content: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def differences(folder: Path) -> list[str]:
    """What in ``folder`` is not as its lock says, a line each; none where all is."""
    lock, asked = locked(folder), wanted(folder)
    found = [f"{name}: wanted {one.version}, locked {lock[name].version if name in lock else 'nothing'}"
             for name, one in asked.items() if name not in lock or lock[name].version != one.version]  # fmt: skip
    hashes = {f"{name}/{path}": value for name, package in lock.items() for path, value in package.files.items()}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {WANTED, LOCK}
    found += [f"{path}: no part of the lock" for path in sorted(there - hashes.keys())]
    for path, value in hashes.items():
        if path not in there:
            found.append(f"{path}: is missing")
        elif integrity((folder / path).read_bytes()) != value:
            found.append(f"{path}: is not what was locked")
    return found


def fetch(folder: Path) -> None:
    """Get what is wanted from npm and write the lock. Raises ``ValueError`` where a package is not as it is said."""
    lock = {}
    for name, one in wanted(folder).items():
        packed, told = _packed(f"{name}@{one.version}")
        if integrity(packed) != told:
            raise ValueError(f"{name}@{one.version}: npm says {told}, what came is {integrity(packed)}")
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            files = {path: _read(archive, path) for path in ("package.json", *one.files)}
        licence = msgspec.json.decode(files.pop("package.json"))["license"]
        for path, content in files.items():
            place = folder / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        lock[name] = Locked(one.version, licence, told, {path: integrity(content) for path, content in files.items()})
        print(f"{name} {one.version} ({licence})")
    (folder / LOCK).write_bytes(msgspec.json.format(msgspec.json.encode(lock), indent=2) + b"\n")


def _packed(package: str) -> tuple[bytes, str]:
    """The package as it is published, and npm's hash of it."""
    with tempfile.TemporaryDirectory() as place:
        command = ["npm", "pack", package, "--json", "--pack-destination", place]
        said = subprocess.run(command, check=True, capture_output=True).stdout
        [told] = msgspec.json.decode(said)
        [file] = Path(place).iterdir()
        return file.read_bytes(), told["integrity"]


def _read(archive: tarfile.TarFile, path: str) -> bytes:
    file = archive.extractfile(f"package/{path}")
    if file is None:
        raise ValueError(f"{path}: is no file of the package")
    return file.read()


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        fetch(Path(argument))

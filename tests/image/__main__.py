"""The Dockerfile's steps, run on a clean Debian root: `make image-check`.

There is no container engine where this is tested. So each stage gets a root of its own, made by debootstrap, with
Debian's Python in the place of the official image's; its RUN steps run in it with chroot; and of the last one a worker
is started as compose starts it: as the image's user, with nothing to write to but /data and /tmp. Takes some minutes,
and root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from journeys.pseudonyms import KEY_BYTES
from tests.debian import installed
from tests.image.dockerfile import Stage, sent, stages
from touchpath.brokers import Brokers
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.loopback import answers, port_for

ROOT = Path(__file__).parents[2]
SUITE = "bookworm"
PYTHON = ("python3", "python3-venv", "python-is-python3", "ca-certificates")
READY_S = 300.0


def main() -> int:
    if os.geteuid():
        print("image-check needs root, for chroot", file=sys.stderr)
        return 1
    assert installed("debootstrap", "debootstrap")
    with tempfile.TemporaryDirectory(prefix="touchpath-image-") as directory:
        base = Path(directory) / "base"
        _say(f"a clean Debian ({SUITE}) with {', '.join(PYTHON)}")
        include = f"--include={','.join(PYTHON)}"
        _run(["debootstrap", "--variant=minbase", include, SUITE, str(base)], quiet=True)
        roots: dict[str, Path] = {}
        environment: dict[str, str] = {}
        user = "root"
        last: Stage | None = None
        for stage in stages(ROOT / "Dockerfile"):
            if stage.image != f"python:3.11-slim-{SUITE}":
                raise ValueError(f"FROM {stage.image}: a Debian of {SUITE} with Python 3.11 is what stands in for it")
            root = roots[stage.name] = Path(directory) / f"stage-{stage.name}"
            _run(["cp", "--archive", str(base), str(root)])
            environment, user = _built(stage, root, roots)
            last = stage
        assert last is not None
        _lived(roots[last.name], environment, user, last)
    _say("done: the image's steps work, and a worker of it got ready as its user on a root that it cannot write")
    return 0


def _built(stage: Stage, root: Path, roots: Mapping[str, Path]) -> tuple[dict[str, str], str]:
    """Take the stage's steps in ``root``; the environment and the user that they leave."""
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    user, where = "root", "/"
    allowed = sent(ROOT)
    with _reaching_the_registries(root) as given:
        for step in stage.steps:
            _say(f"{stage.name}: {step.instruction} {step.rest}")
            match step.instruction:
                case "WORKDIR":
                    where = step.rest
                    _in(root, where).mkdir(parents=True, exist_ok=True)
                case "ENV":
                    for word in step.words():
                        name, _, value = word.partition("=")
                        environment[name] = value.replace("$PATH", environment["PATH"])
                case "USER":
                    user = step.rest
                case "RUN":
                    command = f"cd {where} && {step.rest}"
                    _run(["chroot", str(root), "/bin/sh", "-ec", command], {**environment, **given, "HOME": "/root"})
                case "COPY":
                    words = step.words()
                    context = ROOT
                    if words[0].startswith("--from="):
                        context = roots[words.pop(0).removeprefix("--from=")]
                    *sources, to = words
                    for source in sources:
                        assert context != ROOT or source in allowed, f"{source} is left out by .dockerignore"
                        _copy(context / source.lstrip("/"), _in(root, where) / to if to[0] != "/" else _in(root, to))
                case _:
                    pass
    return environment, user


class _reaching_the_registries:  # noqa: N801 (used as a word)
    """This machine's way to its package registries, in ``root`` for a while: no part of the image."""

    def __init__(self, root: Path) -> None:
        self._files = [root / name for name in ("etc/resolv.conf", "etc/pip.conf", "etc/hosts")]
        self._root = root
        self._before: dict[Path, bytes | None] = {}

    def __enter__(self) -> dict[str, str]:
        for file in self._files:
            self._before[file] = file.read_bytes() if file.exists() else None
            own = Path("/") / file.relative_to(self._root)
            if own.exists():
                file.write_bytes(own.read_bytes())
        authorities = Path("/etc/ssl/certs/ca-certificates.crt")
        if authorities.exists():
            file = self._root / authorities.relative_to("/")
            self._before[file] = file.read_bytes() if file.exists() else None
            file.write_bytes(authorities.read_bytes())
        return {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_CERT", "HTTP"))}

    def __exit__(self, *_: object) -> None:
        for file, before in self._before.items():
            if before is None:
                file.unlink(missing_ok=True)
            else:
                file.write_bytes(before)


def _lived(root: Path, environment: Mapping[str, str], user: str, stage: Stage) -> None:
    """Start what ENTRYPOINT says as ``user``, as compose does: read-only, but for /data and /tmp."""
    (entry,) = [step.words() for step in stage.steps if step.instruction == "ENTRYPOINT"]
    (where,) = [step.rest for step in stage.steps if step.instruction == "WORKDIR"]
    for arguments in (["--help"], ["settings"], ["schema"]):
        _lives(root, environment, user, where, [*entry, *arguments])
    with tempfile.TemporaryDirectory() as directory, EmbeddedKafka(Path(directory)) as kafka:
        with Brokers(kafka.bootstrap) as brokers:
            brokers.create_topics(2)
        port = port_for(0)
        keys = {"TOUCHPATH_PRIVACY_KEYS": "A" * (KEY_BYTES * 4 // 3 + 1)}
        command = [*entry, "worker", "--bootstrap", kafka.bootstrap, "--metrics-port", str(port)]
        _say(" ".join(command))
        worker = subprocess.Popen(_confined(root, user, where, command), env={**environment, **keys})
        try:
            deadline = time.monotonic() + READY_S
            while not answers(f"http://127.0.0.1:{port}/ready"):
                assert worker.poll() is None, f"the worker ended with {worker.returncode}"
                assert time.monotonic() < deadline, f"the worker was not ready within {READY_S:.0f} s"
                time.sleep(0.5)
        finally:
            worker.terminate()
            worker.wait(60)
        assert worker.returncode == 0, worker.returncode


def _lives(root: Path, environment: Mapping[str, str], user: str, where: str, command: Sequence[str]) -> None:
    _say(" ".join(command))
    _run(_confined(root, user, where, command), environment, quiet=True)


def _confined(root: Path, user: str, where: str, command: Sequence[str]) -> list[str]:
    """In a mount namespace that ends with it, so that nothing stays mounted."""
    script = (
        'mount --bind "$0" "$0" && mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" '
        '&& mount --bind "$0/data" "$0/data" && mount -t tmpfs tmpfs "$0/tmp" && mount -o remount,bind,ro "$0" '
        '&& cd / && exec chroot --userspec="$1" "$0" /bin/sh -ec \'cd "$0" && touch /data/mine && ! touch /mine '
        '2>/dev/null && exec "$@"\' "${@:2}"'
    )
    return ["unshare", "--mount", "bash", "-ec", script, str(root), f"{user}:{user}", where, *command]


def _in(root: Path, place: str) -> Path:
    return root / place.lstrip("/")


def _copy(source: Path, to: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, to, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target = to / source.name if to.is_dir() else to
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None, quiet: bool = False) -> None:
    done = subprocess.run(
        command, env=dict(environment) if environment is not None else None, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if quiet else None, stderr=subprocess.STDOUT if quiet else None, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{' '.join(command)[:300]} ended with {done.returncode}: {(done.stdout or '')[-2000:]}")


def _say(line: str) -> None:
    print(f"image-check: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

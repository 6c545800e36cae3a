"""docker-compose.yml, held against the specification and against what it starts.

compose-spec.json is the schema of https://github.com/compose-spec/compose-spec (Apache-2.0), commit 170098ba.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml

from touchpath.cli import app

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("touchpath:")}


def command_of(service: dict[str, Any]) -> list[str]:
    """The arguments of touchpath, without what a shell fills in."""
    if "entrypoint" in service:
        (line,) = re.findall(r"exec touchpath (.*)", service["entrypoint"][-1])
        return [word.strip('"').replace("$$HOSTNAME", "a-container") for word in line.split()]
    return list(service["command"])


def option(words: list[str], name: str) -> str | None:
    return words[words.index(name) + 1] if name in words else None


def test_the_specification_knows_all_of_it() -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    jsonschema.Draft7Validator(schema).validate(COMPOSE)


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_of_one_version(name: str) -> None:
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+(\.\d+)*", SERVICES[name]["image"])


def test_our_image_is_the_version_of_the_project() -> None:
    (version,) = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert {service["image"] for service in OURS.values()} == {f"touchpath:{version}"}


@pytest.mark.parametrize("name", OURS)
def test_commands_are_ones_that_there_are(name: str) -> None:
    command, *arguments = command_of(SERVICES[name])
    group = typer.main.get_command(app)
    found = group.get_command(group.make_context("touchpath", [], resilient_parsing=True), command)  # type: ignore[attr-defined]
    assert found is not None
    found.make_context(command, arguments)


@pytest.mark.parametrize("name", SERVICES)
def test_whatever_can_be_reached_can_be_reached_from_this_machine_alone(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("127.0.0.1:"), port


@pytest.mark.parametrize("name", SERVICES)
def test_whoever_stays_tells_how_it_is(name: str) -> None:
    if name not in ("migrate", "simulator"):  # the one ends, and nobody waits for the other
        assert SERVICES[name]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


def test_no_secret_has_a_default_and_each_is_explained() -> None:
    explained = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    asked = re.findall(r"\$\{(\w+)(:?[-?][^}]*)?\}", (ROOT / "docker-compose.yml").read_text())
    assert {name for name, _ in asked} == explained
    for name, otherwise in asked:
        if name != "TZ":
            assert otherwise.startswith(":?"), f"{name} starts without a value"


def mounted() -> Iterator[tuple[str, str]]:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if ":" in volume:
                yield name, source


@pytest.mark.parametrize(("name", "source"), list(mounted()))
def test_what_is_mounted_is_there(name: str, source: str) -> None:
    if source.startswith("."):
        assert (ROOT / source).exists(), name
    else:
        assert source in COMPOSE["volumes"], name


def test_prometheus_scrapes_what_compose_starts() -> None:
    scraped = yaml.safe_load((ROOT / "dashboards/prometheus/prometheus.yml").read_text())["scrape_configs"]
    targets = {target for job in scraped for static in job.get("static_configs", []) for target in static["targets"]}
    targets |= {
        f"{name}:{found['port']}"
        for job in scraped
        for found in job.get("dns_sd_configs", [])
        for name in found["names"]
    }
    for name, service in OURS.items():
        if port := option(command_of(service), "--metrics-port"):
            assert f"{name}:{port}" in targets
    assert {target.split(":")[0] for target in targets} - {"localhost"} <= set(SERVICES)


def test_the_image_has_what_its_lock_was_made_of() -> None:
    """A dependency that is added has to be in the image too: `make lock`."""
    project = (ROOT / "pyproject.toml").read_text()
    block = project[project.index("dependencies = [") : project.index("]\n\n[project.optional")]
    names = {name.lower() for name in re.findall(r'^    "([A-Za-z0-9._-]+)', block, re.MULTILINE)}
    locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements-image.lock").read_text(), re.MULTILINE))
    assert names
    assert names <= locked

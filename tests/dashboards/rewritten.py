"""Copies of the configuration files, with a test's addresses in them and with minutes turned into seconds.

Nothing else is changed: expressions, annotations, routes, labels and inhibitions are those that are shipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

import dashboards

DASHBOARDS = Path(dashboards.__file__).parent
RULES = sorted((DASHBOARDS / "prometheus/rules").glob("*.yml"))
ALWAYS: list[dict[str, Any]] = [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}]
NEVER: list[dict[str, Any]] = [{"years": ["1970"]}]


MINUTE_S = {"for": 3.0, "keep_firing_for": 1.0}
"""How many seconds a minute lasts. It takes a second or two until all is scraped, and until then nothing may fire."""


def prometheus(
    directory: Path, targets: Mapping[str, str], alertmanager: str, port: int, *, faster: bool = True
) -> None:
    """Write ``prometheus.yml``, its rules and ``flags``.

    ``targets``: by job, the host and port of what is scraped; jobs without one are left out. Unless ``faster``, times
    are left as they are shipped.
    """
    (directory / "rules").mkdir(parents=True)
    config = yaml.safe_load((DASHBOARDS / "prometheus/prometheus.yml").read_text())
    if faster:
        config["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["global"]["external_labels"] |= {
        "alertmanager_url": f"http://{alertmanager}",
        "runbooks_url": f"http://127.0.0.1:{port}/user",
    }
    config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [alertmanager]}]}]
    config["scrape_configs"] = [
        {"job_name": job["job_name"], "static_configs": [{"targets": [targets[job["job_name"]]]}]}
        for job in config["scrape_configs"]
        if job["job_name"] in targets
    ]
    (directory / "prometheus.yml").write_text(yaml.safe_dump(config))
    for path in RULES:
        rules = yaml.safe_load(path.read_text())
        for rule in (rule for group in rules["groups"] for rule in group["rules"]):
            for key in set(MINUTE_S) & set(rule) if faster else ():
                rule[key] = f"{minutes(rule[key]) * MINUTE_S[key] * 1000:.0f}ms"
        (directory / "rules" / path.name).write_text(yaml.safe_dump(rules, allow_unicode=True))
    flags = (DASHBOARDS / "prometheus/flags").read_text()
    if faster:
        flags = _replaced(flags, "for-grace-period=30s", "for-grace-period=1s")
        flags = _replaced(flags, "resend-delay=30s", "resend-delay=5s")
    (directory / "flags").write_text(flags)


def alertmanager(directory: Path, hook: str, now: str = "early-shift", *, faster: bool = True) -> None:
    """Write ``alertmanager.yml`` and ``flags``: all receivers at ``hook``, and always the time of interval ``now``."""
    directory.mkdir(parents=True, exist_ok=True)
    config = yaml.safe_load((DASHBOARDS / "alertmanager/alertmanager.yml").read_text())
    config["templates"] = [str(DASHBOARDS / "alertmanager/templates/*.tmpl")]
    routes = [config["route"]]
    while routes:
        route = routes.pop()
        routes += route.get("routes", [])
        for key, shorter in (("group_wait", "500ms"), ("group_interval", "500ms")):
            if faster and key in route:
                route[key] = shorter
        if faster and route.get("repeat_interval") == "25s":  # the watchdog's
            route["repeat_interval"] = "250ms"
    assert now in [one["name"] for one in config["time_intervals"]]
    for one in config["time_intervals"]:
        one["time_intervals"] = ALWAYS if one["name"] == now else NEVER
    for receiver in config["receivers"]:
        for where in receiver["webhook_configs"]:
            where["url"] = f"{hook}/{receiver['name']}"
    (directory / "alertmanager.yml").write_text(yaml.safe_dump(config))
    flags = (DASHBOARDS / "alertmanager/flags").read_text()
    if faster:
        flags = _replaced(flags, "maintenance-interval=10s", "maintenance-interval=1s")
    (directory / "flags").write_text(flags)


def minutes(duration: str) -> float:
    """Of a duration as Prometheus writes it, in one unit."""
    found = re.fullmatch(r"(\d+)(s|m|h|d)", duration)
    assert found, duration
    return int(found[1]) * {"s": 1 / 60, "m": 1, "h": 60, "d": 1440}[found[2]]


def _replaced(text: str, old: str, new: str) -> str:
    assert old in text, f"{old} is not in the flags any more"
    return text.replace(old, new)

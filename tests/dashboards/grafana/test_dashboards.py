"""The committed dashboards: what the code makes, as Grafana's schema has it, whole, and linked to what there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana.__main__ import made
from dashboards.grafana.words import UnknownWord, meaning
from tests.dashboards.grafana.boards import BOARDS, HERE, JSON, panels, variables
from tests.dashboards.test_rules import ALERTS

ROOT = Path(__file__).parents[3]
OF_THE_EDITOR = {"target", "step", "titleFormat", "textFormat", "tagKeys"}
"""What the data sources' editors of annotations keep; Grafana's schema leaves it to them."""
Panel = tuple[str, dict[str, Any]]
PANELS: list[Panel] = [(uid, panel) for uid, board in BOARDS.items() for panel in panels(board)]
each_panel = pytest.mark.parametrize(
    ("uid", "panel"), PANELS, ids=[f"{uid.removeprefix('touchpath-')}-{panel['title']}" for uid, panel in PANELS]
)


def test_what_is_committed_is_what_the_code_makes() -> None:
    """Else: make dashboards."""
    assert {path.name: path.read_text() for path in JSON.glob("*.json")} == made()


def test_which_there_are() -> None:
    assert set(BOARDS) == {
        f"touchpath-{name}"
        for name in ("floor", "journeys", "switches", "causes", "staffing", "agents", "voice", "pipeline")
    }


@pytest.mark.parametrize("uid", BOARDS)
def test_schema(uid: str) -> None:
    """The SDK's types are generated from Grafana 11.6's own schemas: what these do not know gets lost on the way."""
    register_default_plugins()
    board = json.loads(json.dumps(BOARDS[uid]))
    for mark in board["annotations"].get("list", []):
        for field in OF_THE_EDITOR & set(mark):
            del mark[field]
    assert json.loads(JSONEncoder().encode(Dashboard.from_json(board))) == board


@each_panel
def test_house_rules(uid: str, panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert len(panel["description"]) > 20
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["unit"]
    assert defaults["noValue"] or panel["type"] == "table"
    sources = {target["datasource"]["uid"] for target in panel["targets"]}
    assert sources == {panel["datasource"]["uid"]}
    assert sources.pop().strip("${}") in variables(BOARDS[uid])


@pytest.mark.parametrize("uid", BOARDS)
def test_places(uid: str) -> None:
    """No panel lies on another, none reaches over the edge, and each has a number of its own."""
    every = BOARDS[uid]["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    for panel in every:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24, panel["title"]
    for one, other in combinations([panel["gridPos"] for panel in every], 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, f"{one} {other}"


def fields(panel: dict[str, Any]) -> set[str]:
    """The names of what a table shows."""
    names = {name for target in panel["targets"] for name in re.findall(r"AS `([^`]+)`", target.get("rawSql", ""))}
    for step in panel.get("transformations", []):
        names |= set(step["options"].get("renameByName", {}).values())
    return names


@each_panel
def test_what_is_shown_in_its_own_way_is_there(uid: str, panel: dict[str, Any]) -> None:
    if panel["type"] == "table":
        shown = {one["matcher"]["options"] for one in panel["fieldConfig"].get("overrides", [])}
        if "groupingToMatrix" not in {step["id"] for step in panel.get("transformations", [])}:
            assert shown <= fields(panel), uid


def links(panel: dict[str, Any]) -> Iterator[dict[str, str]]:
    yield from panel["fieldConfig"]["defaults"].get("links", [])
    for override in panel["fieldConfig"].get("overrides", []):
        for change in override["properties"]:
            yield from change["value"] if change["id"] == "links" else ()


@each_panel
def test_links_lead_somewhere(uid: str, panel: dict[str, Any]) -> None:
    for link in links(panel):
        found = re.fullmatch(r"/d/([\w-]+)\?\$\{__url_time_range\}(.*)", link["url"])
        assert found, link
        for name, field in re.findall(r'&var-(\w+)=\$\{__data\.fields\["([^"]+)"\]:percentencode\}', found[2]):
            assert name in variables(BOARDS[found[1]]), link
            assert field in fields(panel), f"{uid}: {link}"


def test_dashboards_are_linked_to_each_other() -> None:
    for uid, board in BOARDS.items():
        assert board["tags"] == ["touchpath"], uid
        [link] = board["links"]
        assert (link["type"], link["tags"]) == ("dashboards", ["touchpath"])
        assert link["includeVars"]
        assert link["keepTime"]


@pytest.mark.parametrize("name", [name for name in ALERTS if "dashboard_url" in ALERTS[name]["annotations"]])
def test_alerts_lead_to_a_dashboard(name: str) -> None:
    found = re.fullmatch(
        r"\{\{ \$externalLabels\.grafana_url \}\}/d/([\w-]+)(?:\?(.*))?", ALERTS[name]["annotations"]["dashboard_url"]
    )
    assert found
    for part in filter(None, (found[2] or "").split("&")):
        assert part.split("=")[0].removeprefix("var-") in variables(BOARDS[found[1]]), part


def test_a_word_that_the_page_does_not_define() -> None:
    assert "started within W" in meaning("FCR as of T")
    with pytest.raises(UnknownWord, match=r"definitions\.md has no row 'happiness'"):
        meaning("happiness")


def provisioned(name: str) -> dict[str, Any]:
    found = yaml.safe_load((HERE / "provisioning" / name / "touchpath.yml").read_text())
    assert isinstance(found, dict)
    return found


def test_data_sources_are_those_that_dashboards_choose_from() -> None:
    wanted = {
        variable["query"]
        for board in BOARDS.values()
        for variable in variables(board).values()
        if variable["type"] == "datasource"
    }
    sources = provisioned("datasources")["datasources"]
    assert {source["type"] for source in sources} == wanted
    for source in sources:
        assert all(re.fullmatch(r"\$\w+", value) for value in source.get("secureJsonData", {}).values())


def test_compose_gives_grafana_what_provisioning_asks_for() -> None:
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]
    asked = set(re.findall(r"\$(\w+)", (HERE / "provisioning/datasources/touchpath.yml").read_text()))
    assert asked
    assert asked <= set(service["environment"])
    mounts = dict(volume.split(":")[:2] for volume in service["volumes"])
    [provider] = provisioned("dashboards")["providers"]
    assert mounts["./dashboards/grafana/json"] == provider["options"]["path"]
    assert mounts["./dashboards/grafana/provisioning"] == "/etc/grafana/provisioning"
    home = service["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home).name in {path.name for path in JSON.iterdir()}
    plugin, version = service["environment"]["GF_INSTALL_PLUGINS"].split()
    assert plugin == "grafana-clickhouse-datasource"
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_dashboards_ask_clickhouse_as_one_who_can_only_read() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    file = HERE / "clickhouse" / "reader.xml"
    users = ElementTree.parse(file).getroot()
    reader = users.find("users/reader")
    assert reader is not None
    assert services["grafana"]["environment"]["CLICKHOUSE_USER"] == "reader"
    assert users.findtext(f"profiles/{reader.findtext('profile')}/readonly") == "2"
    grants = [str(query.text) for query in reader.findall("grants/query")]
    assert grants
    assert all(re.fullmatch(r"GRANT SELECT ON (touchpath\.\*|system\.view_refreshes)", grant) for grant in grants)
    password = reader.find("password")
    assert password is not None
    assert not password.text
    secret = services["clickhouse"]["environment"][password.attrib["from_env"]]
    assert secret == services["grafana"]["environment"]["CLICKHOUSE_PASSWORD"]
    mounted = dict(volume.split(":")[:2] for volume in services["clickhouse"]["volumes"])
    assert mounted[f"./{file.relative_to(ROOT)}"] == "/etc/clickhouse-server/users.d/reader.xml"

"""deploy/kubernetes, held against Kubernetes' own schemas and against what it starts.

The schemas are those that kubernetes-validate ships (Apache-2.0), in their strict form: an unknown field is an error.
Kinds that operators bring (cert-manager's, KEDA's) have none there; their references are checked.
"""

from __future__ import annotations

import re
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import typer
import yaml

from producers.connection import VARIABLES, secured
from sinks.clickhouse import ClickHouse
from streams.topics import CATALOGUE
from tests.certificates import Authority
from touchpath.cli import app
from touchpath.worker import APP_ID

ROOT = Path(__file__).parents[2]
DIRECTORY = ROOT / "deploy" / "kubernetes"
KUBERNETES = "1.34"
NEITHER = ("cert-manager.io/v1", "keda.sh/v1alpha1")
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((DIRECTORY / "kustomization.yaml").read_text())
DOCUMENTS: list[dict[str, Any]] = [
    document for name in KUSTOMIZATION["resources"] for document in yaml.safe_load_all((DIRECTORY / name).read_text())
]
PAGE = (ROOT / "docs" / "operating" / "kubernetes.md").read_text()


def named(document: dict[str, Any]) -> str:
    return f"{document['kind']} {document['metadata']['name']}"


def of(*kinds: str) -> list[dict[str, Any]]:
    return [document for document in DOCUMENTS if document["kind"] in kinds]


WORKLOADS = of("StatefulSet", "Deployment", "Job")
OURS = [one for one in WORKLOADS if one["spec"]["template"]["spec"]["containers"][0]["image"] == "touchpath"]


def container(workload: dict[str, Any]) -> dict[str, Any]:
    (only,) = workload["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def ports(workload: dict[str, Any]) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for port in container(workload).get("ports", [])}


def chosen(selector: dict[str, str]) -> list[dict[str, Any]]:
    """The workloads whose pods have these labels."""
    return [one for one in WORKLOADS if selector.items() <= one["spec"]["template"]["metadata"]["labels"].items()]


def references(found: Any) -> Iterator[tuple[str, str]]:
    """Kind and name of whatever secret or configuration is referred to."""
    if isinstance(found, dict):
        for key, value in found.items():
            if key in ("secretKeyRef", "configMapRef", "configMap") and "name" in value:
                yield ("Secret" if key.startswith("secret") else "ConfigMap"), value["name"]
            elif key == "secret" and "secretName" in value:
                yield "Secret", value["secretName"]
            yield from references(value)
    elif isinstance(found, list):
        for one in found:
            yield from references(one)


def test_every_file_is_named() -> None:
    assert {path.name for path in DIRECTORY.glob("*.yaml")} == {*KUSTOMIZATION["resources"], "kustomization.yaml"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_kubernetes_knows_all_of_it(document: dict[str, Any]) -> None:
    if document["apiVersion"] in NEITHER:
        assert document["kind"] in ("Issuer", "Certificate", "TriggerAuthentication", "ScaledObject")
        return
    kubernetes_validate.validate(document, KUBERNETES, strict=True)


@pytest.mark.parametrize("workload", OURS, ids=named)
def test_commands_are_ones_that_there_are(workload: dict[str, Any]) -> None:
    command, *arguments = container(workload)["args"]
    group = typer.main.get_command(app)
    found = group.get_command(group.make_context("touchpath", [], resilient_parsing=True), command)  # type: ignore[attr-defined]
    assert found is not None
    context = found.make_context(command, [word.replace("$(POD_NAME)", "worker-0") for word in arguments])
    if "metrics" in ports(workload):
        assert context.params["metrics_port"] == ports(workload)["metrics"]
        told = workload["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"]
        assert told == str(ports(workload)["metrics"])
    if "http" in ports(workload):
        assert context.params["port"] == ports(workload)["http"]


def test_our_image_is_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert [image["newTag"] for image in KUSTOMIZATION["images"]] == [project["version"]]


@pytest.mark.parametrize("workload", WORKLOADS, ids=named)
def test_nobody_is_root_and_everybody_is_bounded(workload: dict[str, Any]) -> None:
    pod, own = workload["spec"]["template"]["spec"], container(workload)
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    assert own["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert not own["securityContext"]["allowPrivilegeEscalation"]
    assert own["resources"]["limits"]["memory"]
    assert own["resources"]["requests"]
    mounted = {mount["name"] for mount in own["volumeMounts"]}
    claimed = {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
    assert mounted == claimed | {volume["name"] for volume in pod["volumes"]}
    if workload in OURS:
        assert own["securityContext"]["readOnlyRootFilesystem"]
    else:
        assert re.search(r":\d+\.\d+", own["image"])


@pytest.mark.parametrize("workload", [one for one in WORKLOADS if one["kind"] != "Job"], ids=named)
def test_each_is_probed_where_it_listens(workload: dict[str, Any]) -> None:
    own = container(workload)
    for kind in ("readinessProbe", "livenessProbe"):
        (asked,) = [own[kind][way] for way in ("httpGet", "tcpSocket") if way in own[kind]]
        assert asked["port"] in ports(workload)
    if workload in OURS:
        assert own["livenessProbe"]["httpGet"]["path"] != "/ready", "who is not ready yet would be killed for it"


@pytest.mark.parametrize("document", of("Service", "PodDisruptionBudget", "NetworkPolicy"), ids=named)
def test_what_is_selected_is_there_with_its_ports(document: dict[str, Any]) -> None:
    spec = document["spec"]
    if document["kind"] == "NetworkPolicy":
        if not (selector := spec["podSelector"].get("matchLabels")):
            return
        assert chosen(selector)
        for rule in spec.get("ingress", []):
            for port in rule["ports"]:
                assert any(port["port"] in ports(one) for one in chosen(selector)), port
        for rule in spec.get("egress", []):
            for to in rule["to"]:
                (reached,) = chosen(to["podSelector"]["matchLabels"])
                assert {port["port"] for port in rule["ports"]} <= set(ports(reached))
        return
    selector = spec["selector"] if document["kind"] == "Service" else spec["selector"]["matchLabels"]
    (workload,) = chosen(selector)
    for port in spec.get("ports", []):
        assert ports(workload)[port["name"]] == port["port"]


def test_what_is_referred_to_is_made_here_or_explained() -> None:
    here = {("ConfigMap", one["metadata"]["name"]) for one in of("ConfigMap")}
    here |= {("Secret", one["spec"]["secretName"]) for one in of("Certificate")}
    for kind, name in references(DOCUMENTS):
        assert (kind, name) in here or f"create secret generic {name} " in PAGE, (kind, name)
    for name, key in re.findall(r"secretKeyRef: {name: ([\w-]+), key: ([\w-]+)}", _texts()):
        assert re.search(rf"create secret generic {name} [^`]*--from-literal={key}=", PAGE), (name, key)


def test_hosts_are_those_of_the_replicas() -> None:
    """By name: brokers, keepers and the replicas of ClickHouse, as many as there are."""
    for name, service in (("kafka", "kafka-brokers"), ("keeper", "keeper"), ("clickhouse", "clickhouse-replicas")):
        (workload,) = [one for one in of("StatefulSet") if one["metadata"]["name"] == name]
        assert workload["spec"]["serviceName"] == service
        told = set(re.findall(rf"\b{name}-(\d)\.{service}\.touchpath\.svc", _texts()))
        assert told == {str(number) for number in range(workload["spec"]["replicas"])}


def test_configurations_of_clickhouse_are_xml() -> None:
    for document in of("ConfigMap"):
        for name, text in document["data"].items():
            if name.endswith(".xml"):
                ElementTree.fromstring(text)
            if name.endswith(".toml"):
                tomllib.loads(text)


def test_workers_scale_up_to_the_number_of_partitions() -> None:
    (scaled,) = of("ScaledObject")
    (migrate,) = of("Job")
    words = container(migrate)["args"]
    assert scaled["spec"]["maxReplicaCount"] == int(words[words.index("--partitions") + 1])
    (worker,) = [one for one in OURS if one["metadata"]["name"] == scaled["spec"]["scaleTargetRef"]["name"]]
    assert worker["kind"] == scaled["spec"]["scaleTargetRef"]["kind"]
    assert "replicas" not in worker["spec"]
    for trigger in scaled["spec"]["triggers"]:
        assert trigger["metadata"]["topic"] in CATALOGUE
        assert trigger["metadata"]["consumerGroup"] == APP_ID


def test_what_the_parts_are_told_means_something(tmp_path: Path) -> None:
    (told,) = [one["data"] for one in of("ConfigMap") if one["metadata"]["name"] == "touchpath"]
    assert {name for name in told if name.startswith("TOUCHPATH_KAFKA")} <= set(VARIABLES)
    given = told | {"TOUCHPATH_KAFKA_CA_FILE": str(Authority(tmp_path).file), "TOUCHPATH_KAFKA_PASSWORD": "p"}
    assert secured(given)["sasl_mechanism"] == "PLAIN"
    (url,) = re.findall(r'clickhouse-url="(clickhouses://\S+)"', PAGE)
    store = ClickHouse(url)
    assert store._cluster == "touchpath"
    store.close()


def _texts() -> str:
    return "\n".join((DIRECTORY / name).read_text() for name in KUSTOMIZATION["resources"])

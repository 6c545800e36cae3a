"""`touchpath schema`: AsyncAPI by its initiative's own schema, and the check that names what breaks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, ValidationError
from typer.testing import CliRunner

from journeys import agents, touchpoint
from touchpath.cli import app
from touchpath.problem import BadInput, Problem

OFFICIAL = json.loads((Path(__file__).parent / "asyncapi/3.0.0.json").read_text())


def printed(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["schema", *arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


def test_asyncapi_is_what_its_initiative_says_it_is() -> None:
    document = json.loads(printed("--as", "asyncapi"))
    official = Draft7Validator(OFFICIAL)
    official.validate(document)
    document["components"]["schemas"]["Data"]["properties"]["channel"]["type"] = "words"
    with pytest.raises(ValidationError):
        official.validate(document)
    del document["operations"]["receiveTouchpoint"]["action"]
    with pytest.raises(ValidationError):
        official.validate({**document, "components": {}})


def test_its_references_lead_somewhere_and_its_examples_are_taken() -> None:
    document = json.loads(printed("--as", "asyncapi"))

    def references(value: object) -> list[str]:
        if isinstance(value, dict):
            here = [value["$ref"]] if "$ref" in value else []
            return here + [found for one in value.values() for found in references(one)]
        return [found for one in value for found in references(one)] if isinstance(value, list) else []

    found = references(document)
    assert len(found) > 5
    for reference in found:
        place = document
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]
    messages = document["components"]["messages"]
    touchpoint.decode(json.dumps(messages["touchpoint"]["examples"][0]["payload"]).encode())
    agents.decode(json.dumps(messages["agentEvent"]["examples"][0]["payload"]).encode())
    assert {channel["address"] for channel in document["channels"].values()} == {
        "journey.touchpoints",
        "journey.agents",
    }


def test_another_version_is_held_against_this_one(tmp_path: Path) -> None:
    file = tmp_path / "older.json"
    file.write_text(printed())
    assert printed("--check", str(file)) == ""
    older = json.loads(file.read_text())
    older["$defs"]["Data"]["properties"]["mood"] = {"type": "string"}
    older["$defs"]["Data"]["properties"]["channel"]["maxLength"] = 300
    file.write_text(json.dumps(older))
    done = CliRunner().invoke(app, ["schema", "--check", str(file)])
    assert done.stdout.splitlines() == ["Data.channel: maxLength was 300, is 255", "Data.mood: is gone"]
    assert isinstance(done.exception, Problem)
    assert "2 break what was taken before" in str(done.exception)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        ("{", "not JSON"),
        ("{}", "found no \\$defs"),
        ('{"$defs": {"Data": 3}}', "not a schema that touchpath schema printed"),
    ],
)
def test_what_is_no_schema_is_named(tmp_path: Path, content: str | None, says: str) -> None:
    file = tmp_path / "file.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BadInput, match=f"--check {file}: .*{says}"):
        printed("--check", str(file))
    with pytest.raises(BadInput, match="--as avro: expected one of jsonschema, asyncapi"):
        printed("--as", "avro")

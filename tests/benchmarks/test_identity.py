from __future__ import annotations

import json
import math
import zlib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from benchmarks.identity import ways
from benchmarks.identity.__main__ import main, seeds_of
from benchmarks.identity.population import DAY_MS, START, population
from benchmarks.identity.score import Truth, mean_and_interval
from benchmarks.identity.simulated import simulated
from benchmarks.identity.strangers import strangers
from journeys.identity import identifiers_of
from journeys.touchpoint import Touchpoint


def touchpoints(*carried: str) -> list[Touchpoint]:
    """One touchpoint each, "kind:value kind:value", named a, b, c …; a session is the contact."""
    made = []
    for number, text in enumerate(carried):
        identifiers = {kind: value for kind, _, value in (word.partition(":") for word in text.split())}
        name = chr(ord("a") + number)
        made.append(Touchpoint(number, name, "visited", "web", identifiers.get("session", name), identifiers))
    return made


def people(**of: int) -> dict[str, int]:
    return of


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(main)
    return CliRunner().invoke(app, arguments)


def test_pairs_are_counted_within_customers_and_within_persons() -> None:
    made = touchpoints("email:x", "email:x", "email:x", "phone:y", "phone:y")
    truth = Truth(made, people(a=1, b=1, c=1, d=2, e=2))
    score = truth.score({"a": "X", "b": "X", "c": "Y", "d": "Y", "e": "Y"})
    # Together: ab, cd, ce, de, of which ab and de are true; true are ab, ac, bc, de.
    assert (score.precision, score.recall, score.f1) == (0.5, 0.5, 0.5)
    assert score.largest == 3 / 3
    assert score.second == 1


def test_a_right_answer_scores_one_and_putting_nothing_together_finds_nothing() -> None:
    made = touchpoints("email:x", "email:x", "phone:y")
    truth = Truth(made, people(a=1, b=1, c=2))
    right = truth.score({"a": "X", "b": "X", "c": "Y"})
    assert right == (1.0, 1.0, 1.0, 1.0, 1.0, 0)
    apart = truth.score({"a": "1", "b": "2", "c": "3"})
    assert (apart.precision, apart.recall, apart.f1, apart.linkable, apart.largest) == (1.0, 0.0, 0.0, 0.0, 0.5)


def test_only_identifiers_of_one_person_link_and_sessions_carry_on() -> None:
    made = touchpoints(
        "device:pc session:1",  # a and b are one contact, which the mail address links with c
        "device:pc session:1 email:x",
        "email:x",
        "device:pc",  # d is the same person's, but the PC is also e's
        "device:pc",
    )
    truth = Truth(made, people(a=1, b=1, c=1, d=1, e=2))
    assert (truth.pairs, truth.linkable) == (6, 3)
    score = truth.score({"a": "X", "b": "X", "c": "Y", "d": "Y", "e": "Z"})
    assert score.recall == 2 / 6  # ab and cd
    assert score.linkable == 1 / 3  # ab; cd is not linkable


def test_the_largest_customer_is_over_the_largest_person() -> None:
    made = touchpoints("email:x", "email:x", "phone:y", "phone:y", "phone:z")
    truth = Truth(made, people(a=1, b=1, c=2, d=2, e=3))
    score = truth.score(dict.fromkeys("abcde", "everybody"))
    assert score.largest == 5 / 2
    assert score.precision == 2 / 10
    assert score.second == 2


def test_intervals_are_students() -> None:
    mean, interval = mean_and_interval([1.0, 2.0, 3.0])
    assert mean == 2.0
    assert interval == pytest.approx(4.303 / math.sqrt(3))
    assert math.isnan(mean_and_interval([1.0])[1])
    many = [0.0, 1.0] * 50
    assert mean_and_interval(many)[1] == pytest.approx(1.96 * math.sqrt(25 / 99) / 10)


def test_a_shared_pc_joins_components_but_not_the_shipped_rule() -> None:
    made = touchpoints("customer_id:1 device:pc", "customer_id:2 device:pc", "customer_id:1", "device:pc")
    contacts = ways.contacts_of(made)
    ours = ways.shipped(contacts, ways.owners(contacts))
    assert ours == {"a": "customer_id:1", "b": "customer_id:2", "c": "customer_id:1", "d": "anonymous:d"}
    assert len(set(ways.components(made).values())) == 1
    assert ways.last_writer(made)["d"] == "customer_id:2"
    assert ways.note_per_touchpoint(made) == ours


def test_the_unit_of_evidence_is_the_contact() -> None:
    """Neither page carries both, so only contacts tell that the mail address is the customer's."""
    made = touchpoints("session:1 email:x", "session:1 customer_id:1", "email:x")
    contacts = ways.contacts_of(made)
    assert ways.shipped(contacts, ways.owners(contacts))["c"] == "customer_id:1"
    assert ways.note_per_contact(contacts)["c"] == "customer_id:1"
    assert ways.note_per_touchpoint(made)["c"] == "email:x"


def test_strangers_are_counted_by_what_said_so() -> None:
    made = touchpoints(*["customer_id:1 device:pc1"] * 3, "device:pc1", "device:pc1 session:9", "device:pc1 session:9")
    contacts = ways.contacts_of(made)
    owners = ways.owners(contacts)
    found = strangers(contacts, owners, ways.shipped(contacts, owners), people(a=1, b=1, c=1, d=2, e=3, f=3))
    assert found == {"a household's PC": 3}


def test_a_seed_is_a_population() -> None:
    once, again, other = population(5, 40), population(5, 40), population(6, 40)
    assert once == again
    assert once != other
    assert set(once.person_of) == {touchpoint.id for touchpoint in once.touchpoints}
    assert set(once.person_of.values()) == set(range(40))


def test_the_population_is_that_of_the_design_note() -> None:
    """The checksum is that of the note's own generator, its identifiers written as here."""
    made, person_of = population(5, 40)
    lines = []
    for one in made:
        carried = sorted(identifiers_of(one.identifiers.items()))
        lines.append(f"{one.id} {(one.at - START) // DAY_MS} {person_of[one.id]} {' '.join(carried)}")
    assert zlib.crc32("\n".join(lines).encode()) == 3_379_339_496


def test_every_contact_is_one_persons() -> None:
    made, person_of = population(7, 60)
    for _, members in ways.contacts_of(made):
        assert len({person_of[member] for member in members}) == 1


def test_the_simulators_people_are_known_and_every_contact_is_one_persons() -> None:
    made, person_of = simulated(5, 60, days=10)
    assert (made, person_of) == simulated(5, 60, days=10)
    assert person_of.keys() == {touchpoint.id for touchpoint in made}
    assert 40 < len(set(person_of.values())) <= 60
    for _, members in ways.contacts_of(made):
        assert len({person_of[member] for member in members}) == 1


def test_seeds_are_numbers_and_ranges() -> None:
    assert seeds_of("1,3, 11-13,12") == [1, 3, 11, 12, 13]
    for wrong in ("", "a", "3-1", "1-", "1;2"):
        with pytest.raises(typer.BadParameter, match="seeds"):
            seeds_of(wrong)


def test_the_command_prints_what_it_scored() -> None:
    printed = run("--seeds", "1-2", "--people", "60", "--json")
    assert printed.exit_code == 0, printed.output
    told = json.loads(printed.stdout)
    for name in ("note", "simulator"):
        assert list(told[name]["seeds"]) == ["1", "2"]
        rule, components = told[name]["results"]["the rule"], told[name]["results"]["connected components"]
        assert rule["precision"]["mean"] == pytest.approx(sum(rule["precision"]["by_seed"]) / 2)
        assert rule["precision"]["mean"] > 0.8 > components["precision"]["mean"]
    table = run("--seeds", "1", "--people", "60", "--population", "note")
    assert table.exit_code == 0, table.output
    assert f"{told['note']['results']['the rule']['f1']['by_seed'][0]:.4f}" in table.stdout
    assert "simulator" not in table.stdout


def test_ablations_change_the_rule() -> None:
    printed = run("--seeds", "1", "--people", "200", "--population", "note", "--ablate", "--json")
    assert printed.exit_code == 0, printed.output
    results = json.loads(printed.stdout)["note"]["results"]
    rule = results["the rule"]["recall"]["mean"]
    assert results["least 0.9"]["recall"]["mean"] < rule < results["least 0: the known go first"]["recall"]["mean"]


def test_make_bench_runs_it() -> None:
    makefile = Path(__file__).parents[2] / "Makefile"
    assert "\t$(BIN)/python -m benchmarks.identity\n" in makefile.read_text()

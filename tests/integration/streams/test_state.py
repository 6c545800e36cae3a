"""State on disk and its changelog: deleted, locked, damaged, compacted, of an older schema."""

from __future__ import annotations

import time

from streams.store import Memory, Store
from tests.integration.streams.scene import eventually


def test_deleted_state_is_rebuilt(scene):
    """T15."""
    scene.send(1_000)
    scene.start().wait_ready()
    scene.wait_drained()
    scene.workers[-1].kill()
    scene.wipe()
    scene.send(1_000)
    worker = scene.start()
    scene.wait_drained()
    scene.assert_exactly_once()
    scene.assert_versions_grow()
    assert worker.metric("journey_recovered_records_total") >= 50


def test_locked_state_fails_loudly(scene):
    """T16."""
    other = Store(scene.directory / "worker" / "state" / "count" / "0", Memory())
    worker = scene.start()
    assert worker.process.wait(30) == 1
    assert f"state directory {scene.directory / 'worker' / 'state' / 'count' / '0'} is in use" in worker.log
    other.close()


def test_damaged_state_is_rebuilt(scene):
    """T16: one partition's files are cut off, another's overwritten."""
    scene.send(1_000)
    scene.start().wait_ready()
    scene.wait_drained()
    scene.workers[-1].stop()
    damages = (lambda content: content[: len(content) // 2]), (lambda content: b"x" * len(content))
    for partition, damage in enumerate(damages):
        for file in (scene.directory / "worker" / "state" / "count" / str(partition)).iterdir():
            if file.name.startswith("MANIFEST") or file.suffix in (".sst", ".log"):
                file.write_bytes(damage(file.read_bytes()))
    scene.send(1_000)
    worker = scene.start()
    scene.wait_drained()
    scene.assert_exactly_once()
    assert worker.log.count("built anew") == 2


def test_compacted_changelog_and_empty_partitions(scene):
    """T17: one customer only, so three partitions are empty; its changelog is compacted to the last values."""
    worker = scene.start(settings={"max_batch": 10})
    worker.wait_ready()
    scene.send(200, customers=1)
    scene.wait_drained()
    worker.kill()
    scene.wipe()
    time.sleep(1)
    worker = scene.start()
    assert worker.wait_ready() < 30
    scene.send(20, customers=1)
    scene.wait_drained()
    scene.assert_exactly_once()


def test_older_state_is_migrated_once(scene):
    """A killed migration goes on where it stood; a newer schema than the program's fails loudly."""
    scene.send(600, customers=300)
    scene.start(settings={"max_batch": 20}).wait_ready()
    scene.wait_drained()
    scene.workers[-1].stop()
    worker = scene.start(stage={"schema": 2}, settings={"max_batch": 20})
    eventually("migrating", lambda: "migrating state" in worker.log, every_s=0.005)
    worker.kill()
    scene.send(600, customers=300)
    scene.start(stage={"schema": 2}, settings={"max_batch": 20})
    scene.wait_drained()
    scene.assert_exactly_once()
    scene.workers[-1].stop()
    older = scene.start()
    assert older.process.wait(30) == 1
    assert "has schema 2, this program knows 1" in older.log


def test_partitions_added_while_it_runs_end_the_worker(scene):
    worker = scene.start()
    worker.wait_ready()
    scene.admin.create_partitions(dict.fromkeys((scene.input, scene.second), 5))
    assert worker.process.wait(60) == 1
    assert f"{scene.input} has a partition 4 now, but the state was made for 4" in worker.log.replace(
        scene.second, scene.input
    )


def test_bad_event_goes_to_the_dead_letters_alone(scene):
    scene.send(300)
    scene.send_one("c7", bad=True)
    scene.send_raw(b"c8", b"no json", scene.second)
    scene.send(300)
    worker = scene.start()
    scene.wait_drained()
    scene.assert_exactly_once()
    scene.assert_versions_grow()
    dead = {record.key: record for record in scene.read(scene.dead_letters)}
    assert set(dead) == {b"c7", b"c8"}
    headers = dict(dead[b"c7"].headers)
    assert headers["__connect.errors.exception.class.name"] == b"ZeroDivisionError"
    assert headers["__connect.errors.exception.message"] == b"a bad event"
    assert headers["__connect.errors.topic"] == scene.input.encode()
    assert headers["__connect.errors.stage"] == b"count"
    assert dead[b"c8"].value == b"no json"
    assert worker.metric("journey_dead_letters_total") == 2
    assert worker.metric("journey_stage_events_total") == 600


def test_too_large_an_output_is_a_dead_letter(scene):
    scene.send(100)
    scene.send_one("c1", size=1_200_000)
    scene.sent["c1"] -= 1
    scene.send(100)
    scene.start()
    scene.wait_drained()
    scene.assert_exactly_once()
    dead = scene.read(scene.dead_letters)
    assert [dict(record.headers)["__connect.errors.exception.class.name"] for record in dead] == [b"RecordTooLarge"]

"""Every command of README and docs does what the page says, in one clone with one pipeline that runs."""

from __future__ import annotations

import gzip
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.making.site import FIRST, ROOT
from tests.documentation.pages import Command, blocks, commands, name, pages
from tests.documentation.terminal import Running, Terminal, clone

pytestmark = pytest.mark.timeout(600)

LANGUAGES = {"sh", "bash", "console", "text", "json", "toml", "csv", "python", "sql", "yaml"}
"""Each block names one, so that no command stands in a block that nobody looks at."""

PIPELINE = "make run"
"""README's first command: it runs for as long as all others do."""

ALONE = r"(touchpath (adapt|agents|schema|settings) |touchpath schema$|cat |cp |export |\w+=)"
"""What needs no pipeline. Pages with nothing else come first: it uses a processor for as long as it runs."""

UNTIL_STOPPED = {
    PIPELINE: r"SQL +touchpath sql",
    "touchpath up": r"SQL +touchpath sql",
    "touchpath collect": r"listening on http://",
    "touchpath tail": r"following ",
    "touchpath console": r"http://",
}
"""By how they begin: what they print once they work. They are stopped at the end of their page."""

NOT_RUN = {
    r"^make test": "this is a part of it",
    r"^make dashboards": "writes what is committed; tests/dashboards/grafana holds it against the code",
    r"^docker ": "no container engine where tests run; tests/compose holds the files against the specification",
    r"^kubectl ": "no cluster where tests run; tests/deploy holds the manifests against Kubernetes' schemas",
    r"^touchpath .*(kafka|kafka-1|clickhouse):9\d{3}": "a cluster's addresses; tests/integration tries it on its own",
    r"^touchpath restore ": "wants a store of its own; tests/integration/touchpath/test_operating.py restores one",
}
"""What is not run, and why."""

FIXTURES = ROOT / "tests/producers/adapters/fixtures"
YOURS = {
    "contact-record.json": FIXTURES / "amazon-connect/contact_record.json",
    "Master.csv": FIXTURES / "asterisk-cdr/Master.csv",
    "queue_log": FIXTURES / "asterisk-queue-log/queue_log.txt",
    "dialler.csv": ROOT / "examples/mappings/dialler.csv",
    "dialler.toml": ROOT / "examples/mappings/dialler.toml",
    "older.json": ROOT / "docs/reference/schema-0.1.0.json",
}
"""Files of the reader's, by their names in the pages, and what stands for them."""
PACKED = {"2025-12.json.gz": FIXTURES / "amazon-connect/contact_record.json"}
FROM_PAGES = {"week-12.csv": (ROOT / "docs/staffing-explained.md", "csv")}
ELSEWHERE = {"/var/log/asterisk/queue_log": "queue_log", "/backups/": "backup-"}
"""Paths that are those of a server, and what stands for them."""


def left_out(text: str) -> bool:
    return text.startswith(PIPELINE) or any(re.search(pattern, text) for pattern in NOT_RUN)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("clone")
    clone(made)
    for file, source in YOURS.items():
        shutil.copyfile(source, made / file)
    for file, source in PACKED.items():
        (made / file).write_bytes(gzip.compress(source.read_bytes()))
    for file, (page, language) in FROM_PAGES.items():
        (made / file).write_text(next(block.text for block in blocks(page) if block.language == language) + "\n")
    return made


@pytest.fixture(scope="module")
def pipeline(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`make run`, as README's first command starts it, with journeys of several contacts in the store."""
    terminal = Terminal(directory, tmp_path_factory.mktemp("pipeline") / "variables")
    running = terminal.start(PIPELINE)
    try:
        assert running.said(r"of several contacts; switches [1-9]"), running.output.read_text()
        yield running
    finally:
        running.stop()  # the status is make's, which Ctrl-C may reach first
    assert "stopped; the data stay in data" in running.output.read_text(), running.output.read_text()[-2000:]


def wants_pipeline(page: Path) -> bool:
    return not all(re.match(ALONE, command.text) or left_out(command.text) for command in commands(page))


@pytest.mark.parametrize("page", sorted(filter(commands, pages()), key=wants_pipeline), ids=name)
def test_what_a_page_says_to_type_works(
    page: Path, directory: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if wants_pipeline(page):
        request.getfixturevalue("pipeline")
    if "localhost:8080" in page.read_text() and taken(8080):
        pytest.skip("something else listens on port 8080, which this page's collector wants")
    terminal = Terminal(directory, tmp_path / "variables")
    if page != FIRST:  # which says it itself
        assert terminal.run("source .venv/bin/activate") == (0, "")
    wrong = []
    try:
        for command in commands(page):
            wrong += tried(command, terminal)
        for running in terminal.running:
            if (status := running.stop()) not in (0, 130):
                wrong.append(f"{running.text}: ended with {status}: {running.output.read_text()[-500:]}")
    finally:
        for running in terminal.running:
            running.stop()
    assert not wrong, "\n".join(wrong)


def taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def tried(command: Command, terminal: Terminal) -> list[str]:
    """What is wrong with it, if anything."""
    text = command.text
    if left_out(text):
        return []
    for path, stand_in in ELSEWHERE.items():
        text = text.replace(path, stand_in)
    if ready := next((said for begin, said in UNTIL_STOPPED.items() if text.startswith(begin)), ""):
        for before in terminal.running:  # a port, or a file, is for one of them at a time
            before.stop()
        running = terminal.start(text)
        return [] if running.said(ready) else [f"{command.place}: {text}\n{running.output.read_text()}"]
    status, printed = terminal.run(text)
    if status:
        return [f"{command.place}: {text}\nended with {status}:\n{printed}"]
    if command.shown is not None and not as_shown(command.shown, printed):
        return [f"{command.place}: {text}\nshown:\n{command.shown}\nprinted:\n{printed}"]
    return []


def as_shown(shown: str, printed: str) -> bool:
    """Whether the page shows what was printed; `…` stands for anything, blanks at the end of lines do not count."""
    pattern = ".*".join(re.escape(part.strip("\n")) for part in _trimmed(shown).split("…"))
    return re.fullmatch(pattern, _trimmed(printed), re.DOTALL) is not None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def test_every_block_says_what_it_is() -> None:
    unknown = [f"{block.place}: {block.language!r}" for page in pages() for block in blocks(page)
               if block.language not in LANGUAGES]  # fmt: skip
    assert not unknown


def test_what_is_not_run_stands_in_a_page() -> None:
    said = [command.text for page in pages() for command in commands(page)]
    assert {pattern for pattern in NOT_RUN if not any(re.search(pattern, text) for text in said)} == set()

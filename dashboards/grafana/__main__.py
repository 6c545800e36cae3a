"""Write each dashboard's JSON into dashboards/grafana/json: make dashboards."""

from __future__ import annotations

from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.grafana.boards import BOARDS

DIRECTORY = Path(__file__).parent / "json"


def made() -> dict[str, str]:
    """By file name, what belongs into it."""
    encode = JSONEncoder(indent=2, ensure_ascii=False, sort_keys=True).encode
    boards = [make().build() for make in BOARDS]
    return {f"{board.uid}.json": encode(board) + "\n" for board in boards}


def main() -> None:
    DIRECTORY.mkdir(exist_ok=True)
    wanted = made()
    for path in DIRECTORY.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (DIRECTORY / name).write_text(text)
        print(DIRECTORY / name)


if __name__ == "__main__":
    main()

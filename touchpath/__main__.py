from __future__ import annotations

from touchpath.lifeline import tie

tie()

from touchpath.cli import main  # noqa: E402 (the above must not wait for imports)

main()

"""What vendors really sent lies beside the repository, if it is there: without it, there is nothing to collect."""

from __future__ import annotations

from tests.producers.adapters.shared import PAYLOADS

collect_ignore_glob = [] if PAYLOADS.is_dir() else ["test_shared_*.py"]

"""The command line that the harness gives every contestant."""

from __future__ import annotations

import argparse
from pathlib import Path


def parse() -> argparse.Namespace:
    """bootstrap, app_id, data (an empty directory for state), input and output (topics), all given."""
    parser = argparse.ArgumentParser(description="A contestant of the counting job, started by benchmarks.harness.")
    for name in ("bootstrap", "app-id", "input", "output"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--data", required=True, type=Path)
    return parser.parse_args()

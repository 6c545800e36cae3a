"""Where vendors' own samples are, which are not ours to publish."""

from __future__ import annotations

from pathlib import Path

PAYLOADS = Path(__file__).resolve().parents[4] / "shared/payloads"

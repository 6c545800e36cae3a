"""Files that may be packed with gzip, which is told by how they begin and not by their name."""

from __future__ import annotations

import gzip
import zlib
from io import BufferedReader
from typing import BinaryIO, cast

_GZIP = b"\x1f\x8b"
UNREADABLE = (OSError, EOFError, zlib.error)
"""What reading such a file raises: the last two, and an ``OSError`` without a number, where the packing is broken."""


def unpacked(file: BufferedReader) -> BinaryIO:
    """``file``, or what is packed in it. Raises ``OSError``."""
    packed = file.peek(len(_GZIP)).startswith(_GZIP)
    return cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file


def why(error: BaseException) -> str:
    """What an error of ``UNREADABLE`` says, in words."""
    return getattr(error, "strerror", None) or f"its gzip is broken: {error}"

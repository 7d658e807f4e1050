"""Asking the box about the signatures of a file."""

import base64
import io
import json
import logging
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from oms import box
from oms.recognition.signatures.authorities import Authorities
from oms.recognition.signatures.facts import Signatures, believe

log = logging.getLogger(__name__)

SECONDS = 90.0
"""By the clock, for one file."""


class _Joined(io.RawIOBase):
    """One stream after the other."""

    def __init__(self, *parts: BinaryIO) -> None:
        self._parts = list(parts)

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As for every stream: 0 at the end of the last one."""
        while self._parts:
            piece = self._parts[0].read(len(buffer))
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)
            self._parts.pop(0)
        return 0


def find_signatures(path: Path, authorities: Authorities, moment: datetime) -> Signatures | None:
    """The signatures of a PDF, as far as the office's authorities and what lies in the file tell of them; None when
    the file cannot be judged at all (too much work, or not readable for whoever judges).

    `moment`: when the bytes are known to have been as they are; certificates are asked about for it, or for the moment
    of a time stamp of a known authority.
    """
    given = {
        "moment": moment.isoformat(),
        "certificates": [base64.b64encode(one).decode() for one in authorities.certificates],
        "lists": [base64.b64encode(one).decode() for one in authorities.lists],
    }
    with ExitStack() as opened:
        file = opened.enter_context(path.open("rb"))
        trailer = io.BytesIO(json.dumps(given).encode())
        joined = cast(BinaryIO, opened.enter_context(io.BufferedReader(_Joined(file, trailer))))
        try:
            value, _ = box.call(look_for_signatures, joined, seconds=SECONDS, size=path.stat().st_size)
            return believe(value)
        except (box.Broke, box.Said, ValueError, TypeError) as error:
            log.warning("the signatures of a file were not judged (%s)", type(error).__name__)
            return None


def look_for_signatures(file: BinaryIO, size: int) -> tuple[dict[str, Any], bytes]:
    """In the box: the facts of all signatures of the first `size` bytes, by what stands behind them.

    pyHanko is imported only here: it takes a third of a second and 30 MB, and only files that are signed need it.
    """
    from oms.recognition.signatures import inside

    logging.disable(logging.CRITICAL)  # it tells its log what it read; a box has none, and no use for the work
    return inside.look(file.read(size), json.loads(file.read())), b""

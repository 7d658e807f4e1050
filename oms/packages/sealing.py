"""The sealed file: one header and a row of encrypted chunks (`oms.streams`), made and opened piece by piece.

The header is bound to every chunk. The key comes from the opening code by scrypt (RFC 7914). Format: docs/packages.md.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from oms import streams
from oms.errors import N_, BadInput

MAGIC = b"OMSPKG\x00\x01"
FORMAT = "oms-package/1"
CHUNK = streams.CHUNK
_PREFIX, _SALT = streams.PREFIX, 16
_HEADER_LIMIT = 16 * 1024
# 64 MB and a fifth of a second for each guess.
_SCRYPT = {"n": 2**16, "r": 8, "p": 1}


class NotSealed(BadInput):
    """The file is no sealed package."""


class WrongCode(BadInput):
    """The opening code does not belong to this package."""


class Damaged(BadInput):
    """The file was cut off or altered after it was sealed."""


def seal(out: BinaryIO, code: str, about: dict[str, Any], pieces: Iterable[bytes]) -> int:
    """Write header and encrypted `pieces` to `out`; return the number of bytes. `about` is readable without the code."""
    salt, prefix = secrets.token_bytes(_SALT), secrets.token_bytes(_PREFIX)
    key, check = _derive(code, salt)
    head = {**about, "format": FORMAT, "salt": salt.hex(), "nonce": prefix.hex(), "check": check, "chunk": CHUNK}
    header = MAGIC + _counted(json.dumps({**head, "scrypt": _SCRYPT}, sort_keys=True).encode())
    out.write(header)
    writer = streams.Writer(out, key, prefix, hashlib.sha256(header).digest())
    for piece in pieces:
        writer.write(piece)
    writer.finish()
    return len(header) + writer.size


def read_header(stream: BinaryIO) -> dict[str, Any]:
    """What the file says about itself, from its start; raises `NotSealed`. Nothing of it is proved yet."""
    stream.seek(0)
    header, _raw = _read_header(stream)
    return header


def unseal(stream: BinaryIO, code: str) -> Iterator[bytes]:
    """The content, piece by piece; raises `WrongCode` before the first, `Damaged` when a piece does not hold.

    Pieces given out are proved to be as they were sealed; that nothing is missing is known after the last.
    """
    stream.seek(0)
    header, raw = _read_header(stream)
    key = _find_key(header, code)
    try:
        yield from streams.decrypt(key, bytes.fromhex(header["nonce"]), hashlib.sha256(raw).digest(), stream)
    except streams.Broken as broken:
        raise Damaged(
            N_("The package is cut off or was altered (part %(part)s). Copy it again from where it was made."),
            part=broken.part,
        ) from None


def check_code(stream: BinaryIO, code: str) -> None:
    """Raise `WrongCode` unless the code opens the file; nothing of the content is read."""
    _find_key(read_header(stream), code)


def _find_key(header: dict[str, Any], code: str) -> bytes:
    key, check = _derive(code, bytes.fromhex(header["salt"]))
    if not hmac.compare_digest(check, header["check"]):
        raise WrongCode(
            N_("The opening code does not belong to this package. Compare package number and code with the slip.")
        )
    return key


def _derive(code: str, salt: bytes) -> tuple[bytes, str]:
    """The key of the chunks, and a check value by which a wrong code is told from a damaged file."""
    derived = Scrypt(salt=salt, length=48, **_SCRYPT).derive(code.encode())
    return derived[:32], derived[32:].hex()


def _counted(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _read_header(stream: BinaryIO) -> tuple[dict[str, Any], bytes]:
    start = stream.read(len(MAGIC) + 4)
    size = int.from_bytes(start[len(MAGIC) :], "big")
    if not start.startswith(MAGIC[:6]) or len(start) < len(MAGIC) + 4:
        raise NotSealed(
            N_("This is no sealed package (.omspkg). A bag of another program is told of by “oms package inspect”.")
        )
    if start[: len(MAGIC)] != MAGIC:
        raise NotSealed(N_("The package was made by a newer OMS. Upgrade this installation, then take it in."))
    raw = stream.read(size) if size <= _HEADER_LIMIT else b""
    try:
        header = json.loads(raw)
        whole = header["format"] == FORMAT and header["chunk"] == CHUNK and header["scrypt"] == _SCRYPT
        sizes = len(bytes.fromhex(header["salt"])), len(bytes.fromhex(header["nonce"])), len(header["check"])
        texts = all(isinstance(header[name], str) for name in ("package", "sender", "receiver", "transfer"))
        if not (whole and texts and sizes == (_SALT, _PREFIX, 32)):
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Damaged(N_("The head of the package is damaged. Copy it again from where it was made.")) from None
    return header, start + raw

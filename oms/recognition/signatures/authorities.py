"""Whom the office trusts: certificates of authorities and lists of revoked certificates, files in one folder.

The files are the administrator's, so they are read here and not in the box. What is no certificate of an authority and
no list is named, never used: a certificate of a person in this folder must not vouch for itself.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

MOST_FILES = 500
LARGEST = 64 * 1024**2
"""Bytes of all files together: the list of a large public authority has 5 MB."""

_PEM = re.compile(rb"-----BEGIN (?:TRUSTED )?(CERTIFICATE|X509 CERTIFICATE|X509 CRL)-----\s(.+?)-----END", re.DOTALL)


@dataclass(frozen=True)
class Authorities:
    """Certificates of authorities and lists of revoked certificates, DER; `unusable` names files that are neither."""

    certificates: tuple[bytes, ...] = ()
    lists: tuple[bytes, ...] = ()
    unusable: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over all of them in hex: the same files give the same; empty for none."""
        if not self.certificates and not self.lists:
            return ""
        parts = sorted(hashlib.sha256(one).digest() for one in (*self.certificates, *self.lists))
        return hashlib.sha256(b"".join(parts)).hexdigest()


NOBODY = Authorities()


def read_authorities(folder: Path | None) -> Authorities:
    """What lies in the folder; none for no folder, or for one that cannot be read (then it is named as unusable)."""
    if folder is None:
        return NOBODY
    certificates: dict[bytes, None] = {}
    lists: dict[bytes, None] = {}
    unusable = []
    left = LARGEST
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError:
        return Authorities(unusable=(folder.name,))
    for place, path in enumerate(files):
        try:
            size = path.stat().st_size
            content = path.read_bytes() if place < MOST_FILES and size <= left else b""
        except OSError:
            content = b""
        left -= len(content)
        found = list(_things_in(content))
        certificates |= dict.fromkeys(der for is_list, der in found if not is_list)
        lists |= dict.fromkeys(der for is_list, der in found if is_list)
        if not found:
            unusable.append(path.name)
    return Authorities(tuple(certificates), tuple(lists), tuple(unusable))


def _things_in(content: bytes) -> Iterator[tuple[bool, bytes]]:
    """Each usable thing in a file as DER, and whether it is a list."""
    parts = _PEM.findall(content)
    for label, body in parts:
        try:
            der = base64.b64decode(b"".join(body.split()), validate=True)
        except binascii.Error:
            continue
        yield from _usable(der, is_list=label == b"X509 CRL")
    if not parts:
        yield from _usable(content, is_list=False) or ()
        yield from _usable(content, is_list=True) or ()


def _usable(der: bytes, *, is_list: bool) -> Iterator[tuple[bool, bytes]]:
    try:
        if is_list:
            yield True, x509.load_der_x509_crl(der).public_bytes(Encoding.DER)
        elif _is_authority(certificate := x509.load_der_x509_certificate(der)):
            yield False, certificate.public_bytes(Encoding.DER)
    except ValueError:
        return


def _is_authority(certificate: x509.Certificate) -> bool:
    """Whether it says that it may vouch for others."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return certificate.version == x509.Version.v1 and certificate.issuer == certificate.subject

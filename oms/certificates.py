"""The site's own certificates: its authority, what the authority signs for the server, and when that ends.

An office network has no public name that a public authority would vouch for, so the site has one of its own: its key
lies in the safe, its certificate is put on the computers of the office once. ECDSA on P-256, SHA-256, X.509 v3
(RFC 5280); the server's certificate lives 398 days, as browsers want it. Knows no database.
"""

import ipaddress
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from oms.errors import N_, BadInput, Conflict
from oms.organisation import HANOI
from oms.settings import Settings

AUTHORITY_DAYS, SERVER_DAYS = 3652, 398
REMINDER = timedelta(days=30)
# What nginx reads; deploy/nginx.conf names both.
SERVER_NAMES = ("oms.crt", "oms.key")
AUTHORITY_NAMES = ("ca.crt", "ca.key")
NGINX_READS = Path("/etc/oms/tls") / SERVER_NAMES[0]
# Clocks of the office may be behind ours.
_EARLIER = timedelta(hours=1)
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Certificate:
    """What a certificate says: whose, by whom, for which names and addresses, until when, and its SHA-256."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    ends: datetime
    fingerprint: str

    def is_due(self, at: datetime) -> bool:
        """True when it ends within thirty days."""
        return at > self.ends - REMINDER


def new_authority(folder: Path, name: str, *, passphrase: str = "", at: datetime | None = None) -> Certificate:
    """Make the key and the certificate of the site's authority in a folder; nothing there is written over."""
    if not name.strip() or len(name) > 64:
        raise BadInput(N_("The authority needs a name of at most 64 characters, that of the office for instance."))
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name.strip())])
    builder = _begin(subject, subject, key, at, AUTHORITY_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs=True), critical=True)
    made = builder.sign(key, SHA256())
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate, secret = (folder / part for part in AUTHORITY_NAMES)
    _write_new(secret, _pem(key, passphrase), 0o400)
    _write_new(certificate, made.public_bytes(Encoding.PEM), 0o444)
    return describe(made)


def new_server(
    authority: Path, hosts: Sequence[str], into: Path, *, passphrase: str = "", at: datetime | None = None
) -> Certificate:
    """Make a key and a certificate of the server for names and addresses, signed by the authority in a folder.

    What lay there before is kept as `….before`, so that the yearly renewal needs no other step than a reload. At no
    moment is there no certificate: both new files are whole on the disk before either takes its place.
    """
    hosts = [host.lower() for host in hosts]
    signer, key_of = _read_authority(authority, passphrase)
    key = generate_private_key(SECP256R1())
    names = _names(hosts)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])])
    builder = _begin(subject, signer.subject, key, at, SERVER_DAYS, not_after=signer.not_valid_after_utc)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key_of.public_key())
    made = (
        builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer, critical=False)
        .sign(key_of, SHA256())
    )
    into.mkdir(parents=True, exist_ok=True)
    certificate, secret = (into / part for part in SERVER_NAMES)
    if _is_pair(certificate, secret):
        _put(
            [
                (_named(path, "before"), path.read_bytes(), mode)
                for path, mode in ((secret, 0o400), (certificate, 0o444))
            ]
        )
    _put([(secret, _pem(key), 0o400), (certificate, made.public_bytes(Encoding.PEM), 0o444)])
    return describe(made)


def _is_pair(certificate: Path, secret: Path) -> bool:
    """True when the key is that of the certificate: what a broken run left behind is not worth keeping."""
    try:
        key = load_pem_private_key(secret.read_bytes(), None)
        return key.public_key() == x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    except (OSError, ValueError, TypeError):
        return False


def _named(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}.{suffix}")


def _put(files: Sequence[tuple[Path, bytes, int]]) -> None:
    """Write all of them beside their places, then put each into its place, whatever lay there."""
    for path, content, mode in files:
        _named(path, "new").unlink(missing_ok=True)
        _write_new(_named(path, "new"), content, mode)
    for path, _content, _mode in files:
        _named(path, "new").replace(path)
    folder = os.open(files[0][0].parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path) -> Certificate:
    """What the (first) certificate of a PEM file says; raises `BadInput` when there is none."""
    try:
        return describe(x509.load_pem_x509_certificate(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise BadInput(N_("%(path)s cannot be read as a certificate."), path=path) from error


def in_use(settings: Settings) -> Certificate | None:
    """The certificate with which browsers are answered, None without TLS; raises `BadInput` when it cannot be read."""
    return read(Path(settings.certificate) if settings.certificate else NGINX_READS) if settings.https else None


def standing(settings: Settings, at: datetime | None = None) -> tuple[str, str, dict[str, str]]:
    """How the certificate stands: success, warning or danger, and the sentence with its values."""
    try:
        found = in_use(settings)
    except BadInput as fault:
        path = fault.values["path"]
        sentence = N_("%(path)s cannot be read, so nobody is reminded of its end. Name the file in OMS_CERTIFICATE.")
        return "warning", sentence, {"path": str(path)}
    if found is None:
        return "success", N_("None: OMS answers this machine only, without TLS."), {}
    moment, local = at or datetime.now(UTC), found.ends.astimezone(HANOI)
    values = {"names": ", ".join(found.names) or found.subject, "day": f"{local:%d/%m/%Y}", "issuer": found.issuer}
    if moment > found.ends:
        sentence = N_("Ended on %(day)s: browsers refuse to open OMS. Run: oms ca server, then reload nginx.")
        return "danger", sentence, values
    if found.is_due(moment):
        return "warning", N_("%(names)s until %(day)s only. Run: oms ca server, then reload nginx."), values
    return "success", N_("%(names)s until %(day)s, signed by %(issuer)s."), values


def describe(found: x509.Certificate) -> Certificate:
    """What a certificate says, in plain values."""
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    return Certificate(
        subject=found.subject.rfc4514_string().removeprefix("CN="),
        issuer=found.issuer.rfc4514_string().removeprefix("CN="),
        names=tuple(str(name.value) for name in names),
        ends=found.not_valid_after_utc,
        fingerprint=found.fingerprint(SHA256()).hex(":").upper(),
    )


def _begin(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    at: datetime | None,
    days: int,
    *,
    not_after: datetime | None = None,
) -> x509.CertificateBuilder:
    begins = (at or datetime.now(UTC)).replace(microsecond=0) - _EARLIER
    ends = begins + timedelta(days=days)
    if not_after is not None and not_after < begins + REMINDER:
        raise BadInput(N_("The certificate of the authority ends too soon. Make a new authority."))
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(secrets.randbits(159) | 1)
        .not_valid_before(begins)
        .not_valid_after(min(ends, not_after) if not_after else ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _names(hosts: Sequence[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for host in hosts:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            if not _HOST.fullmatch(host) or re.fullmatch(r"[\d.]+", host):
                raise BadInput(
                    N_("“%(name)s” is no host name and no address. Write it as people type it, without https://."),
                    name=host,
                ) from None
            found.append(x509.DNSName(host))
    if not found:
        raise BadInput(N_("Name at least one host name or address of the server."))
    return found


def _read_authority(folder: Path, passphrase: str) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
    certificate, secret = (folder / part for part in AUTHORITY_NAMES)
    try:
        signer = x509.load_pem_x509_certificate(certificate.read_bytes())
        key = load_pem_private_key(secret.read_bytes(), passphrase.encode() or None)
    except (OSError, ValueError, TypeError) as error:
        raise BadInput(
            N_(
                "The authority in %(folder)s cannot be opened: ca.crt or ca.key is missing, or the passphrase is wrong."
            ),
            folder=folder,
        ) from error
    if not isinstance(key, EllipticCurvePrivateKey) or key.public_key() != signer.public_key():
        raise BadInput(N_("ca.key in %(folder)s is not the key of ca.crt."), folder=folder)
    return signer, key


def is_locked(folder: Path) -> bool:
    """True when the key of an authority asks for a passphrase."""
    secret = folder / AUTHORITY_NAMES[1]
    return secret.exists() and b"ENCRYPTED" in secret.read_bytes()


def _pem(key: EllipticCurvePrivateKey, passphrase: str = "") -> bytes:
    lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise Conflict(N_("%(file)s exists already and is not written over. Choose another name."), file=path) from None
    except OSError as error:
        raise BadInput(N_("%(path)s cannot be written. Choose another file."), path=path) from error
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())

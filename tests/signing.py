"""Authorities, certificates, revocation lists and signed PDFs, made for a test. The people in them do not exist."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pikepdf
from asn1crypto import cms as asn1_cms
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@dataclass
class Holder:
    """A certificate with its key, and who made it (nobody, for a root)."""

    certificate: x509.Certificate
    key: Any
    maker: "Holder | None" = None

    @property
    def der(self) -> bytes:
        """The certificate, DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def asn1(self) -> asn1_x509.Certificate:
        """As pyHanko wants it."""
        return asn1_x509.Certificate.load(self.der)

    @property
    def asn1_key(self) -> asn1_keys.PrivateKeyInfo:
        """As pyHanko wants it."""
        form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return asn1_keys.PrivateKeyInfo.load(self.key.private_bytes(*form))

    def chain(self) -> list["Holder"]:
        """Who made it, and who made that one, up to the root."""
        return [] if self.maker is None else [self.maker, *self.maker.chain()]


def certify(
    name: str,
    maker: Holder | None = None,
    *,
    organisation: str = "Cơ quan thử nghiệm",
    authority: bool = False,
    stamps: bool = False,
    start: datetime = NOW - 400 * DAY,
    end: datetime = NOW + 400 * DAY,
    bits: int = 0,
    unit: str = "",
) -> Holder:
    """A certificate; `bits` makes it one of RSA."""
    key = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    parts = [
        (NameOID.COMMON_NAME, name),
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
    ]
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])
    builder = (
        x509.CertificateBuilder(maker.certificate.subject if maker else subject, subject, key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(_usage(authority), critical=True)
    )
    if stamps:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return Holder(builder.sign(maker.key if maker else key, hashes.SHA256()), key, maker)


def _usage(authority: bool) -> x509.KeyUsage:
    off = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        **off,
    )


@dataclass
class House:
    """An authority with one below it, as those of the government have."""

    root: Holder = field(
        default_factory=lambda: certify(
            "CA gốc thử nghiệm", authority=True, start=NOW - 3000 * DAY, end=NOW + 3000 * DAY
        )
    )

    def __post_init__(self) -> None:
        span = {"start": NOW - 2900 * DAY, "end": NOW + 2900 * DAY}
        self.below = certify("CA cấp dưới thử nghiệm", self.root, authority=True, **span)
        self.stamper = certify("Máy cấp dấu thời gian thử nghiệm", self.below, stamps=True, bits=2048, **span)
        self.an = certify("Nguyễn Thị An (thử nghiệm)", self.below, organisation="Sở Nội vụ thử nghiệm")
        self.binh = certify("Trần Văn Bình (thử nghiệm)", self.below, organisation="Văn phòng thử nghiệm")


@cache
def house() -> House:
    """One house for all tests of a process: making keys is what takes time."""
    return House()


def revoke(maker: Holder, *revoked: Holder, on: datetime, made: datetime = NOW, lasts: timedelta = 30 * DAY) -> bytes:
    """A list of revoked certificates, DER."""
    builder = (
        x509.CertificateRevocationListBuilder(maker.certificate.subject).last_update(made).next_update(made + lasts)
    )
    for one in revoked:
        entry = x509.RevokedCertificateBuilder(one.certificate.serial_number, on)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(maker.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def blank(pages: int = 1, *, text_field: bool = False) -> bytes:
    """A PDF, with a text field to fill in where one is wanted."""
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page(page_size=(595, 842))
    for page in pdf.pages:
        page.Contents = pdf.make_stream(b"q 1 0 0 1 0 0 cm Q")
    if text_field:
        one = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, T="HoTen", V="A",
            Rect=[50, 700, 300, 720], P=pdf.pages[0].obj, DA="/Helv 12 Tf 0 g",
        )  # fmt: skip
        one = pdf.make_indirect(one)
        pdf.pages[0].Annots = pdf.make_indirect(pikepdf.Array([one]))
        pdf.Root.AcroForm = pdf.make_indirect(pikepdf.Dictionary(Fields=[one], DA="/Helv 12 Tf 0 g"))
    out = io.BytesIO()
    pdf.save(out, min_version="1.7")
    return out.getvalue()


def sign(
    document: bytes,
    who: Holder,
    *,
    name: str = "Chuky1",
    at: datetime | None = None,
    stamper: Holder | None = None,
    stamped_at: datetime | None = None,
    digest: str = "sha256",
) -> bytes:
    """The document signed once more, as an update; `at` is what the signature says of its time."""
    store = SimpleCertificateStore.from_certs([one.asn1 for one in who.chain()])
    signer = signers.SimpleSigner(signing_cert=who.asn1, signing_key=who.asn1_key, cert_registry=store)
    form = fields.SigSeedSubFilter.PADES if at is None else fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED
    about = signers.PdfSignatureMetadata(field_name=name, md_algorithm=digest, subfilter=form)
    stamps = None
    if stamper is not None:
        certificates = SimpleCertificateStore.from_certs([one.asn1 for one in stamper.chain()])
        stamps = DummyTimeStamper(stamper.asn1, stamper.asn1_key, certificates, fixed_dt=stamped_at or NOW)
    if at is not None:
        signer = _Dated(signing_cert=who.asn1, signing_key=who.asn1_key, cert_registry=store)
        signer.moment = at
    out = io.BytesIO()
    given = IncrementalPdfFileWriter(io.BytesIO(document))
    # pyHanko wants a loop of events of its own; where a browser is driven this thread has one that runs.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(signers.sign_pdf, given, about, signer, timestamper=stamps, output=out).result()
    return out.getvalue()


class _Dated(signers.SimpleSigner):
    """Signs with a time of the test, not of the clock."""

    moment: datetime

    async def signed_attrs(self, *args: Any, **options: Any) -> Any:
        attributes = await super().signed_attrs(*args, **options)
        for one in attributes:
            if one["type"].native == "signing_time":
                one["values"] = [asn1_cms.Time({"utc_time": self.moment})]
        return attributes


def update(document: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """The document with an update that is no signature."""
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def cover_the_page(writer: IncrementalPdfFileWriter) -> None:
    """Other words over those that were signed."""
    page = writer.root["/Pages"]["/Kids"].raw_get(0)
    stream = generic.StreamObject(stream_data=b"BT ET 1 0 0 rg 0 0 595 842 re f")
    page.get_object()["/Contents"] = writer.add_object(stream)
    writer.mark_update(page)

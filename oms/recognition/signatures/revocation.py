"""In the box: whether a certificate stands in a list of revoked ones that its own authority signed.

Ours, because what pyHanko does with a list falls silent where an office needs it: it leaves a list out whose time is
over, even when the certificate stands in it, and walks through each of a hundred thousand entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm


@dataclass(frozen=True)
class Standing:
    """What the lists say: since when it is revoked, if it is, and whether they say that it was not at that moment."""

    revoked_at: datetime | None = None
    is_clear: bool = False


def ask_lists(
    path: Sequence[x509.Certificate], lists: Sequence[x509.CertificateRevocationList], moment: datetime
) -> Standing:
    """Ask about all of a chain but its end, the authority that is trusted; `path` goes from there to the signer.

    Revoked after the `moment` does not count. Clear are all only when each has a list whose time was not over then.
    """
    clear = len(path) > 1
    for maker, certificate in pairwise(path):
        is_clear = False
        for one in lists:
            if one.issuer != certificate.issuer or not _is_of(one, maker):
                continue
            entry = one.get_revoked_certificate_by_serial_number(certificate.serial_number)
            if entry is not None and entry.revocation_date_utc <= moment:
                return Standing(revoked_at=entry.revocation_date_utc)
            ends = one.next_update_utc
            is_clear |= (ends is None or ends >= moment) and _speaks_of(one, certificate)
        clear &= is_clear
    return Standing(is_clear=clear)


def _is_of(one: x509.CertificateRevocationList, maker: x509.Certificate) -> bool:
    """Whether the authority signed it, and it is a list of its own by itself: no list of changes, none of others."""
    try:
        one.extensions.get_extension_for_class(x509.DeltaCRLIndicator)
        return False
    except x509.ExtensionNotFound:
        pass
    except ValueError:
        return False
    about = _scope(one)
    if about is not None and (about.indirect_crl or about.only_contains_attribute_certs):
        return False
    try:
        return one.is_signature_valid(maker.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _speaks_of(one: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    """Whether a certificate that does not stand in it is one it would have named."""
    about = _scope(one)
    if about is None:
        return True
    try:
        is_authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        is_authority = False
    if about.only_some_reasons or about.relative_name or (about.only_contains_ca_certs and not is_authority):
        return False
    if about.only_contains_user_certs and is_authority:
        return False
    return about.full_name is None or bool(set(about.full_name) & _places(certificate))


def _scope(one: x509.CertificateRevocationList) -> x509.IssuingDistributionPoint | None:
    try:
        return one.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return None


def _places(certificate: x509.Certificate) -> set[x509.GeneralName]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return set()
    return {name for point in points for name in point.full_name or ()}

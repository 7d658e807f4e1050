"""What was found out about digital signatures, in sentences: who, when, what the verdict is and what to do."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import gettext as _

from oms.models import FileSignature, SignatureCheck, SignatureVerdict
from oms.web.formats import moment

_TONES = {
    SignatureVerdict.VALID: "success",
    SignatureVerdict.ALTERED: "danger",
    SignatureVerdict.CHANGED: "danger",
    SignatureVerdict.REVOKED: "danger",
}


@dataclass(frozen=True)
class Described:
    """One signature for people; `who` and `when` are plain sentences, `sentences` the verdict and what to do."""

    row: FileSignature
    tone: str
    label: str
    who: str
    when: str
    sentences: tuple[str, ...]


def describe(check: SignatureCheck) -> list[Described]:
    """Each signature of a look, in the language of the reader."""
    return [
        Described(
            one,
            _TONES.get(one.verdict, "warning"),
            _(one.verdict.label),
            _who(one),
            _when(one),
            tuple(_sentences(one)),
        )
        for one in check.signatures
    ]


def _who(one: FileSignature) -> str:
    if not one.fingerprint:
        return str(_("Nobody knows who signed."))
    names = {"signer": one.signer or "—", "organisation": one.organisation or "—", "issuer": one.issuer or "—"}
    if one.evidence.get("kind") == "timestamp":
        return str(_("Time stamp by %(signer)s (%(organisation)s); certificate given by %(issuer)s.", **names))
    return str(
        _(
            "Signer as the certificate names it: %(signer)s (%(organisation)s); certificate given by %(issuer)s.",
            **names,
        )
    )


def _when(one: FileSignature) -> str:
    if not one.fingerprint:
        return ""
    if one.evidence.get("kind") == "timestamp":
        return _("The time stamp says %(at)s.", at=moment(one.stamped_at)) if one.stamped_at else ""
    said = (
        _("The signature says %(at)s", at=moment(one.signed_at)) if one.signed_at else _("The signature says no time")
    )
    proof = {
        "proved": _("a time stamp proves that it was there on %(at)s.", at=moment(one.stamped_at)),
        "unknown": _("its time stamp (%(at)s) is of an authority not known here.", at=moment(one.stamped_at)),
        "false": _("its time stamp does not belong to it, so it proves nothing."),
    }.get(one.evidence.get("stamp", ""), _("no time stamp proves it."))
    return f"{said}; {proof}"


def _sentences(one: FileSignature) -> Iterator[str]:
    if one.verdict == SignatureVerdict.VALID:
        yield from _valid(one)
    elif one.verdict == SignatureVerdict.ALTERED:
        yield _(
            "The file is not what was signed. Do not rely on it; ask whoever sent it for the file as it was signed."
        )
    elif one.verdict == SignatureVerdict.CHANGED:
        yield _(
            "What was signed is still in the file, but something was added or changed after this signature, so what you "
            "read may not be what was signed. Ask whoever sent it for the file as it was signed, and compare."
        )
    elif one.verdict == SignatureVerdict.REVOKED:
        yield _(
            "The certificate, or that of an authority above it, was revoked on %(at)s, before the moment that can be "
            "proved (%(proved)s). Do not rely on it; ask for a new signature.",
            at=moment(one.revoked_at),
            proved=moment(one.judged_for),
        )
    elif one.verdict == SignatureVerdict.EXPIRED:
        yield _(
            "The certificate is valid from %(start)s to %(end)s; that it was signed in this time nothing proves (the file "
            "can be proved from %(proved)s on). Ask for a signature with a time stamp, or for the paper.",
            start=moment(one.valid_from),
            end=moment(one.valid_until),
            proved=moment(one.judged_for),
        )
    elif one.verdict == SignatureVerdict.UNKNOWN:
        yield _(
            "What stands there is what was signed, but no authority that this installation knows vouches for the signer. "
            "If you know the authority, ask the administrator to add its certificate, then check again."
        )
    else:
        yield _unjudged(one)


def _valid(one: FileSignature) -> Iterator[str]:
    yield _("What stands there is what was signed, and an authority known here vouches for the signer.")
    if one.evidence.get("later") == "signatures":
        yield _("Others signed after it; nothing else was added.")
    if one.evidence.get("revocation") != "clear":
        yield _("Whether the certificate had been revoked is not known here: no list of its authority tells.")


def _unjudged(one: FileSignature) -> str:
    why = {
        "broken": _("The data of the signature are damaged."),
        "form": _("The signature has a form that is not known here."),
        "algorithm": _("The signature was made by a method that is not known here."),
        "weak": _("The signature was made by a method that proves nothing any more (%(method)s).", method=_method(one)),
    }.get(one.evidence.get("problem", ""), _("The certificate is not one for signing documents."))
    advice = _("Have it checked by the program of the authority that gave the certificate, or ask for a new signature.")
    return f"{why} {advice}"


def _method(one: FileSignature) -> str:
    return str(one.evidence.get("algorithm") or "—").upper()

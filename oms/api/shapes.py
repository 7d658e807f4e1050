"""What things look like in JSON: marshmallow schemas over the rows, the source of the OpenAPI description.

Dates are ISO 8601, moments in UTC. A partly known date has its `precision`; the missing part is not to be shown.
"""

from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields
from marshmallow.utils import get_value

from oms.web.formats import component_title


class Labelled(fields.String):
    """The label of an enum in the language of the reader."""

    def _serialize(self, value: Any, *_rest: Any, **_more: Any) -> str | None:
        return None if value is None else gettext(value.label)


class Value(fields.String):
    """An enum by its value, as it is stored."""

    def _serialize(self, value: Any, *_rest: Any, **_more: Any) -> str | None:
        return None if value is None else str(value.value)


class Sentence(fields.String):
    """A stored message id with its values, in the language of the reader."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002 - theirs
        values = get_value(obj, "error_values", None)
        if not value:
            return None
        return str(gettext(value) % values if values else gettext(value))


class UnitShape(Schema):
    """A unit of the organisation."""

    id = fields.String()
    code = fields.String()
    name = fields.String()
    kind = Value()
    parent = fields.String(attribute="parent_id", allow_none=True)
    keeps_dossiers = fields.Boolean()


class UnitName(Schema):
    """A unit in short."""

    id = fields.String()
    code = fields.String()
    name = fields.String()


class PersonShape(Schema):
    """A person with the numbers of the dossiers the caller may read."""

    id = fields.String()
    name = fields.String(attribute="full_name")
    birth_date = fields.Date(allow_none=True)
    birth_precision = Value(allow_none=True)
    position = fields.String(allow_none=True)
    unit = fields.Nested(UnitName)
    dossiers = fields.List(fields.String())


class PersonName(Schema):
    """A person in short."""

    id = fields.String()
    name = fields.String(attribute="full_name")


class DocumentShape(Schema):
    """A line of the contents list."""

    id = fields.String()
    component = fields.String(attribute="component_id")
    title = fields.String()
    number = fields.String(allow_none=True)
    date = fields.Date(attribute="issued_on", allow_none=True)
    precision = Value(attribute="issued_precision", allow_none=True)
    issuing_body = fields.String(allow_none=True)
    signer = fields.String(allow_none=True)
    original = Value()
    sheets = fields.Integer(allow_none=True, metadata={"description": "As somebody counted them; null before that."})


class ScanLine(Schema):
    """A scan in short."""

    id = fields.String()
    sha256 = fields.String()
    file_name = fields.String()
    pages = fields.Integer(attribute="page_count")
    state = Value()
    label = Labelled(attribute="state", dump_only=True)


class ProgressShape(Schema):
    """How far the reading is, in pages."""

    done = fields.Integer()
    failed = fields.Integer()
    total = fields.Integer()


class SignatureShape(Schema):
    """One digital signature as it was judged: codes for programs, sentences for people.

    `signed_at` is what the signature says of itself, `stamped_at` what its time stamp says; `stamp` tells whether that
    proves anything. `judged_for` is the moment the certificate was asked about.
    """

    number = fields.Integer()
    verdict = Value()
    signer = fields.String()
    organisation = fields.String()
    issuer = fields.String()
    fingerprint = fields.String(metadata={"description": "SHA-256 of the certificate of the signer, hexadecimal."})
    valid_from = fields.DateTime(allow_none=True)
    valid_until = fields.DateTime(allow_none=True)
    revoked_at = fields.DateTime(allow_none=True)
    signed_at = fields.DateTime(allow_none=True)
    stamped_at = fields.DateTime(allow_none=True)
    judged_for = fields.DateTime(allow_none=True)
    evidence = fields.Dict(keys=fields.String(), values=fields.String())
    sentences = fields.List(fields.String())


class SignatureCheckShape(Schema):
    """The last look at the digital signatures of a scan: `total` is null when the file could not be judged."""

    checked_at = fields.DateTime()
    total = fields.Integer(allow_none=True)
    authorities = fields.Integer()
    lists = fields.Integer()
    authorities_sha256 = fields.String()
    signatures = fields.List(fields.Nested(SignatureShape))


class ScanShape(ScanLine):
    """A scan with how far it is."""

    dossier = fields.String(attribute="dossier.number")
    media_type = fields.String()
    size = fields.Integer(metadata={"description": "Bytes of the file as received."})
    error = Sentence(allow_none=True)
    received_at = fields.DateTime()
    progress = fields.Nested(ProgressShape)
    searchable_pdf = fields.Boolean()
    signed = fields.Boolean()
    signatures = fields.Nested(SignatureCheckShape, allow_none=True)


class DossierLine(Schema):
    """A dossier in a list."""

    number = fields.String()
    person = fields.Nested(PersonName)
    category = Value()
    custodian = fields.Nested(UnitName)
    status = Value()
    frozen = fields.Boolean(metadata={"description": "Held still by a transfer: nothing in it can change."})


class Presence(Schema):
    """A component of the original set and how many documents of it there are."""

    component = fields.String(attribute="component.id")
    title = fields.Function(lambda presence: component_title(presence.component.id, presence.component.category))
    documents = fields.Integer()


class Seen(Schema):
    """The version that was seen; one that is not the present one is refused."""

    version = fields.Integer(load_default=None, allow_none=True)


class RetentionShape(Schema):
    """How long a dossier is kept: `until` is null for what is kept for ever, and while nobody has left."""

    rule = fields.String(attribute="rule.id")
    permanent = fields.Boolean(attribute="rule.permanent")
    years = fields.Integer(attribute="rule.years")
    basis = fields.String(attribute="rule.basis")
    source = Value(attribute="rule.source")
    began_on = fields.Date(allow_none=True)
    until = fields.Date(attribute="ends_on", allow_none=True)


class DossierShape(DossierLine):
    """A dossier with its contents list, what of the original set is there, and its scans."""

    managing_body = fields.Nested(UnitName)
    created_at = fields.DateTime()
    documents = fields.List(fields.Nested(DocumentShape))
    completeness = fields.List(fields.Nested(Presence))
    missing = fields.List(
        fields.String(), metadata={"description": "Components of the original set without a document."}
    )
    scans = fields.List(fields.Nested(ScanLine))
    transfer = fields.String(allow_none=True, metadata={"description": "Number of the open transfer."})
    retention = fields.Nested(RetentionShape, allow_none=True)


class EventShape(Schema):
    """One step that was taken."""

    step = fields.String()
    start = Value(allow_none=True)
    end = Value()
    by = fields.String(attribute="taken_by.username")
    at = fields.DateTime()
    reason = fields.String()


class TransferLine(Schema):
    """A transfer in a list."""

    number = fields.String()
    dossier = fields.String(attribute="dossier.number")
    person = fields.String(attribute="dossier.person.full_name")
    sender = fields.Nested(UnitName, attribute="from_unit", data_key="from")
    receiver = fields.Nested(UnitName, attribute="to_unit", data_key="to")
    approver = fields.Nested(UnitName, attribute="approving_unit")
    state = Value()
    label = Labelled(attribute="state", dump_only=True)
    due = fields.Date(attribute="due_on", allow_none=True)
    prepared_at = fields.DateTime()


class CheckShape(Schema):
    """A line of the list as found on arrival."""

    line = fields.Integer(attribute="position")
    outcome = Value()
    note = fields.String()
    settlement = fields.String()
    settled_at = fields.DateTime(allow_none=True)


class ProofShape(Schema):
    """A file that proves a transfer."""

    id = fields.String()
    name = fields.String(attribute="file_name")
    sha256 = fields.String()
    media_type = fields.String()
    pages = fields.Integer(attribute="page_count")
    size = fields.Integer()


class TransferShape(TransferLine):
    """A transfer with its sealed contents list, its events and the steps open to the caller."""

    reason = fields.String()
    basis_number = fields.String(allow_none=True)
    basis_on = fields.Date(allow_none=True)
    proofs = fields.List(fields.Nested(ProofShape))
    checks = fields.List(fields.Nested(CheckShape))
    manifest = fields.Dict(allow_none=True)
    manifest_sha256 = fields.String(allow_none=True)
    events = fields.List(fields.Nested(EventShape))
    steps = fields.List(fields.String())


class JobShape(Schema):
    """A job of the background."""

    id = fields.String()
    kind = fields.String()
    subject = fields.String(attribute="subject_id")
    state = Value()
    label = Labelled(attribute="state", dump_only=True)
    attempts = fields.Integer()
    error = Sentence(allow_none=True)
    created_at = fields.DateTime()
    finished_at = fields.DateTime(allow_none=True)

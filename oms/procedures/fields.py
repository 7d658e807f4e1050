"""The values that a decision can correct: those of the person, and those of the record that two officers verified.

A value is compared and kept as it is written on paper (03/02/1998, 02/1998, 1998), so that the old one can be read by
anybody without the program. What only the record says (pay) is set by writing there once more (`record.follow_decision`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from oms import catalogue, people, record
from oms.catalogue import FormItem
from oms.errors import N_, BadInput
from oms.models import Dossier, Gender, Person, Precision
from oms.organisation import today
from oms.record.settled import is_twice
from oms.record.values import as_kept
from oms.vietnamese import dates
from oms.vietnamese.names import sort_key
from oms.vietnamese.text import nfc

LINE_LENGTH = 200
_GENDERS = {"nam": Gender.MALE.value, "nữ": Gender.FEMALE.value}
# Where the record calls a value otherwise, and writes it otherwise (`catalogue/forms.yaml`).
_KEYS = {"personal_id": "id_number"}
_WORDS = {Gender.MALE.value: "Nam", Gender.FEMALE.value: "Nữ"}


@dataclass(frozen=True)
class Field:
    """One value: its name in words, how it is written, and how a written one is checked and set."""

    label: str
    written: Callable[[Session, Dossier], str]
    checked: Callable[[str], str]
    put: Callable[[Dossier, str], None]


def in_record(name: str, text: str) -> tuple[str, str]:
    """Key and text of a corrected value in the record."""
    return _KEYS.get(name, name), _WORDS.get(text, text) if name == "gender" else text


def _line(text: str) -> str:
    words = " ".join(nfc(text).split())
    if not words or len(words) > LINE_LENGTH:
        raise BadInput(N_("Write the right value as the deciding document has it (at most 200 characters)."))
    return words


def _date(text: str) -> str:
    try:
        found = dates.parse_date(text.strip())
    except dates.ImpossibleDate as error:
        raise BadInput(N_("%(written)s is not a day of the calendar."), written=error.written) from None
    if found is None:
        raise BadInput(N_("Write the date as 03/02/1998, or 02/1998 or 1998 where the paper says no more."))
    if found.first > today():
        raise BadInput(N_("The date lies in the future. Check day, month and year."))
    return dates.format_date(found)


def _whole_date(text: str) -> str:
    written = _date(text)
    if _read(written).precision != dates.Precision.DAY:
        raise BadInput(N_("Write the whole date: day, month and year."))
    return written


def _read(written: str) -> dates.WrittenDate:
    found = dates.parse_date(written)
    if found is None:
        raise ValueError(written)
    return found


def _show(day: date | None, precision: Precision | None = None) -> str:
    if day is None:
        return ""
    return dates.format_date(dates.WrittenDate(day, dates.Precision((precision or Precision.DAY).value)))


def _put_birth(person: Person, written: str) -> None:
    found = _read(written)
    person.birth_date, person.birth_precision = found.first, Precision(found.precision.value)


def _put_name(person: Person, written: str) -> None:
    person.full_name, person.sort_key = written, sort_key(written)


def _personal_id(text: str) -> str:
    number = "".join(text.split())
    people.check_personal_id(number)
    return number


def _gender(text: str) -> str:
    word = nfc(text).strip().lower()
    word = _GENDERS.get(word, word)
    if word not in set(Gender):
        raise BadInput(N_("Write the gender as the papers have it: nam or nữ."))
    return word


def _of_person(
    label: str, written: Callable[[Person], str], checked: Callable[[str], str], put: Callable[[Person, str], None]
) -> Field:
    return Field(
        label,
        lambda _session, dossier: written(dossier.person),
        checked,
        lambda dossier, text: put(dossier.person, text),
    )


def _of_text(label: str, name: str) -> Field:
    return _of_person(
        label, lambda person: getattr(person, name) or "", _line, lambda person, text: setattr(person, name, text)
    )


def _of_date(label: str, name: str) -> Field:
    return _of_person(
        label,
        lambda person: _show(getattr(person, name)),
        _whole_date,
        lambda person, text: setattr(person, name, _read(text).first),
    )


FIELDS: dict[str, Field] = {
    "full_name": _of_person(N_("Full name"), lambda person: person.full_name, people.check_name, _put_name),
    "birth_date": _of_person(
        N_("Birth date"), lambda person: _show(person.birth_date, person.birth_precision), _date, _put_birth
    ),
    "gender": _of_person(
        N_("Gender"),
        lambda person: person.gender.value if person.gender else "",
        _gender,
        lambda person, text: setattr(person, "gender", Gender(text)),
    ),
    "personal_id": _of_person(
        N_("ID number"),
        lambda person: person.personal_id or "",
        _personal_id,
        lambda person, text: setattr(person, "personal_id", text),
    ),
    "staff_code": _of_text(N_("Staff number"), "staff_code"),
    "home_town": _of_text(N_("Home town"), "home_town"),
    "party_join_date": _of_date(N_("Joined the Party"), "party_join_date"),
    "party_official_date": _of_date(N_("Official member since"), "party_official_date"),
}
"""The values of the person, in whatever dossier they are corrected."""


def _of_record(item: FormItem) -> Field:
    """A value the record alone says; nobody corrects what no two officers have verified."""

    def checked(text: str) -> str:
        kept = as_kept(item, text)
        if not kept:
            raise BadInput(N_("Write the right value as the deciding document has it (at most 200 characters)."))
        return kept

    def written(session: Session, dossier: Dossier) -> str:
        said = record.statements_of(session, dossier, item.key).get(item.key, [])
        verified = record.settle(said, twice=True).verified
        return verified.text if verified else ""

    # Two values of a record can have one label (“Bậc lương”): the printed number tells them apart.
    label = f"{item.item}. {item.labels[0]}" if item.item else item.labels[0]
    return Field(label, written, checked, lambda _dossier, _text: None)


def _item(key: str, dossier: Dossier) -> FormItem | None:
    """The item of a key that two officers write and no column of the person holds, by the form the decision follows."""
    return record.usual_item(dossier, key) if key not in FIELDS and is_twice(key) else None


def fields_of(session: Session, dossier: Dossier) -> dict[str, Field]:
    """What a decision can correct in this dossier: the values of the person, and those of its record that two officers
    verified; with one query."""
    said = record.statements_of(session, dossier)
    verified = {key for key, written in said.items() if is_twice(key) and record.settle(written, twice=True).verified}
    items = (_item(key, dossier) for key in sorted(catalogue.record_keys("keyed_twice", today())) if key in verified)
    return FIELDS | {item.key: _of_record(item) for item in items if item is not None}


def get_field(key: str, dossier: Dossier) -> Field:
    """The field of a key; raises `BadInput` for one that no decision corrects in such a dossier."""
    if key in FIELDS:
        return FIELDS[key]
    item = _item(key, dossier)
    if item is None:
        raise BadInput(N_("Choose the value that is wrong."))
    return _of_record(item)


def get_correctable(session: Session, key: str, dossier: Dossier) -> Field:
    """The field of a key that a decision can correct today; raises `BadInput` while no two officers verified the value."""
    field = get_field(key, dossier)
    if key not in FIELDS and not field.written(session, dossier):
        raise BadInput(
            N_(
                "Two officers have not verified this value yet. Write it in the record; a decision is needed only after that."
            )
        )
    return field

"""People: the list, one person with the dossiers that may be read, entering somebody with the first dossier."""

from collections.abc import Mapping
from math import ceil

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from oms import dossiers, membership, people
from oms.errors import BadInput, Conflict
from oms.models import Category, Gender, Person, Precision
from oms.people import NewPerson
from oms.permissions import Action
from oms.vietnamese.dates import ImpossibleDate, WrittenDate, parse_date
from oms.web import access
from oms.web.access import guarded
from oms.web.dossiers import Choices, Entry, choices, read_entry
from oms.web.membership import TONES

bp = Blueprint("people", __name__, url_prefix="/people")


@bp.get("")
@guarded(Action.PERSON_READ)
def index() -> str:
    """People with a dossier the actor may read; search by name, filter by unit."""
    name, unit_id = request.args.get("name", "").strip(), request.args.get("unit", "")
    sort, page = request.args.get("sort", "name"), max(request.args.get("page", 1, int), 1)
    found, total = people.list_people(
        g.session, actor=g.actor, name=name[: people.NAME_LENGTH], unit_id=unit_id or None, page=page, sort=sort
    )
    return render_template(
        "people/index.html",
        people=[(person, people.dossiers_of(person, actor=g.actor)) for person in found],
        units=[(unit.id, unit.short_name) for unit in people.units_with_people(g.session, actor=g.actor)],
        name=name,
        unit_id=unit_id,
        sort=sort,
        page=page,
        pages=max(1, ceil(total / people.PAGE_SIZE)),
        total=total,
    )


@bp.get("/<id>")
@guarded(Action.PERSON_READ)
def show(person: Person) -> str:
    """What is written down about a person, and the dossiers of that person the actor may read."""
    people.view(g.session, person, actor=g.actor)
    readable = people.dossiers_of(person, actor=g.actor)
    member = next((dossier for dossier in readable if dossier.category == Category.PARTY_MEMBER), None)
    return render_template(
        "people/show.html",
        person=person,
        dossiers=readable,
        shows_ethnicity=people.is_open("ethnicity", person, actor=g.actor),
        member_dossier=member,
        membership_home=membership.home_of(member) if member else None,
        moves=membership.moves_of(g.session, person, actor=g.actor),
        move_tones=TONES,
    )


@bp.route("/new", methods=["GET", "POST"])
@guarded(Action.DOSSIER_CREATE)
def new() -> AnyResponse | str:
    """Enter a person together with the first dossier."""
    offered = choices(g.session, g.actor)
    if request.method == "GET":
        return _form(offered, {}, {})
    entry = read_entry(request.form, offered)
    person = read_person(entry)
    if not entry.errors and person is not None:
        try:
            dossier = dossiers.open_dossier(g.session, actor=g.actor, new_person=person, **entry.dossier)
            access.commit()
        except (BadInput, Conflict) as error:
            entry.refuse("personal_id" if isinstance(error, Conflict) else "full_name", error)
        else:
            flash(_("%(number)s was opened. Upload the scanned papers next.", number=dossier.number), "success")
            return redirect(url_for("dossiers.show", id=dossier.id))
    return make_response(_form(offered, request.form, entry.errors), 422)


def _form(offered: Choices, values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    genders = [(gender.value, _(gender.label)) for gender in Gender]
    return render_template("people/new.html", **offered.options(), values=values, errors=errors, genders=genders)


def read_person(entry: Entry) -> NewPerson | None:
    """The person of the form; what is wrong with it stands in `entry.errors` by field."""
    form = entry.form
    try:
        people.check_name(form.get("full_name", ""))
    except BadInput as error:
        entry.refuse("full_name", error)
    personal_id = "".join(form.get("personal_id", "").split()) or None
    try:
        people.check_personal_id(personal_id)
    except BadInput as error:
        entry.refuse("personal_id", error)
    born = _read_date(entry, "birth_date")
    joined, official = _read_date(entry, "party_join_date"), _read_date(entry, "party_official_date")
    if entry.errors:
        return None
    return NewPerson(
        full_name=form.get("full_name", ""),
        gender=Gender(form["gender"]) if form.get("gender") in set(Gender) else None,
        birth_date=born.first if born else None,
        birth_precision=Precision(born.precision.value) if born else None,
        personal_id=personal_id,
        staff_code=entry.text("staff_code", 40),
        home_town=entry.text("home_town"),
        ethnicity=entry.text("ethnicity", 60),
        position=entry.text("position"),
        party_join_date=joined.first if joined else None,
        party_official_date=official.first if official else None,
        aliases=tuple(alias for line in form.get("aliases", "").split(";") if (alias := line.strip()[:120])),
    )


def _read_date(entry: Entry, name: str) -> WrittenDate | None:
    """A date as the paper has it; only a birth date may lack its day or month."""
    written = entry.form.get(name, "").strip()
    if not written:
        return None
    try:
        date = parse_date(written)
    except ImpossibleDate:
        date = None
    if name == "birth_date" and date is None:
        entry.errors[name] = _(
            "This is not a date. Write 03/02/1998, or only 02/1998 or 1998 when the papers say no more."
        )
    elif date is None or (name != "birth_date" and date.precision != "day"):
        entry.errors[name] = _("This is not a day of the calendar. Write it as day/month/year, for example 03/02/1998.")
    return date

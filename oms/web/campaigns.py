"""Campaigns of supplements: the list, opening one, how far each unit is, closing it."""

from math import ceil
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from oms import campaigns, catalogue, organisation, papers
from oms.campaigns import finding
from oms.errors import BadInput, Refused
from oms.models import Campaign, Category, DeclarationState
from oms.papers import Printing
from oms.permissions import Action, can
from oms.web import access, work
from oms.web.access import guarded
from oms.web.days import read_day
from oms.web.declaring import TONES
from oms.web.errors import sentence_of
from oms.web.formats import day, number
from oms.web.papers import send_paper

bp = Blueprint("campaigns", __name__, url_prefix="/campaigns")


@work.source
def due_here() -> list[work.Due]:
    """Supplements to check and to attest, and those a unit still waits for, campaign by campaign."""
    return [
        work.Due(
            title=one.campaign.name,
            url=url_for("campaigns.show", id=one.campaign.id),
            text=_words_of(one),
            meta=_("last day %(day)s", day=day(one.campaign.ends_on)),
            icon="card-list",
            status=(_("Overdue"), "danger") if one.late else None,
            late=one.late,
        )
        for one in campaigns.waiting_for(g.session, actor=g.actor)
    ]


def _words_of(one: campaigns.Waiting) -> str:
    parts = (
        _("%(count)s supplements to check", count=number(one.to_check)) if one.to_check else "",
        _("%(count)s to attest", count=number(one.to_attest)) if one.to_attest else "",
        _("%(count)s not handed in", count=number(one.left)) if one.left else "",
    )
    return " · ".join(part for part in parts if part)


@bp.get("")
@guarded(Action.CAMPAIGN_READ)
def index() -> str:
    """Campaigns the unit opened or is asked in."""
    page = max(request.args.get("page", 1, int), 1)
    rows, total = campaigns.list_campaigns(g.session, actor=g.actor, page=page)
    return render_template(
        "campaigns/index.html",
        rows=rows,
        today=organisation.today(),
        total=total,
        page=page,
        pages=max(1, ceil(total / finding.PAGE_SIZE)),
    )


@bp.get("/new")
@guarded(Action.CAMPAIGN_OPEN)
def new() -> str:
    """The form of a new campaign."""
    return _form()


@bp.post("/new")
@guarded(Action.CAMPAIGN_OPEN)
def create() -> ResponseReturnValue:
    """Open it, or say what is wrong."""
    form = request.form
    try:
        wish = campaigns.NewCampaign(
            name=form.get("name", ""),
            year=form.get("year", 0, int),
            starts_on=read_day(form.get("starts_on", "")) or organisation.today(),
            ends_on=read_day(form.get("ends_on", "")),
            unit_id=form.get("unit", ""),
            unit_ids=form.getlist("units") or [form.get("unit", "")],
            categories=[kind for kind in Category if kind.value in form.getlist("categories")],
            fields=form.getlist("fields"),
        )
        campaign = campaigns.open_campaign(g.session, wish, actor=g.actor)
    except (BadInput, Refused) as error:
        g.session.rollback()
        return _form(sentence_of(error)), error.status
    access.commit()
    flash(_("Campaign %(number)s is open.", number=campaign.number), "success")
    return redirect(url_for(".show", id=campaign.id))


def _form(problem: str = "") -> str:
    form, today = request.form, organisation.today()
    ids = g.actor.units.get(Action.CAMPAIGN_OPEN, frozenset())
    live = organisation.units_on(g.session, today)
    own = [unit for unit in organisation.custodians(g.session, today) if unit.id in ids]
    chosen = next((unit for unit in own if unit.id == form.get("unit", g.actor.unit_id)), own[0] if own else None)
    within = campaigns.reach(g.session, chosen) if chosen else frozenset()
    year = form.get("year", today.year, int)
    usual = catalogue.supplement_keys("usual", today)
    return render_template(
        "campaigns/new.html",
        openers=[(unit.id, unit.name) for unit in own],
        opener=chosen.id if chosen else "",
        units=[(unit.id, unit.name, "") for unit in live if unit.id in within],
        units_chosen=form.getlist("units"),
        categories=[(kind.value, _(kind.label), _deadline(kind, year)) for kind in Category],
        categories_chosen=form.getlist("categories") if form else [Category.CIVIL_SERVANT.value],
        things=[
            (key, thing.labels[0], source.label(str(get_locale())))
            for key, (thing, source) in catalogue.supplement_things(today).items()
        ],
        things_chosen=form.getlist("fields") if form else list(usual),
        values={
            "name": form.get("name", _("Yearly supplement %(year)s", year=year)),
            "year": year,
            "starts_on": form.get("starts_on", day(today)),
            "ends_on": form.get("ends_on", ""),
        },
        problem=problem,
    )


def _deadline(category: Category, year: int) -> str:
    found = campaigns.deadline_of([category], year)
    if found is None:
        return str(_("no day by law"))
    return str(_("last day %(day)s (%(basis)s)", day=day(found[0]), basis=found[1]))


@bp.get("/<id>")
@guarded(Action.CAMPAIGN_READ)
def show(campaign: Campaign) -> str:
    """How far it is, by unit, and the people the actor may know of."""
    whole, units = finding.view(g.session, campaign, actor=g.actor)
    return _page(campaign, whole, units)


def _chosen() -> dict[str, Any]:
    args = request.values  # of the address, or of the form that was refused
    state = args.get("state", "")
    named = tuple(one for one in DeclarationState if one.value == state)
    states = campaigns.NOT_HANDED_IN if state == "missing" else named
    return {"unit_id": args.get("unit", ""), "states": states, "no_account": args.get("account") == "none"}


def _page(campaign: Campaign, whole: Any, units: Any, problem: str = "") -> str:
    page = max(request.args.get("page", 1, int), 1)
    chosen = _chosen()
    rows, total = campaigns.list_declarations(g.session, campaign, actor=g.actor, page=page, **chosen)
    blank = campaigns.count_blank(
        g.session, campaign, actor=g.actor, unit_id=chosen["unit_id"], no_account=chosen["no_account"]
    )
    opens = can(g.actor, Action.CAMPAIGN_OPEN, campaign)
    known = catalogue.supplement_things(organisation.today())
    return render_template(
        "campaigns/show.html",
        campaign=campaign,
        whole=whole,
        units=units,
        rows=rows,
        total=total,
        page=page,
        pages=max(1, ceil(total / finding.PAGE_SIZE)),
        tones=TONES,
        states=[("missing", _("Not handed in")), *((one.value, _(one.label)) for one in DeclarationState)],
        shown={
            "unit": request.values.get("unit", ""),
            "state": request.values.get("state", ""),
            "account": request.values.get("account", ""),
        },
        parts=[(str(part), f"{first}–{last}") for part, first, last in papers.parts_of(blank)],
        at_once=papers.FORMS_AT_ONCE,
        fields_of=[known[key][0].labels[0] for key in campaign.fields if key in known],
        categories=[Category(value).label for value in campaign.categories],
        is_open=campaigns.takes_in(campaign, person=False),
        late=campaign.ends_on < organisation.today(),
        opens=opens,
        newcomers=campaigns.count_newcomers(g.session, campaign) if opens else 0,
        untouched=whole.states[DeclarationState.NOT_STARTED] == whole.total,
        attests=_to_attest(campaign),
        problem=problem,
    )


def _to_attest(campaign: Campaign) -> int:
    if not g.actor.has(Action.DECLARATION_ATTEST):
        return 0
    return next(
        (one.to_attest for one in campaigns.waiting_for(g.session, actor=g.actor) if one.campaign.id == campaign.id), 0
    )


@bp.post("/<id>/change")
@guarded(Action.CAMPAIGN_OPEN)
def change(campaign: Campaign) -> ResponseReturnValue:
    """Another name, another last day."""
    form = request.form
    try:
        ends_on = read_day(form.get("ends_on", "")) or campaign.ends_on
        campaigns.change(
            g.session, campaign, name=form.get("name", ""), ends_on=ends_on, actor=g.actor, version=_version()
        )
    except BadInput as error:
        g.session.rollback()
        whole, units = finding.progress_of(g.session, campaign, actor=g.actor)
        return _page(campaign, whole, units, sentence_of(error)), error.status
    access.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".show", id=campaign.id))


@bp.post("/<id>/forms")
@guarded(Action.CAMPAIGN_READ, writing=False)
def draw_forms(campaign: Campaign) -> ResponseReturnValue:
    """The blank forms of a unit as one PDF; nobody else waits while it is drawn."""
    form = request.form
    try:
        paper = papers.blank_forms(
            g.session,
            campaign,
            unit_id=form.get("unit", ""),
            no_account=form.get("account") == "none",
            part=form.get("part", 1, int),
            printing=Printing(g.actor, "filing", request.url_root),
        )
    except BadInput as error:
        whole, units = finding.progress_of(g.session, campaign, actor=g.actor)
        return _page(campaign, whole, units, sentence_of(error)), error.status
    return send_paper(paper)


@bp.post("/<id>/take-in")
@guarded(Action.CAMPAIGN_OPEN)
def take_in(campaign: Campaign) -> ResponseReturnValue:
    """Ask those who came later."""
    count = campaigns.take_in(g.session, campaign, actor=g.actor)
    access.commit()
    flash(_("%(count)s more people are asked.", count=number(count)), "success")
    return redirect(url_for(".show", id=campaign.id))


@bp.post("/<id>/close")
@guarded(Action.CAMPAIGN_OPEN)
def close(campaign: Campaign) -> ResponseReturnValue:
    """Nothing more is handed in."""
    campaigns.close(g.session, campaign, actor=g.actor, version=_version())
    access.commit()
    flash(_("The campaign is closed. What was handed in is still checked and attested."), "success")
    return redirect(url_for(".show", id=campaign.id))


@bp.post("/<id>/discard")
@guarded(Action.CAMPAIGN_OPEN)
def discard(campaign: Campaign) -> ResponseReturnValue:
    """Take it back before anybody declared."""
    campaigns.discard(g.session, campaign, actor=g.actor)
    access.commit()
    flash(_("The campaign is taken back."), "success")
    return redirect(url_for(".index"))


@bp.post("/<id>/attest")
@guarded(Action.DECLARATION_ATTEST, model=Campaign)
def attest(campaign: Campaign) -> ResponseReturnValue:
    """Attest what is checked and waits for this head."""
    done, left = campaigns.attest_all(g.session, campaign, actor=g.actor, unit_id=request.form.get("unit", ""))
    access.commit()
    if done:
        flash(_("%(count)s supplements are attested.", count=number(done)), "success")
    for declaration, error in left:
        flash(f"{declaration.dossier.number} – {declaration.dossier.person.full_name}: {sentence_of(error)}", "warning")
    return redirect(url_for(".show", id=campaign.id))


def _version() -> int | None:
    return request.form.get("version", type=int)

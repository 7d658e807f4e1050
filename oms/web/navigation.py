"""The menu of the product by the work people do, as far as the actor may go; counts of what waits for them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, g, request, url_for
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError

from oms import consultations, custody, desk, membership, reorganisation
from oms.custody import mass
from oms.errors import N_
from oms.permissions import Action, Actor, can
from oms.web.access import house
from oms.web.closed import exists


@dataclass(frozen=True)
class Entry:
    """A row of the menu: `action` opens it; it stands marked in its own room and in those of `also`."""

    endpoint: str
    label: str
    icon: str
    action: Action
    also: frozenset[str] = frozenset()
    values: dict[str, str] = field(default_factory=dict)

    @property
    def rooms(self) -> frozenset[str]:
        """The blueprints whose pages belong to it."""
        return self.also | {self.endpoint.split(".")[0]}


def _entry(endpoint: str, label: str, icon: str, action: Action, also: str = "", **values: str) -> Entry:
    return Entry(endpoint, label, icon, action, frozenset(also.split()), values)


GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            _entry("start.show", N_("Start page"), "house", Action.OWN_READ),
            _entry("search.show", N_("Search"), "search", Action.SEARCH, "saved_searches"),
        ),
    ),
    (
        N_("Dossiers"),
        (
            _entry(
                "people.index",
                N_("People and dossiers"),
                "people",
                Action.DOSSIER_READ,
                "dossiers first_load inserts pages papers protection protection_flags rearranging record record_numbers sheets short_cvs",
            ),
            _entry("file_prints.index", N_("Register of prints"), "printer", Action.INSERT_OPEN),
            _entry(
                "completeness.index",
                N_("Missing papers"),
                "card-checklist",
                Action.DOSSIER_READ,
                "cover_sheets paper_losses",
            ),
            _entry("checks.index", N_("Truth checks"), "question-circle", Action.CHECK_READ, "verifications"),
            _entry(
                "corrections.index",
                N_("Corrections"),
                "pencil-square",
                Action.CORRECTION_READ,
                "attestations leavings",
            ),
            _entry(
                "campaigns.index", N_("Yearly supplements"), "card-list", Action.CAMPAIGN_READ, "declarations overdue"
            ),
        ),
    ),
    (
        N_("Scanning"),
        (
            _entry("intake.index", N_("Paper in"), "inbox", Action.SCAN_READ, "gate scan_folders stacks"),
            _entry("review.index", N_("Check and file"), "check2-square", Action.SCAN_READ, "desk"),
        ),
    ),
    (
        N_("Handing over"),
        (
            _entry(
                "transfers.index",
                N_("Transfers"),
                "arrow-left-right",
                Action.TRANSFER_READ,
                "arrivals late_papers losses mass_transfers proofs transfer_requests",
            ),
            _entry("membership.index", N_("Party membership"), "person-check", Action.MEMBERSHIP_READ),
            _entry("packages.index", N_("Sealed packages"), "box-seam", Action.PACKAGE_READ),
        ),
    ),
    (
        N_("Use and keeping"),
        (
            _entry(
                "consultations.index",
                N_("Look into dossiers"),
                "eye",
                Action.CONSULTATION_READ,
                "locating reading_room",
            ),
            _entry("subject_requests.index", N_("Requests of people"), "person-lines-fill", Action.REQUEST_READ),
            _entry("stocktaking.index", N_("Stock-taking"), "upc-scan", Action.STOCK_COUNT, "whereabouts"),
            _entry("holds.index", N_("Holds and disposals"), "shield-lock", Action.HOLD_READ, "delegations disposal"),
        ),
    ),
    (
        N_("Organisation, figures"),
        (
            _entry("figures.index", N_("Figures"), "bar-chart", Action.FIGURES_READ, "reports"),
            _entry("milestones.show", N_("Lists by the calendar"), "calendar3", Action.DOSSIER_READ, what="retirement"),
            _entry("organisation.index", N_("Organisation"), "diagram-3", Action.UNIT_READ),
            _entry(
                "reorganisations.index",
                N_("Reorganisations"),
                "diagram-2",
                Action.REORGANISATION_READ,
                "reorganisation_plans",
            ),
        ),
    ),
    (
        N_("Administration"),
        (
            _entry("audit.index", N_("Audit log"), "journal-text", Action.AUDIT_READ),
            _entry("alarms.index", N_("Alarms"), "bell", Action.ALARM_READ),
            _entry("access_reviews.index", N_("Review of access rights"), "shield-check", Action.ACCESS_REVIEW_STATE),
            _entry("accounts.index", N_("Accounts"), "person-badge", Action.ACCOUNT_MANAGE),
            _entry("system.show", N_("System"), "gear", Action.SYSTEM_READ),
        ),
    ),
)

FEW = 7
"""A menu of so few rows needs no headings."""


def _counts(actor: Actor) -> dict[str, int]:
    session = g.get("session")
    if session is None or session.info["writing"]:
        return {}
    counts = {}
    try:
        if actor.has(Action.PAGE_REVIEW):
            counts["review.index"] = desk.count_waiting(session, actor=actor)
        if actor.has(Action.TRANSFER_READ):
            batches = mass.waiting_for(session, actor=actor)
            counts["transfers.index"] = len(custody.waiting_for(session, actor=actor)) + len(batches)
        if actor.has(Action.REORGANISATION_APPROVE):
            counts["reorganisations.index"] = len(reorganisation.to_decide(session, actor=actor))
        if actor.has(Action.MEMBERSHIP_READ):
            counts["membership.index"] = len(membership.waiting_for(session, actor=actor))
        if actor.has(Action.CONSULTATION_APPROVE):
            counts["consultations.index"] = consultations.count_to_decide(session, actor=actor)
    except SQLAlchemyError:
        return {}  # the page that says so is shown without counts
    return counts


def _concerns(endpoint: str, actor: Actor) -> bool:
    """Every officer has the right to reorganise; it reaches something only in a board that keeps dossiers."""
    session = g.get("session")
    if endpoint != "reorganisations.index" or session is None:
        return True
    try:
        return reorganisation.has_board(session, actor=actor)
    except SQLAlchemyError:
        return True


def menu() -> list[dict[str, Any]]:
    """The groups of the menu for the present request: `label` (empty: no heading) and their `entries`."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        return []
    counts = _counts(actor)
    groups = [(label, list(_open_to(actor, entries, counts))) for label, entries in GROUPS]
    headed = sum(len(rows) for _label, rows in groups) > FEW
    return [{"label": gettext(label) if label and headed else "", "entries": rows} for label, rows in groups if rows]


def _open_to(actor: Actor, entries: tuple[Entry, ...], counts: dict[str, int]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        if (
            exists(entry.endpoint, protected=house().settings.protected)
            and actor.has(entry.action)
            and _concerns(entry.endpoint, actor)
        ):
            url = url_for(entry.endpoint, _external=False, **entry.values)
            yield {
                "label": gettext(entry.label),
                "url": url,
                "icon": entry.icon,
                "active": request.blueprint in entry.rooms,
                "here": url == request.path,
                "count": counts.get(entry.endpoint, 0),
            }


def add_navigation(app: Flask) -> None:
    """Give every page its menu and the name of who is signed in; buttons ask `can(action, thing)`."""

    @app.context_processor
    def page_frame() -> dict[str, Any]:
        actor: Actor | None = g.get("actor")
        frame: dict[str, Any] = {
            "navigation": menu(),
            "account": None,
            "exists": lambda endpoint: exists(endpoint, protected=house().settings.protected),
            "can": lambda action, thing=None: actor is not None and can(actor, action, thing),
        }
        if actor is not None:
            frame["account"] = {
                "name": actor.name,
                "unit": g.signed_in_unit,
                "role": gettext(actor.role.label) if actor.role else "",
                "url": url_for("account.show"),
            }
            frame["language_url"] = url_for("account.set_language")
            frame["sign_out_url"] = url_for("account.sign_out")
            if actor.has(Action.SEARCH):
                frame["search_url"] = url_for("search.show")
        return frame

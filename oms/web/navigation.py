"""The menu of the product, as far as the actor may go; counts of what waits for them."""

from typing import Any

from flask import Flask, g, request, url_for
from flask_babel import gettext
from sqlalchemy.exc import SQLAlchemyError

from oms import consultations, custody, desk, membership, reorganisation
from oms.custody import mass
from oms.errors import N_
from oms.permissions import Action, Actor, can

# endpoint, label, icon, the action that opens it
ENTRIES: tuple[tuple[str, str, str, Action], ...] = (
    ("start.show", N_("Start page"), "house", Action.OWN_READ),
    ("people.index", N_("People and dossiers"), "people", Action.DOSSIER_READ),
    ("intake.index", N_("Paper in"), "inbox", Action.SCAN_READ),
    ("review.index", N_("Check and file"), "check2-square", Action.SCAN_READ),
    ("completeness.index", N_("Missing papers"), "card-checklist", Action.DOSSIER_READ),
    ("figures.index", N_("Figures"), "bar-chart", Action.FIGURES_READ),
    ("checks.index", N_("Truth checks"), "question-circle", Action.CHECK_READ),
    ("corrections.index", N_("Corrections"), "pencil-square", Action.CORRECTION_READ),
    ("subject_requests.index", N_("Requests of people"), "person-lines-fill", Action.REQUEST_READ),
    ("campaigns.index", N_("Yearly supplements"), "card-list", Action.CAMPAIGN_READ),
    ("search.show", N_("Search"), "search", Action.SEARCH),
    ("transfers.index", N_("Transfers"), "arrow-left-right", Action.TRANSFER_READ),
    ("membership.index", N_("Party membership"), "person-check", Action.MEMBERSHIP_READ),
    ("consultations.index", N_("Look into dossiers"), "eye", Action.CONSULTATION_READ),
    ("packages.index", N_("Sealed packages"), "box-seam", Action.PACKAGE_READ),
    ("stocktaking.index", N_("Stock-taking"), "upc-scan", Action.STOCK_COUNT),
    ("holds.index", N_("Holds and disposals"), "shield-lock", Action.HOLD_READ),
    ("organisation.index", N_("Organisation"), "diagram-3", Action.UNIT_READ),
    ("reorganisations.index", N_("Reorganisations"), "diagram-2", Action.REORGANISATION_READ),
    ("audit.index", N_("Audit log"), "journal-text", Action.AUDIT_READ),
    ("accounts.index", N_("Accounts"), "person-badge", Action.ACCOUNT_MANAGE),
    ("system.show", N_("System"), "gear", Action.SYSTEM_READ),
)


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
    """The menu rows for the present request."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        return []
    here = request.blueprint
    counts = _counts(actor)
    return [
        {
            "label": gettext(label),
            "url": url_for(endpoint),
            "icon": icon,
            "active": endpoint.split(".")[0] == here
            or (endpoint == "holds.index" and here in ("delegations", "disposal"))
            or (endpoint == "campaigns.index" and here in ("declarations", "overdue"))
            or (endpoint == "transfers.index" and here in ("mass_transfers", "transfer_requests"))
            or (endpoint == "reorganisations.index" and here == "reorganisation_plans")
            or (endpoint == "people.index" and here in ("dossiers", "first_load", "milestones", "short_cvs"))
            or (endpoint == "intake.index" and here in ("stacks", "scan_folders"))
            or (endpoint == "completeness.index" and here in ("cover_sheets", "paper_losses"))
            or (endpoint == "corrections.index" and here in ("attestations", "leavings"))
            or (endpoint == "checks.index" and here == "verifications")
            or (endpoint == "figures.index" and here == "reports")
            or (endpoint == "consultations.index" and here in ("reading_room", "locating")),
            "count": counts.get(endpoint, 0),
        }
        for endpoint, label, icon, action in ENTRIES
        if actor.has(action) and _concerns(endpoint, actor)
    ]


def add_navigation(app: Flask) -> None:
    """Give every page its menu and the name of who is signed in; buttons ask `can(action, thing)`."""

    @app.context_processor
    def page_frame() -> dict[str, Any]:
        actor: Actor | None = g.get("actor")
        frame: dict[str, Any] = {
            "navigation": menu(),
            "account": None,
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

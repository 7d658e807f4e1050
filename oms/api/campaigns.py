"""Campaigns of supplements: which there are, how far each unit is, and whose supplement stands where."""

from typing import Any

from flask import g
from marshmallow import Schema, fields

from oms import campaigns
from oms.api.door import gives, room, takes
from oms.api.paging import PageArguments, after, listed, page_of
from oms.api.shapes import Labelled, UnitName, Value
from oms.campaigns import Progress, finding
from oms.models import Campaign, DeclarationState
from oms.permissions import Action
from oms.web.access import guarded

bp = room("campaigns", "Campaigns of yearly supplements")


class CampaignProgress(Schema):
    """How many supplements stand where; `no_account`: not handed in, and the person cannot sign in."""

    unit = fields.Nested(UnitName, allow_none=True)
    total = fields.Integer()
    handed_in = fields.Integer()
    left = fields.Integer()
    no_account = fields.Integer()
    states = fields.Function(lambda row: {state.value: row.states[state] for state in DeclarationState})


class CampaignShape(Schema):
    """A campaign, with how far it is as the caller may know."""

    number = fields.String(attribute="campaign.number")
    name = fields.String(attribute="campaign.name")
    year = fields.Integer(attribute="campaign.year")
    unit = fields.Nested(UnitName, attribute="campaign.unit")
    starts_on = fields.Date(attribute="campaign.starts_on")
    ends_on = fields.Date(attribute="campaign.ends_on")
    closed_at = fields.AwareDateTime(attribute="campaign.closed_at", allow_none=True)
    categories = fields.List(fields.String(), attribute="campaign.categories")
    fields_ = fields.List(fields.String(), attribute="campaign.fields", data_key="fields")
    progress = fields.Nested(CampaignProgress)


class CampaignInFull(CampaignShape):
    """As in the list, with each grassroots unit; whoever is furthest behind comes first."""

    units = fields.List(fields.Nested(CampaignProgress))


class DeclarationShape(Schema):
    """Whose supplement stands where; never what was declared."""

    dossier = fields.String(attribute="dossier.number")
    person = fields.String(attribute="dossier.person.full_name")
    unit = fields.Nested(UnitName, attribute="dossier.person.unit")
    state = Value()
    label = Labelled(attribute="state", dump_only=True)
    on_paper = fields.Boolean()
    sent_at = fields.AwareDateTime(allow_none=True)
    account = fields.Boolean()


class DeclarationArguments(PageArguments):
    """Which supplements; all without a state."""

    state = fields.Enum(DeclarationState, by_value=True, load_default=None)


def _told(campaign: Campaign, progress: Progress) -> dict[str, Any]:
    return {"campaign": campaign, "progress": progress}


@bp.get("/campaigns")
@guarded(Action.CAMPAIGN_READ)
@gives(listed(CampaignShape, "Campaigns"))
@takes(PageArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """Campaigns the caller's unit opened or is asked in, open ones first."""
    page, size = page_of(asked)
    found, total = campaigns.list_campaigns(g.session, actor=g.actor, page=page, size=size)
    return {"items": [_told(*row) for row in found], "next": after(page, size, more=page * size < total)}


@bp.get("/campaigns/<number>")
@guarded(Action.CAMPAIGN_READ, by="number")
@gives(CampaignInFull)
def show(campaign: Campaign) -> dict[str, Any]:
    """One campaign with its units."""
    whole, units = finding.view(g.session, campaign, actor=g.actor)
    return {**_told(campaign, whole), "units": units}


@bp.get("/campaigns/<number>/declarations")
@guarded(Action.CAMPAIGN_READ, by="number")
@gives(listed(DeclarationShape, "Declarations"))
@takes(DeclarationArguments, "query")
def declarations(asked: dict[str, Any], campaign: Campaign) -> dict[str, Any]:
    """Supplements of people whose dossier the caller's unit uses, keeps or manages, by name."""
    page, size = page_of(asked)
    states = (asked["state"],) if asked["state"] else ()
    rows, total = campaigns.list_declarations(g.session, campaign, actor=g.actor, states=states, page=page, size=size)
    items = [
        {
            "dossier": one.dossier,
            "state": one.state,
            "on_paper": one.on_paper,
            "sent_at": one.sent_at,
            "account": account,
        }
        for one, account in rows
    ]
    return {"items": items, "next": after(page, size, more=page * size < total)}

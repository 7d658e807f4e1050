"""`oms search` and `oms reindex`."""

from collections.abc import Iterator
from typing import Any

import click

from oms import audit, catalogue, db, organisation
from oms import search as finding
from oms.cli.opening import acting, open_house
from oms.cli.output import _, acting_as, put, put_json, say, with_json
from oms.search import Filters, Hit, Results


@click.command(help=_("Find dossiers, documents and pages among what the account may see."))
@click.argument("query", nargs=-1, required=True)
@acting_as()
@click.option("--unit", "unit_words", metavar="U", help=_("Only dossiers held by this unit (code or name)."))
@click.option("--component", metavar="C", help=_("Only documents of this component."))
@click.option("--category", type=click.Choice(catalogue.categories()), help=_("Only dossiers of this category."))
@click.option("--year", type=int, metavar="Y", help=_("Only documents of this year."))
@click.option(
    "--page", type=click.IntRange(1), default=1, show_default=True, metavar="N", help=_("Which page of the result.")
)
@with_json
def search(
    query: tuple[str, ...],
    username: str,
    unit_words: str | None,
    component: str | None,
    category: str | None,
    year: int | None,
    page: int,
    as_json: bool,
) -> None:
    """Search as one account."""
    house = open_house()
    with acting(house, username, "search:find") as actor, db.reading(house.engine) as session:
        unit_id = organisation.find_unit(session, unit_words).id if unit_words else None
        filters = Filters(unit_id=unit_id, component=component, category=category, year=year)
        results = finding.find(session, house.search, " ".join(query), actor=actor, filters=filters, page=page)
        document, lines = _document(results), list(_lines(results))
        audit.write_looks(session)
    if as_json:
        put_json(document)
        return
    say(_("Found: %(total)s", total=document["total"]))
    for line in lines:
        put(line)


def _document(results: Results) -> dict[str, Any]:
    return {
        "total": results.total,
        "facets": {name: dict(counts) for name, counts in results.facets.items()},
        "hits": [_hit(hit) for hit in results.hits],
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "dossier": hit.dossier.number,
        "person": hit.dossier.person.full_name,
        "document": hit.document.title if hit.document else None,
        "page": hit.page.number if hit.page else None,
        "scan": hit.page.scan_id if hit.page else None,
        "tier": hit.tier,
        "score": round(hit.score, 4),
        "snippet": "".join(text for text, _marked in hit.snippet),
    }


def _lines(results: Results) -> Iterator[str]:
    for hit in results.hits:
        what = hit.document.title if hit.document else ""
        page = _("page %(number)s", number=hit.page.number) if hit.page else ""
        yield "  ".join(part for part in (hit.dossier.number, hit.dossier.person.full_name, what, page) if part)
        yield "    " + "".join(f"[{text}]" if marked else text for text, marked in hit.snippet).replace("\n", " ")


@click.command(help=_("Build the search index anew from the database; the old one answers until then."))
@click.option(
    "--resume", is_flag=True, help=_("Go on where a rebuild was broken off; mend a whole index where it differs.")
)
def reindex(resume: bool) -> None:
    """Rebuild or mend the index."""
    house = open_house()
    if resume and finding.state(house.settings) == "ready":
        say(_("%(count)s things were brought up to date.", count=finding.mend(house.engine, house.settings)))
    else:
        finding.rebuild(house.engine, house.settings, resume=resume)
        say(_("The index is new."))
    with db.writing(house.engine) as session:
        audit.record(session, "system:reindex", actor=None)

"""`oms search` and `oms reindex`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
from sqlalchemy.orm import Session

from oms import audit, catalogue, db, limits, organisation
from oms import search as finding
from oms.cli.opening import House, acting, open_house
from oms.cli.output import _, acting_as, new_file, put, put_json, say, with_json
from oms.errors import N_, BadInput
from oms.search import Filters, Hit, Results, exporting, suggesting
from oms.search.interface import Sort


@click.command(help=_("Find dossiers, documents and pages among what the account may see."))
@click.argument("query", nargs=-1)
@acting_as()
@click.option("--unit", "unit_words", metavar="U", help=_("Only dossiers held by this unit (code or name)."))
@click.option("--component", metavar="C", help=_("Only documents of this component."))
@click.option("--category", type=click.Choice(catalogue.categories()), help=_("Only dossiers of this category."))
@click.option("--year", type=int, metavar="Y", help=_("Only documents of this year."))
@click.option("--sort", type=click.Choice(get_args(Sort)), default="relevance", help=_("Order of the result."))
@click.option(
    "--page", type=click.IntRange(1), default=1, show_default=True, metavar="N", help=_("Which page of the result.")
)
@click.option("--suggest", "typed", metavar="LETTERS", help=_("Only suggest what begins like these letters."))
@click.option(
    "--export",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=_("Write the whole result into a new Excel file; needs --purpose."),
)
@click.option("--purpose", default="", metavar="TEXT", help=_("What the file is for; it is written down."))
@with_json
def search(
    query: tuple[str, ...],
    username: str,
    typed: str | None,
    file: Path | None,
    purpose: str,
    page: int,
    sort: Sort,
    as_json: bool,
    **narrowing: Any,
) -> None:
    """Search as one account."""
    if bool(query) + (typed is not None) != 1:
        raise BadInput(N_("Say what to find, or give letters to --suggest."))
    house = open_house()
    if typed is not None:
        _suggest(house, username, typed, as_json=as_json)
    elif file is not None:
        _export(house, username, " ".join(query), file, purpose, sort, narrowing)
    else:
        _find(house, username, " ".join(query), page, sort, narrowing, as_json=as_json)


def _find(
    house: House, username: str, words: str, page: int, sort: Sort, narrowing: dict[str, Any], *, as_json: bool
) -> None:
    with acting(house, username, "search:find") as actor, db.reading(house.engine) as session:
        limits.take(house.engine, "search:find", actor=actor)
        filters = _filters(session, **narrowing)
        results = finding.find(session, house.search, words, actor=actor, filters=filters, page=page, sort=sort)
        document, lines = _document(results), list(_lines(results))
        audit.write_looks(session)
    if as_json:
        put_json(document)
        return
    say(_("Found: %(total)s", total=document["total"]))
    if results.respelled:
        say(_("Did you mean: %(words)s", words=results.respelled))
    for line in lines:
        put(line)


def _suggest(house: House, username: str, typed: str, *, as_json: bool) -> None:
    with acting(house, username, "search:suggest") as actor, db.reading(house.engine) as session:
        limits.take(house.engine, "search:suggest", actor=actor)
        found = suggesting.suggest(session, house.search, typed, actor=actor)
        audit.write_looks(session)
    for each in found:
        if as_json:
            put_json(vars(each))
        else:
            put("  ".join(part for part in (each.kind, each.text, each.note) if part))


def _export(
    house: House, username: str, words: str, file: Path, purpose: str, sort: Sort, narrowing: dict[str, Any]
) -> None:
    """The file is there, empty and for its owner alone, before anything is asked; without a result it goes again."""
    with acting(house, username, "search:export") as actor, new_file(file) as target:
        limits.take(house.engine, "search:export", actor=actor)
        with db.reading(house.engine) as session:
            content = exporting.export(
                session,
                house.search,
                words,
                purpose=purpose,
                actor=actor,
                filters=_filters(session, **narrowing),
                sort=sort,
                translate=_,
            )
            audit.write_looks(session)
        target.write(content)
    say(_("Written: %(path)s", path=file))


def _filters(
    session: Session, *, unit_words: str | None, component: str | None, category: str | None, year: int | None
) -> Filters:
    unit_id = organisation.find_unit(session, unit_words).id if unit_words else None
    return Filters(unit_id=unit_id, component=component, category=category, year=year)


def _document(results: Results) -> dict[str, Any]:
    return {
        "total": results.total,
        "facets": {name: dict(counts) for name, counts in results.facets.items()},
        "hits": [_hit(hit) for hit in results.hits],
        "respelled": results.respelled,
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

"""`oms marks`: for whom a picture of a page was made that turned up elsewhere."""

from datetime import datetime
from pathlib import Path

import click
import cv2

from oms import audit, db, leaks
from oms.cli.opening import acting, open_house
from oms.cli.output import _, acting_as, leave, put_json, put_table, say, with_json
from oms.errors import N_, BadInput
from oms.models import Page
from oms.recognition.opening import open_scan
from oms.recognition.pictures import Pixels
from oms.recognition.rendering import page_image


@click.group(help=_("The hidden marks in page images."))
def marks() -> None:
    """The group of commands about marks."""


@marks.command(
    help=_(
        "For whom a picture of a page was made: its hidden mark is held against everybody the log names. The picture may "
        "be cut, turned, photographed and half as large as the page image. Exit code 1: no mark was found."
    )
)
@click.argument("picture", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--scan", default="", metavar="ID", help=_("The scan whose page it shows."))
@click.option(
    "--page", type=click.IntRange(1), metavar="NUMBER", help=_("The page of the scan; otherwise all are tried.")
)
@click.option("--dossier", default="", metavar="NUMBER", help=_("Try all pages of this dossier instead."))
@click.option("--sheet", default=1, type=click.IntRange(1), help=_("Which page of a PDF or TIFF that turned up."))
@click.option(
    "--everybody-since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help=_("Try every account on every day since then, whatever the log says."),
)
@acting_as()
@with_json
def read(
    picture: Path,
    scan: str,
    page: int | None,
    dossier: str,
    sheet: int,
    everybody_since: datetime | None,
    username: str,
    as_json: bool,
) -> None:
    """Name whose picture it is; reading is itself an entry."""
    if bool(scan) == bool(dossier):
        raise BadInput(N_("Say which page it may be: --scan with --page, or --dossier."))
    house = open_house()
    since = everybody_since.date() if everybody_since else None
    with acting(house, username, "mark:read") as actor, db.reading(house.engine) as session:
        if scan:
            pages = leaks.pages_of_scan(session, scan, page, actor=actor)
        else:
            pages = leaks.pages_of_dossier(session, dossier, actor=actor)
        found = leaks.read(session, house.settings, _grey(picture, sheet), pages, actor=actor, since=since)
        rows, shown = [_row(trace) for trace in found.traces], [_page(one) for one in found.pages]
        audit.write_looks(session)
    if as_json:
        put_json({"pages": shown, "tried": found.tried, "found": rows})
    elif rows:
        titles = (_("Account"), _("Name"), _("Day"), _("Scan"), _("Page"), _("Height"), _("Chance at most"))
        put_table(titles, [tuple(row.values()) for row in rows])
        say(_("%(tried)s marks were tried. Height: standard deviations above chance.", tried=found.tried))
    elif shown:
        say(_("No mark was found: %(tried)s were tried, none stands out.", tried=found.tried))
    else:
        say(_("The picture shows none of these pages, or too little of one."))
    leave(0 if rows else 1)


def _grey(path: Path, sheet: int) -> Pixels:
    """The picture, opened in the box as every foreign file."""
    pixels = page_image(open_scan(path), sheet).pixels
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if pixels.ndim == 3 else pixels


def _row(trace: leaks.Trace) -> dict[str, object]:
    return {
        "account": trace.account.username,
        "name": trace.account.full_name,
        "day": trace.day.isoformat(),
        "scan": trace.page.scan_id,
        "page": trace.page.number,
        "height": round(trace.height, 1),
        "chance": f"{trace.chance:.0e}",
    }


def _page(page: Page) -> dict[str, object]:
    return {"scan": page.scan_id, "page": page.number}

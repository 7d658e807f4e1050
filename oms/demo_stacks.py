"""A stack for the demo: papers of two people scanned in one go behind their cover sheets, and one page before them.

The worker divides it; what an officer does then is theirs to try.
"""

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pdf2image import convert_from_bytes
from PIL import Image
from sqlalchemy import Engine, select

from oms import db, intake, stacks
from oms.models import Category, Dossier, Person, Unit
from oms.papers import Printing, cover_sheets
from oms.papers.cover_sheets import For
from oms.permissions import Actor
from oms.settings import Settings
from oms.specimens import SyntheticPerson, make_scan
from oms.specimens.scanner import SyntheticScan, scan_page
from oms.stacks.codes import key_of

_DPI = 150


def add_stack(
    engine: Engine,
    settings: Settings,
    code: str,
    papers: Sequence[tuple[SyntheticPerson, SyntheticScan]],
    seed: int,
    *,
    actor: Actor,
) -> list[str]:
    """Give the stack in for unit `code` as its officer; the ids of the jobs that wait. Without papers there is none."""
    if not papers:
        return []
    pages = [_page(*papers[0], seed)]
    with db.writing(engine) as session:
        covered = []
        for one, paper in papers:
            query = (
                select(Dossier)
                .join(Person)
                .where(Person.personal_id == one.personal_id, Dossier.category == Category(paper.category))
            )
            covered.append(cover_sheets.cover_dossier(session, session.scalars(query).one(), For.WHOLE))
        printing = Printing(actor, "filing")
        printed = cover_sheets.cover_sheets(session, covered, key=key_of(settings), printing=printing)
    numbers = np.random.default_rng(seed)
    for sheet, (one, paper) in zip(convert_from_bytes(printed.body, dpi=_DPI), papers, strict=True):
        pages += [Image.fromarray(scan_page(sheet, numbers)), _page(one, paper, seed)]
    out = io.BytesIO()
    pages[0].save(out, "PDF", resolution=_DPI, save_all=True, append_images=pages[1:])
    # Drawn by this program a moment ago: there is nothing to look for on it.
    arrival = replace(intake.arrive(settings, [out.getvalue()], "tap-quet-so-noi-vu.pdf"), looked=True)
    try:
        intake.keep(settings, arrival)
        with db.writing(engine) as session:
            stacks.give(session, session.scalars(select(Unit).where(Unit.code == code)).one(), arrival, actor=actor)
            return list(session.info.pop("enqueued", []))
    finally:
        intake.discard(arrival)


def _page(one: SyntheticPerson, paper: SyntheticScan, seed: int) -> Image.Image:
    drawn = make_scan(one, paper.kind, seed, category=paper.category, file_type="jpeg")
    with Image.open(io.BytesIO(drawn.data)) as page:
        return page.convert("RGB")

"""Stacks for tests: drawn pages and printed cover sheets as a scanner would give them out."""

import io
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pikepdf
import segno
from PIL import Image
from sqlalchemy import Engine

from oms import db, intake, stacks
from oms.models import Stack, Unit
from oms.permissions import Actor
from oms.settings import Settings
from oms.stacks.codes import Sheet, key_of, write_code
from tests import factories

SIZE = (620, 877)
BLANK = Image.new("L", SIZE, 255)


@cache
def paper(words: str) -> Image.Image:
    """A page with a few words."""
    return factories.draw_page(words, "Điều 1. Việc này", "Điều 2. Việc kia", size=SIZE)


@cache
def sheet(code: str) -> Image.Image:
    """A sheet with this code in the size it is printed (62 mm), at 75 dpi; `tests/test_cover_sheets.py` prints real ones."""
    page = BLANK.copy()
    matrix = [bytes(row) for row in segno.make(code, error="q", micro=False).matrix]
    drawn = Image.new("L", (len(matrix), len(matrix)))
    drawn.putdata([0 if dark else 255 for row in matrix for dark in row])
    page.paste(drawn.resize((183, 183), Image.Resampling.NEAREST), (70, 60))
    return page


def code_for(settings: Settings, number: str, component_id: str = "") -> str:
    """A code this installation signed."""
    return write_code(key_of(settings), Sheet(number, component_id))


def pdf_of(pages: Sequence[Image.Image]) -> bytes:
    """The pages as a scanner's PDF: one JPEG a page."""
    out = io.BytesIO()
    pages[0].save(out, "PDF", resolution=100, save_all=True, append_images=list(pages[1:]))
    return out.getvalue()


def shared_pdf_of(pages: Sequence[Image.Image]) -> bytes:
    """As `pdf_of`, all pages with one list of all pictures, as some scanners write it."""
    with pikepdf.open(io.BytesIO(pdf_of(pages))) as pdf:
        pictures = pikepdf.Dictionary()
        for number, page in enumerate(pdf.pages):
            ((name, picture),) = page.obj.Resources.XObject.items()
            pictures[f"/Im{number}"] = picture
            drawn = page.obj.Contents.read_bytes().replace(name.encode(), f"/Im{number}".encode())
            page.obj.Contents = pdf.make_stream(drawn)
            del page.obj["/Resources"]
        pdf.Root.Pages.Resources = pikepdf.Dictionary(XObject=pictures)
        made = io.BytesIO()
        pdf.save(made)
    return made.getvalue()


def tiff_of(pages: Sequence[Image.Image]) -> bytes:
    """The pages as a fax TIFF."""
    out = io.BytesIO()
    first, *others = [page.convert("1") for page in pages]
    first.save(out, "TIFF", compression="group4", dpi=(75, 75), save_all=True, append_images=others)
    return out.getvalue()


def give(
    engine: Engine, settings: Settings, unit_id: str, content: bytes, *, actor: Actor, name: str = "tập quét"
) -> str:
    """A stack given in as if every page had been looked at; its id."""
    kind = "" if Path(name).suffix else ".pdf" if content.startswith(b"%PDF") else ".tif"
    arrival = intake.arrive(settings, [content], name + kind)
    try:
        intake.keep(settings, replace(arrival, looked=True))
        with db.writing(engine) as session:
            stack, _is_new = stacks.give(session, session.get_one(Unit, unit_id), arrival, actor=actor)
        return stack.id
    finally:
        intake.discard(arrival)


def divided(engine: Engine, settings: Settings, unit_id: str, content: bytes, *, actor: Actor) -> str:
    """A stack given in and divided; its id."""
    id = give(engine, settings, unit_id, content, actor=actor)
    stacks.divide(engine, settings, id, actor=actor)
    return id


def told(engine: Engine, settings: Settings, id: str) -> list[tuple[list[int], str | None, str | None, str]]:
    """Each piece: its pages, number of the dossier, component, and what keeps it out."""
    key = key_of(settings)
    with db.reading(engine) as session:
        stack = session.get_one(Stack, id)
        looks = [stacks.look_at(stack, piece, key) for piece in stacks.pieces_of(session, stack)]
        return [
            (
                [page.number for page in look.piece.pages],
                look.dossier.number if look.dossier else None,
                look.piece.component_id,
                str(look.trouble or ""),
            )
            for look in looks
        ]

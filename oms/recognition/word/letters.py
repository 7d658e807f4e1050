"""Letters as they are meant: neighbours of one look together, and old fonts in Unicode."""

from dataclasses import replace

from oms.recognition.word.blocks import Run, Shown
from oms.vietnamese import encodings
from oms.vietnamese.encodings import LegacyEncoding
from oms.vietnamese.text import nfc


def join(pieces: list[Run | Shown]) -> list[Run | Shown]:
    """Neighbours of one look as one run, and letters of an old font as what they mean: a vowel of VNI and its mark may
    stand in two runs."""
    joined: list[Run | Shown] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, Run) and isinstance(last, Run) and last.look == piece.look:
            joined[-1] = Run(last.text + piece.text, piece.look)
        else:
            joined.append(piece)
    return [_modern(piece) if isinstance(piece, Run) else piece for piece in joined]


def _modern(run: Run) -> Run:
    """The run in Unicode; its font says in which of the old encodings it was typed, letters beyond do not convert."""
    font = run.look.font.lower()
    old = LegacyEncoding.TCVN3 if font.startswith(".vn") else LegacyEncoding.VNI if font.startswith("vni") else None
    text = nfc(run.text)
    if old is not None and not _is_unicode(text):
        text = encodings.convert(run.text, old)
        if old is LegacyEncoding.TCVN3 and font.endswith("h"):  # a font of capitals
            text = text.upper()
    return replace(run, text=text.upper() if run.look.capitals else text)


def _is_unicode(text: str) -> bool:
    """Whether letters only Unicode has stand in it: somebody set a text of today in an old font."""
    return any("\u1ea0" <= sign <= "\u1ef9" for sign in text) or any(sign in "ăđơưĂĐƠƯ" for sign in text)

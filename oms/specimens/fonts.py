"""Finds a Times-like font family that holds every Vietnamese letter.

Office papers are set in Times New Roman; Liberation Serif has its measures. Old editions of Liberation (1.07, as in
the package fonts-liberation of Debian 12) lack most Vietnamese letters, so each family is asked letter by letter.
"""

import os
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import ImageFont

from oms.errors import N_, Unavailable

FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/usr/share/texmf/fonts"),
    Path("~/.local/share/fonts"),
)
FAMILIES = (
    ("LiberationSerif-Regular", "LiberationSerif-Bold", "LiberationSerif-Italic", "LiberationSerif-BoldItalic"),
    ("Tinos-Regular", "Tinos-Bold", "Tinos-Italic", "Tinos-BoldItalic"),
    ("FreeSerif", "FreeSerifBold", "FreeSerifItalic", "FreeSerifBoldItalic"),
    ("texgyretermes-regular", "texgyretermes-bold", "texgyretermes-italic", "texgyretermes-bolditalic"),
    ("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
)
"""Best first: regular, bold, italic, bold italic."""

STYLES = ("regular", "bold", "italic", "bold_italic")


def _vietnamese_letters() -> str:
    vowels = [base + mark for base, marks in (("aeo", "̂"), ("a", "̆"), ("ou", "̛")) for base in base for mark in marks]
    written = [vowel + tone for vowel in (*"aeiouy", *vowels) for tone in ("", "̀", "́", "̃", "̉", "̣")]
    lower = unicodedata.normalize("NFC", "".join(written)) + "đŏŭĭĕčñ"
    return lower + lower.upper() + "“”’–…•"


VIETNAMESE_LETTERS = _vietnamese_letters()
"""All letters of Vietnamese, those of highland names, and the marks papers use."""


@dataclass(frozen=True)
class FontFamily:
    """Four font files by style ("regular", "bold", "italic", "bold_italic")."""

    name: str
    files: tuple[Path, Path, Path, Path]

    def font(self, style: str, size: int) -> ImageFont.FreeTypeFont:
        """The font of a style at a size in pixels, opened once."""
        return _open(self.files[STYLES.index(style)], size)


@cache
def _open(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


def missing_letters(path: Path) -> str:
    """The Vietnamese letters a font file does not draw."""
    font = _open(path, 24)
    nothing = bytes(font.getmask("\uffff"))
    return "".join(letter for letter in VIETNAMESE_LETTERS if bytes(font.getmask(letter)) in (nothing, b""))


@cache
def find_family() -> FontFamily:
    """The best family on this machine; `Unavailable` names the package when there is none."""
    stock: dict[str, list[Path]] = {}
    for folder in FOLDERS:
        for where, _, names in os.walk(folder.expanduser()):
            for name in names:
                if name.endswith((".ttf", ".otf")):
                    stock.setdefault(name.rsplit(".", 1)[0], []).append(Path(where, name))
    for family in FAMILIES:
        # the same name may be there twice, an old edition beside a new one
        files = [
            next((path for path in sorted(stock.get(name, ())) if not missing_letters(path)), None) for name in family
        ]
        regular, bold, italic, both = files
        if regular:
            return FontFamily(family[0], (regular, bold or regular, italic or regular, both or bold or regular))
    raise Unavailable(
        N_("No font with all Vietnamese letters was found. Install the Debian package %(package)s and try again."),
        package="fonts-liberation2 (fonts-liberation, fonts-freefont-ttf)",
    )

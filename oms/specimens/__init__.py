"""Synthetic people and scans of their papers, drawn from a seed for demonstrations and tests.

Nobody here lives, no paper was ever issued. Knows the catalogue; no database, no Flask.
"""

from oms.specimens.people import FAKE_ID_PREFIX, SyntheticPerson, UnitSeat, make_people, seats_of
from oms.specimens.scanner import COMPONENTS, PaperKind, SyntheticScan, draw_paper, kinds_for, make_scan, scan_page

__all__ = [
    "COMPONENTS",
    "FAKE_ID_PREFIX",
    "PaperKind",
    "SyntheticPerson",
    "SyntheticScan",
    "UnitSeat",
    "draw_paper",
    "kinds_for",
    "make_people",
    "make_scan",
    "scan_page",
    "seats_of",
]

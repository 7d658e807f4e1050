"""Work that waits for whoever is signed in: each blueprint tells the start page what of its own is due.

Knows no rule: a source asks its domain room with the actor of the request, and names the page where
the work is done.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Due:
    """One row of the list; `status` is (word, tone), `late` puts it in front."""

    title: str
    url: str
    text: str = ""
    meta: str = ""
    icon: str = "check2-square"
    status: tuple[str, str] | None = None
    late: bool = False


Source = Callable[[], list[Due]]
SOURCES: list[Source] = []


def source(find: Source) -> Source:
    """Register a source: it asks with `g.session` and `g.actor`, and answers the oldest work first."""
    SOURCES.append(find)
    return find


def due() -> list[Due]:
    """Everything due, what is late first; the order within a source stays."""
    return sorted((row for find in SOURCES for row in find()), key=lambda row: not row.late)

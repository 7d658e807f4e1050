"""What a look at an installation finds: a problem in words. Knows what no table tells: damage of the database, a copy.

The looks themselves: `fixity`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError

from oms import installation
from oms.errors import N_
from oms.faults import is_damage
from oms.settings import Settings


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it should be; `mendable` without losing anything."""

    kind: str
    where: str
    message: str
    values: dict[str, object] = field(default_factory=dict)
    mendable: bool = False


def as_far_as_possible(looks: Iterator[Problem]) -> Iterator[Problem]:
    """What a look finds, and that it came to a damaged part of the database where it did; the other looks go on."""
    try:
        yield from looks
    except DBAPIError as error:
        if not is_damage(error):
            raise
        message = N_("The database file is damaged: %(finding)s. Restore the latest backup.")
        yield Problem("database-damaged", "database", message, {"finding": error.orig})


def of_copy(settings: Settings) -> Iterator[Problem]:
    """The folder is a copy that somebody made of it while OMS was at work."""
    if note := installation.copied(settings):
        yield Problem(
            "copied-folder",
            str(settings.home),
            N_(
                "This folder is a copy that was made while OMS was at work: what came in meanwhile may be missing, and no "
                "look can tell. Put a backup back (oms restore). Once you know that nothing is missing, remove %(note)s."
            ),
            {"note": note},
        )

"""What a reorganisation did, or would do: counts, where everything of an ended unit lands, and every obstacle."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from oms.errors import N_

LANDING_LABELS: Mapping[str, str] = {
    "people": N_("People"),
    "dossiers": N_("Dossiers"),
    "roles": N_("Roles of accounts"),
    "delegations": N_("Delegations"),
    "transfers": N_("Open transfers"),
    "memberships": N_("Moves of Party members under way"),
    "requests": N_("Requests for dossiers"),
    "consultations": N_("Requests for a look, not yet decided"),
    "grants": N_("Looks that were granted"),
    "loans": N_("Paper on loan"),
    "questions": N_("Questions where a dossier is kept"),
    "answers": N_("Answers still to be given"),
    "holds": N_("Holds in force"),
    "disposals": N_("Disposals not yet carried out"),
    "late_papers": N_("Late papers to be sent on"),
    "campaigns": N_("Campaigns of supplements that are open"),
    "counts": N_("Stock-takings with something to settle"),
    "arrivals": N_("Packages that are being taken in"),
    "stacks": N_("Stacks of scans that are being divided"),
    "packages": N_("Packages that wait for their receipt"),
}
"""What hangs on units, in words, in the order in which a report tells it."""
COUNT_LABELS: Mapping[str, str] = {
    "units_ended": N_("Units that end"),
    "units_begun": N_("Units that begin"),
    **LANDING_LABELS,
    "transfers_cancelled": N_("Transfers cancelled, as both sides become one unit"),
    "requests_withdrawn": N_("Requests for dossiers withdrawn, as both sides become one unit"),
}
"""The counts of a dry run or report, in words."""
MOST_NAMES = 20
NOWHERE = ""
"""In the place of a unit, where something ends without a successor."""


@dataclass(frozen=True)
class Landing:
    """Things of one kind that pass from a unit to another, by unit code.

    `names` are at most `MOST_NAMES` of them as people call them: number of a transfer or request, user name.
    """

    kind: str
    start: str
    end: str
    number: int
    names: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The kind in words."""
        return LANDING_LABELS[self.kind]


@dataclass(frozen=True)
class Report:
    """What was carried out, as it is kept with the reorganisation."""

    counts: dict[str, int]
    landings: tuple[Landing, ...]
    rows: int

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"counts": self.counts, "landings": landings_as_json(self.landings), "rows": self.rows}


@dataclass(frozen=True)
class DryRun:
    """What would happen: counts, what each account gains and loses, which units nobody serves, and the obstacles."""

    counts: dict[str, int]
    # user name: how many dossiers it gains and loses
    rights: dict[str, tuple[int, int]]
    # code of a unit that receives dossiers and has no officer: how many it would hold
    nobody: dict[str, int]
    # sentence and its values
    blockers: tuple[tuple[str, dict[str, str]], ...]
    landings: tuple[Landing, ...] = ()
    # code of a unit with several successors: how many people go to the first, as nothing says where they go
    undecided: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As it is kept with the reorganisation: user names, numbers and unit codes, nothing of a dossier."""
        return {
            "counts": self.counts,
            "rights": {name: list(pair) for name, pair in sorted(self.rights.items())},
            "nobody": dict(sorted(self.nobody.items())),
            "blockers": [list(blocker) for blocker in self.blockers],
            "landings": landings_as_json(self.landings),
            "undecided": dict(sorted(self.undecided.items())),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "DryRun":
        """The dry run that was kept."""
        return cls(
            counts=dict(kept["counts"]),
            rights={name: (gained, lost) for name, (gained, lost) in kept["rights"].items()},
            nobody=dict(kept["nobody"]),
            blockers=tuple((sentence, values) for sentence, values in kept["blockers"]),
            landings=landings_from_json(kept["landings"]),
            undecided=dict(kept["undecided"]),
        )


def landings_as_json(landings: tuple[Landing, ...]) -> list[dict[str, Any]]:
    """As they are kept."""
    return [
        {"kind": one.kind, "start": one.start, "end": one.end, "number": one.number, "names": list(one.names)}
        for one in landings
    ]


def landings_from_json(kept: list[dict[str, Any]]) -> tuple[Landing, ...]:
    """As they were kept."""
    return tuple(Landing(**{**row, "names": tuple(row["names"])}) for row in kept)


@dataclass
class Outcome:
    """What happened so far: filled while the plan is carried out; units by id."""

    units_ended: int = 0
    units_begun: int = 0
    transfers_cancelled: int = 0
    requests_withdrawn: int = 0
    landed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    names: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    blockers: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    routes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    endings: dict[str, str] = field(default_factory=dict)
    undecided: Counter[str] = field(default_factory=Counter)

    def land(self, kind: str, start: str, end: str, name: str | None = None) -> None:
        """Count one thing that passed from a unit to another."""
        key = (kind, start, end)
        self.landed[key] += 1
        if name is not None and len(names := self.names.setdefault(key, [])) < MOST_NAMES:
            names.append(name)

    def block(self, sentence: str, **values: str) -> None:
        """Write down why the plan must not be carried out."""
        self.blockers.append((sentence, values))

    @property
    def moves(self) -> Counter[tuple[str, str]]:
        """How many dossiers passed from a custodian to another."""
        return Counter(
            {(start, end): number for (kind, start, end), number in self.landed.items() if kind == "dossiers"}
        )

    @property
    def counts(self) -> dict[str, int]:
        """The totals, every kind by its name."""
        by_kind = Counter[str]()
        for (kind, _start, _end), number in self.landed.items():
            by_kind[kind] += number
        by_kind.update(
            units_ended=self.units_ended,
            units_begun=self.units_begun,
            transfers_cancelled=self.transfers_cancelled,
            requests_withdrawn=self.requests_withdrawn,
        )
        return {name: by_kind[name] for name in COUNT_LABELS}

    def landings(self, codes: Mapping[str, str]) -> tuple[Landing, ...]:
        """Where everything lands, with the codes of the units, in the order of a report."""
        order = list(LANDING_LABELS)
        found = [
            Landing(kind, codes[start], codes.get(end, NOWHERE), number, tuple(self.names.get((kind, start, end), ())))
            for (kind, start, end), number in self.landed.items()
        ]
        return tuple(sorted(found, key=lambda one: (order.index(one.kind), one.start, one.end)))

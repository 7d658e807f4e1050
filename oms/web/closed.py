"""Which addresses exist in the closed installation for protection files: one table, and what is not in it does not exist.

`ALWAYS` shows no content of a file. `OPENED` reaches into a file: its guards let nobody through without an opening by
two officers, and the door says so. `ABSENT` answers like an address that was never there: every way for a program and
every way out. `ONLY_HERE` exists in no general installation. A test holds the table against all addresses there are.
"""

import enum
from collections.abc import Mapping


class Door(enum.StrEnum):
    """What an address is in the closed installation."""

    ALWAYS = "always"
    OPENED = "opened"
    ABSENT = "absent"


def _rows(door: Door, *endpoints: str) -> dict[str, Door]:
    return {f"{room}.{name}" if name else room: door for line in endpoints for room, name in _names(line)}


def _names(line: str) -> list[tuple[str, str]]:
    room, _colon, names = line.partition(": ")
    return [(room, name) for name in names.split()] or [(room, "")]


# Nothing of a file: who signs in, who has a file and where its paper stands, accounts, log, health.
_ALWAYS = _rows(
    Door.ALWAYS,
    "static",
    "health: healthz readyz searchz",
    "csp_reports: report",
    "account: show sign_in sign_in_by_passkey sign_out give_code change_password end_session remaining set_language",
    "second_factor: show begin activate remove picture",
    "passkeys: show add begin remove to_confirm to_decide to_register to_sign_in",
    "start: show",
    "people: index show new",
    "dossiers: new shelf",
    "protection: ask open_together close",
    "file_prints: index",
    "organisation: index show",
    "accounts: index new show assign end_role end_sessions policy remove_second_factor reset_password set_disabled",
    "access_reviews: index show start decide tie",
    "audit: index show verify",
    "alarms: index settle",
    "system: show",
)
# Taking papers in, reading, checking, filing and arranging them, looking for words: within an opening of the file.
_OPENED = _rows(
    Door.OPENED,
    "dossiers: show scans",
    "pages: show image thumbnail words",
    "intake: index progress upload show scan_progress read_again check_signatures",
    "gate: show image refuse admit ask clear purge minutes",
    "review: index show correct file take_apart",
    "desk: draft discard leave stay take_next take_over",
    "rearranging: show head describe join split move order_pages order_documents turn undo",
    "search: show line",
    "file_prints: ask take",
)
# Rooms of the general installation as a whole; of the rooms above, what takes something out or comes from outside.
_ABSENT = _rows(
    Door.ABSENT,
    "accounts: untie",
    "audit: extract slip",
    "pages: original pdf",
    "search: export suggest",
    "start: reading",
)
ABSENT_ROOMS = frozenset(
    [
        "arrivals",
        "attestations",
        "campaigns",
        "checks",
        "completeness",
        "consultations",
        "corrections",
        "cover_sheets",
        "declarations",
        "delegations",
        "design",
        "disposal",
        "figures",
        "first_load",
        "holds",
        "inserts",
        "late_papers",
        "leavings",
        "locating",
        "losses",
        "mass_transfers",
        "office",
        "membership",
        "milestones",
        "overdue",
        "own_declarations",
        "own_dossiers",
        "own_membership",
        "own_requests",
        "packages",
        "paper_losses",
        "papers",
        "proofs",
        "protection_flags",
        "reading_room",
        "record",
        "record_numbers",
        "reorganisation_plans",
        "reorganisations",
        "reports",
        "saved_searches",
        "scan_folders",
        "sheets",
        "short_cvs",
        "stacks",
        "stocktaking",
        "subject_requests",
        "transfer_requests",
        "transfers",
        "verifications",
        "whereabouts",
    ]
)
"""Rooms without an address there, whatever they will have one day."""

ONLY_HERE = frozenset({"protection", "file_prints"})

TABLE: Mapping[str, Door] = _ALWAYS | _OPENED | _ABSENT


def door_of(endpoint: str) -> Door | None:
    """What the address is in the closed installation; None for one nobody has thought about, which is absent, too."""
    room = endpoint.partition(".")[0]
    if room in ABSENT_ROOMS or room == "api-docs" or room.startswith("api_"):
        return Door.ABSENT
    return TABLE.get(endpoint)


def exists(endpoint: str, *, protected: bool) -> bool:
    """True when the installation has the address."""
    if not protected:
        return endpoint.partition(".")[0] not in ONLY_HERE
    return door_of(endpoint) in (Door.ALWAYS, Door.OPENED)

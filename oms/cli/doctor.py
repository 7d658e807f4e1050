"""`oms doctor`: what somebody who helps from afar needs to know, and nothing about any person.

Every part is looked at by itself: what cannot be looked at is named and hides nothing else.
"""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oms import __version__, box, db, health, installation
from oms.cli.opening import House, look_at_house
from oms.cli.output import _, leave, new_file, put, put_json, with_json
from oms.errors import N_, OmsError
from oms.models import Document, Dossier, Job, JobState, Page, Scan
from oms.settings import Settings
from oms.words import sentence_of, translate

# Settings whose values name nobody and no place; of all others it is told whether they are set.
OPEN = frozenset(
    {
        "home",
        "search",
        "port",
        "workers",
        "job_lease",
        "language",
        "max_upload",
        "session_idle",
        "session_absolute",
        "https",
        "box",
        "second_factor",
    }
)
# Values of findings that may name a machine, a folder or a file of somebody's.
NAMING = frozenset({"file", "relay", "places"})
STATES = {health.GOOD: N_("In order"), health.WARNING: N_("Needs attention"), health.DANGER: N_("Act now")}
PATIENCE = 10
"""Seconds a foreign program may take to say its version."""

Line = tuple[str, str, str]
"""Part, what was asked, what was found."""


@click.command(help=_("Say how this installation is doing, in a form that can be sent to who helps; names nobody."))
@click.option("--export", "file", type=click.Path(path_type=Path), help=_("Write it into a new file instead."))
@with_json
def doctor(file: Path | None, as_json: bool) -> None:
    """Look at machine, settings, installation and work; exit code 1 when something is to be done at once."""
    lines = list(_look())
    if as_json:
        for part, asked, found in lines:
            put_json({"part": part, "asked": asked, "found": found})
    elif file is None:
        for line in _told(lines):
            put(line)
    else:
        with new_file(file) as out:
            out.write(("\n".join(_told(lines)) + "\n").encode())
    leave(1 if any(found.startswith(_(STATES[health.DANGER])) for _part, _asked, found in lines) else 0)


def _told(lines: list[Line]) -> Iterator[str]:
    last = ""
    for part, asked, found in lines:
        if part != last:
            yield from ([] if not last else [""])
            yield f"== {part}"
            last = part
        yield f"{asked}: {found}"


def _look() -> Iterator[Line]:
    yield from _carefully(_("Machine"), _machine)
    try:
        house = look_at_house()
    except OmsError as error:
        yield _("Installation"), _("State"), f"{_(STATES[health.DANGER])} – {sentence_of(error)}"
        return
    yield from _carefully(_("Settings"), lambda: _settings(house.settings))
    try:
        installation.allow_box(house.settings, house.engine)
        with db.reading(house.engine) as session:
            yield from _carefully(_("Installation"), lambda: _findings(session, house))
            yield from _carefully(_("Versions"), lambda: health.versions(session))
            yield from _carefully(_("Amounts"), lambda: _amounts(session))
            yield from _carefully(_("Jobs"), lambda: _jobs(session))
    finally:
        box.close_all()


def _carefully(part: str, look: Callable[[], object]) -> Iterator[Line]:
    """The lines of one part; a fault of it becomes a line."""
    try:
        for asked, found in look():  # type: ignore[attr-defined]
            yield part, asked, found
    except Exception as error:
        yield part, _("cannot be looked at"), f"{_(STATES[health.DANGER])} – {type(error).__name__}"


def _machine() -> Iterator[tuple[str, str]]:
    yield "OMS", __version__
    yield "Python", platform.python_version()
    yield _("System"), f"{platform.system()} {platform.release()}, {platform.machine()}, {_distribution()}"
    yield _("Processors"), str(os.cpu_count())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    yield _("Memory"), f"{memory / 2**30:.1f} GB"
    for place in ("/dev/shm", "/tmp"):  # nosec B108 - asked how full they are, not used
        if Path(place).is_dir():
            usage = shutil.disk_usage(place)
            yield place, f"{usage.free / 2**30:.1f} / {usage.total / 2**30:.1f} GB"
    for program in (
        ("tesseract", "--version"),
        ("tesseract", "--list-langs"),
        ("pdftoppm", "-v"),
        ("bwrap", "--version"),
    ):
        yield " ".join(program), _answer(*program)


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return "?"


def _answer(*program: str) -> str:
    try:
        done = subprocess.run(program, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return type(error).__name__
    said = [line.strip() for line in (done.stdout or done.stderr).splitlines() if line.strip()]
    if program[-1] == "--list-langs":
        return " ".join(said[1:])
    return said[0] if said else "–"


def _settings(settings: Settings) -> Iterator[tuple[str, str]]:
    for field in fields(settings):
        value = getattr(settings, field.name)
        if value != field.default or field.name == "home":
            name = f"OMS_{field.name.upper()}"
            yield name, str(value) if field.name in OPEN else _("set")


def _findings(session: Session, house: House) -> Iterator[tuple[str, str]]:
    for finding in health.diagnose(session, house.settings):
        values = {name: "…" if name in NAMING else value for name, value in finding.values.items()}
        sentence = translate(finding.sentence, values)
        yield translate(finding.name), f"{_(STATES[finding.tone])} – {sentence}"


def _amounts(session: Session) -> Iterator[tuple[str, str]]:
    for model in (Dossier, Scan, Page, Document):
        yield model.__tablename__, str(session.scalar(select(func.count()).select_from(model)))


def _jobs(session: Session) -> Iterator[tuple[str, str]]:
    """Kinds and states with their counts, and the sentences of failed ones without their values: these may hold
    names of files."""
    open_or_failed = Job.state != JobState.DONE
    for kind, state, count in session.execute(
        select(Job.kind, Job.state, func.count()).where(open_or_failed).group_by(Job.kind, Job.state)
    ):
        yield f"{kind}, {translate(state.label)}", str(count)
    for sentence, count in session.execute(
        select(Job.error, func.count()).where(Job.state == JobState.FAILED, Job.error.is_not(None)).group_by(Job.error)
    ):
        yield f"{count} ×", sentence or ""

"""`oms check`: database, files and index against each other."""

from pathlib import Path

import click

from oms import backup, db, fixity, looks, scrubbing
from oms.backup import rotation
from oms.cli.backup import with_key
from oms.cli.opening import House, open_house
from oms.cli.output import _, leave, put, put_json, say, with_json
from oms.errors import N_, BadInput
from oms.models import now
from oms.problems import Problem
from oms.words import translate


@click.command(help=_("Compare database, files and index, and name every problem; exit code 1 when there is one."))
@click.option("--fast", is_flag=True, help=_("Presence and size only, without reading every file and the audit log."))
@click.option(
    "--nightly",
    is_flag=True,
    help=_(
        "As the timer does: everything but files, and of these the next seventh, 20 MB a second, six hours at most."
    ),
)
@click.option("--repair", is_flag=True, help=_("Mend what can be mended without losing anything."))
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar=_("FOLDER"),
    help=_("With --repair: put damaged and missing files back from this folder of backups."),
)
@click.option(
    "--accept-loss",
    "reason",
    metavar=_("REASON"),
    help=_("Give up the files that are damaged or missing now because no backup has them; they are still named."),
)
@with_key
@with_json
def check(
    fast: bool, nightly: bool, repair: bool, folder: Path | None, reason: str | None, key: Path | None, as_json: bool
) -> None:
    """Look at everything."""
    if fast and reason is not None:
        raise BadInput(N_("--fast reads no file; leave it out to give files up."))
    if nightly and (fast or repair or reason is not None):
        raise BadInput(N_("--nightly stands alone; leave it out to mend, or to give files up."))
    house, begun = open_house(), now()
    problems = _look(house, fast, nightly)
    if repair and folder is not None:
        wanted = [str(problem.values["sha256"]) for problem in problems if problem.kind in fixity.OF_FILES]
        back = backup.bring_back(house.engine, house.settings, folder, wanted, key)
        say(_("Put back from the backup: %(count)s of %(all)s files.", count=len(back), all=len(set(wanted))))
    if repair and problems:
        mended = fixity.repair(house.engine, house.settings, problems, send=house.queue.send)
        say(_("Mended: %(count)s. Looking again.", count=mended))
        begun = now()
        problems = _look(house, fast, nightly)
    for problem in problems:
        sentence = translate(problem.message, problem.values)
        if as_json:
            put_json(
                {"problem": problem.kind, "object": problem.where, "mendable": problem.mendable, "message": sentence}
            )
        else:
            put(f"{problem.kind}  {problem.where}  {sentence}")
    open_ones = [problem for problem in problems if problem.kind not in fixity.TOLD]
    with db.writing(house.engine) as session:
        looks.remember_check(session, len(open_ones))
        lost, whole = fixity.lost_files(problems), not (fast or nightly)
        scrubbing.remember_damaged(session, lost)
        if whole:
            looks.remember_read(session, begun)
        given_up = None if reason is None else rotation.accept(session, lost, reason)
        fresh = rotation.not_accepted(session, lost)
        of_loss = [problem for problem in problems if problem.kind in fixity.OF_LOSS]
        found = sum(problem.kind not in fixity.OF_FILES or problem.values["sha256"] in fresh for problem in of_loss)
        # Another look reads not all: what a full one found stands until the next full one.
        rotation.remember_damaged(session, found if whole else max(found, rotation.damaged(session)))
        rotation.remember_files(session, lost, whole=whole)
        stopped = rotation.burst(session)
    if given_up is not None:
        say(_("Given up: %(count)s files. They are named at every look and stop nothing any more.", count=given_up))
    if stopped:
        say(
            _(
                "%(count)s stored files are damaged or missing. Until they are put back (oms check --repair --from FOLDER) "
                "nothing is changed or removed, and no backup leaves. What no backup has is given up with "
                "oms check --accept-loss REASON.",
                count=stopped,
            )
        )
    if open_ones:
        say(_("Problems: %(count)s.", count=len(open_ones)))
    else:
        say(_("Everything is in order."))
    leave(1 if open_ones else 0)


def _look(house: House, fast: bool, nightly: bool) -> list[Problem]:
    """The problems of this look, and what earlier ones found damaged and still is."""
    problems = list(fixity.check(house.engine, house.settings, fast=fast, nightly=nightly))
    if nightly:
        problems += scrubbing.read_share(house.engine, house.settings)
    if fast or nightly:
        problems += scrubbing.look_again(house.engine, house.settings, fixity.lost_files(problems))
    return problems

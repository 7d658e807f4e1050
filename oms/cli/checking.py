"""`oms check`: database, files and index against each other."""

import click

from oms import db, fixity, health
from oms.cli.opening import open_house
from oms.cli.output import _, leave, put, put_json, say, with_json
from oms.words import translate


@click.command(help=_("Compare database, files and index, and name every problem; exit code 1 when there is one."))
@click.option("--fast", is_flag=True, help=_("Presence and size only, without reading every file and the audit log."))
@click.option("--repair", is_flag=True, help=_("Mend what can be mended without losing anything."))
@with_json
def check(fast: bool, repair: bool, as_json: bool) -> None:
    """Look at everything."""
    house = open_house()
    problems = list(fixity.check(house.engine, house.settings, fast=fast))
    if repair and problems:
        mended = fixity.repair(house.engine, house.settings, problems, send=house.queue.send)
        say(_("Mended: %(count)s. Looking again.", count=mended))
        problems = list(fixity.check(house.engine, house.settings, fast=fast))
    with db.writing(house.engine) as session:
        health.remember_check(session, len(problems))
    for problem in problems:
        sentence = translate(problem.message, problem.values)
        if as_json:
            put_json(
                {"problem": problem.kind, "object": problem.where, "mendable": problem.mendable, "message": sentence}
            )
        else:
            put(f"{problem.kind}  {problem.where}  {sentence}")
    if problems:
        say(_("Problems: %(count)s.", count=len(problems)))
    else:
        say(_("Everything is in order."))
    leave(1 if problems else 0)

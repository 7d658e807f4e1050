"""The command line: the same domain functions as the pages, for administrators and scripts.

Exit codes: 0 done, 1 refused or problems found, 2 wrong use, 3 our fault.
"""

import logging
import os
import sys

import click

from oms import __version__
from oms.cli import (
    accounts,
    audit,
    backup,
    checking,
    installing,
    intake,
    organisation,
    reading,
    search,
    serving,
    transfers,
)
from oms.cli.output import _, refuse, say
from oms.errors import OmsError
from oms.settings import SettingsError

log = logging.getLogger(__name__)

DONE, PROBLEMS, WRONG_USE, OUR_FAULT = 0, 1, 2, 3


@click.group(help=_("OMS, the dossier room. Every command has --help."))
@click.version_option(__version__, prog_name="oms")
def program() -> None:
    """The group of all commands."""


for command in (
    installing.init,
    installing.demo,
    serving.serve,
    serving.worker,
    reading.read,
    intake.upload,
    intake.status,
    search.search,
    search.reindex,
    transfers.transfer,
    checking.check,
    audit.audit,
    backup.backup,
    backup.restore,
    accounts.user,
    organisation.unit,
):
    program.add_command(command)


def main() -> None:
    """Run a command and end the process with its exit code."""
    logging.basicConfig(level=os.environ.get("LOGLEVEL", "WARNING"), format="%(levelname)s %(name)s: %(message)s")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command; refusals become one sentence, faults a line in the log. Return the exit code."""
    try:
        program.main(arguments, prog_name="oms", standalone_mode=False)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        error.show()
        return WRONG_USE
    except SettingsError as error:
        refuse(error)
        return WRONG_USE
    except OmsError as error:
        refuse(error)
        return OUR_FAULT if error.status >= 500 else PROBLEMS
    except (KeyboardInterrupt, click.Abort):
        say(_("Stopped."))
        return PROBLEMS
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else PROBLEMS
    except Exception:
        log.exception("a fault of the program")
        say(_("A fault of the program. The lines above tell the maintainers where."))
        return OUR_FAULT
    return DONE

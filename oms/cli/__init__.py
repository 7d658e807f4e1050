"""The command line: the same domain functions as the pages, for administrators and scripts.

Exit codes: 0 done, 1 refused or problems found, 2 wrong use, 3 our fault.
"""

import logging
import os
import sys

import click

from oms import __version__
from oms.cli.accounts import user
from oms.cli.audit import audit as audit_commands
from oms.cli.backup import backup as make_backup
from oms.cli.backup import backup_key, backups, drill, key_join, key_shares, restore
from oms.cli.certificates import ca
from oms.cli.checking import check
from oms.cli.checks import check_truth
from oms.cli.closed import refuse_absent
from oms.cli.consultations import loan
from oms.cli.cover_sheets import cover_sheets
from oms.cli.doctor import doctor
from oms.cli.first_load import import_
from oms.cli.installing import demo, init
from oms.cli.intake import status, upload
from oms.cli.keys import keys
from oms.cli.marks import marks
from oms.cli.membership import moves
from oms.cli.organisation import unit
from oms.cli.output import _, refuse, say
from oms.cli.packages import package
from oms.cli.papers import print_paper
from oms.cli.reading import read
from oms.cli.reorganisation import reorganise
from oms.cli.reports import report
from oms.cli.scan_folders import scans
from oms.cli.search import reindex
from oms.cli.search import search as find
from oms.cli.serving import serve, worker
from oms.cli.short_cvs import print_cv
from oms.cli.transfers import transfer
from oms.cli.whole_dossiers import export_dossiers
from oms.errors import BadInput, OmsError
from oms.faults import refusal_behind
from oms.settings import Settings, SettingsError

log = logging.getLogger(__name__)

DONE, PROBLEMS, WRONG_USE, OUR_FAULT = 0, 1, 2, 3


@click.group(help=_("OMS, the dossier room. Every command has --help."))
@click.version_option(__version__, prog_name="oms")
@click.pass_context
def program(context: click.Context) -> None:
    """The group of all commands; the closed installation has few of them."""
    refuse_absent(context.invoked_subcommand, Settings.from_environment())


for command in (
    *(init, demo, serve, worker, read, upload, status, find, reindex, transfer, moves, reorganise),
    *(
        check,
        doctor,
        check_truth,
        audit_commands,
        make_backup,
        backups,
        restore,
        drill,
        backup_key,
        key_shares,
        key_join,
        ca,
        keys,
        marks,
        user,
        unit,
        loan,
        package,
        print_paper,
        cover_sheets,
        export_dossiers,
        print_cv,
        report,
        import_,
    ),
):
    program.add_command(command)
import_.add_command(scans)


def main() -> None:
    """Run a command and end the process with its exit code."""
    logging.basicConfig(level=os.environ.get("LOGLEVEL", "WARNING"), format="%(levelname)s %(name)s: %(message)s")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command; refusals become one sentence, faults a line in the log. Return the exit code."""
    try:
        result = program.main(arguments, prog_name="oms", standalone_mode=False)
        code = result if isinstance(result, int) else DONE
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else PROBLEMS
    except click.ClickException as error:
        error.show()
        code = WRONG_USE
    except OmsError as error:
        refuse(error)
        code = WRONG_USE if isinstance(error, SettingsError) else OUR_FAULT if error.status >= 500 else PROBLEMS
    except (KeyboardInterrupt, click.Abort):
        say(_("Stopped."))
        code = PROBLEMS
    except BrokenPipeError:
        # Whoever reads our output has seen enough; Python must not complain when it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = DONE
    except Exception as error:
        refusal = refusal_behind(error)
        code = PROBLEMS if isinstance(refusal, BadInput) else OUR_FAULT
        if refusal is not None:
            log.debug("refused because of", exc_info=error)
            refuse(refusal)
        else:
            log.exception("a fault of the program")
            say(_("A fault of the program. The lines above tell the maintainers where."))
    return code

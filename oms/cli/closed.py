"""Which commands exist in the closed installation for protection files: what is not named here does not.

Nothing on the command line reads a dossier or takes one out: that takes two officers at the pages.
"""

from oms.errors import N_, NotFound, Refused
from oms.settings import Settings

EXISTING = frozenset(
    (
        *("init", "serve", "worker", "check", "doctor", "reindex"),
        *("audit", "marks", "keys", "ca"),
        *("backup", "backups", "restore", "drill", "backup-key", "key-shares", "key-join"),
        *("user", "unit"),
    )
)
"""Installing, running, proving, backing up, and who may come in."""

ABSENT = frozenset(
    (
        *("demo", "read", "upload", "status", "search", "transfer", "membership", "reorganise", "check-truth"),
        *("loan", "package", "print", "cover-sheets", "export-dossiers", "print-cv", "report", "import"),
    )
)
"""Reading, taking in and taking out dossiers without a second person, and data of the general demonstration."""


def refuse_absent(command: str | None, settings: Settings) -> None:
    """Raise for a command that the closed installation does not have, or that would write a backup open."""
    if not settings.protected or command is None:
        return
    if command not in EXISTING:
        raise NotFound(
            N_(
                "The protection installation has no command “%(command)s”: protection files are opened by two officers "
                "at the pages, and leave on paper only (docs/protection.md)."
            ),
            command=command,
        )
    if command == "backup" and not settings.backup_keys:
        raise Refused(
            N_(
                "A backup of the protection installation is sealed: make a key with “oms backup-key” and write its "
                "public part into OMS_BACKUP_KEYS."
            )
        )

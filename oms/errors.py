"""Refusals people can read.

Every error a person may meet is an `OmsError`: an English sentence (the message id of the
catalogue of translations) with named values, saying what happened and what to do next.
Anything else that is raised is a bug. Knows neither Flask nor the database.
"""


def N_(message: str) -> str:
    """Mark `message` for translation where it stands and return it unchanged."""
    return message


class OmsError(Exception):
    """A refusal in words; `status` is the HTTP status and decides the exit code of a command.

    `code` is a word for programs, where one of them can go on by itself.
    """

    status = 400
    code = ""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values

    def __str__(self) -> str:
        return self.message % self.values if self.values else self.message


class BadInput(OmsError):
    """What was typed or sent cannot be understood or is not allowed."""

    status = 422


class ConfirmationNeeded(OmsError):
    """The act is open to this person, after the password (or a code) was given once more."""

    status = 401
    code = "confirmation_required"

    def __init__(self) -> None:
        super().__init__(
            N_(
                "This needs the password once more: it was given more than five minutes ago. A program asks for a new "
                "token (POST /api/v1/tokens) and sends the request again."
            )
        )


class Refused(OmsError):
    """The thing is visible, but this act is not for this person."""

    status = 403


class NotFound(OmsError):
    """No such thing, or none that this person may know of: the answer is the same."""

    status = 404

    def __init__(self, message: str = "", **values: object) -> None:
        super().__init__(message or N_("Nothing was found here. Check the address, or search again."), **values)


class Conflict(OmsError):
    """Somebody else was faster, or the state does not allow the act."""

    status = 409


class TooManyTries(OmsError):
    """Slow down; `seconds` says how long."""

    status = 429


class Unavailable(OmsError):
    """Something OMS needs is not there right now."""

    status = 503


class DatabaseBusy(Unavailable):
    """Another program holds the database, for longer than anybody should wait."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "Another program has been writing to the database for long, and nobody else can. Nothing of yours was "
                "written: do it again in half a minute."
            ),
            seconds=30,
        )


class DatabaseDamaged(Unavailable):
    """What was asked for stands in a part of the database file that the disk has spoilt."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "This stands in a part of the database that is damaged, so it is not shown; nothing was changed. Call the "
                "administrator: “oms check” names the damage, the latest backup mends it."
            )
        )


class FileRefused(OmsError):
    """A file that cannot be taken in; nothing of it is kept. `what` is what the log says of it: never its name."""

    status = 422
    what = N_("File refused")


class FileNotNow(FileRefused):
    """A file that cannot be taken in just now, through no fault of its own; `seconds` says when to try again."""

    status = 503
    what = N_("File that could not be looked at just now")


class EmptyFile(FileRefused):
    """A file without bytes."""

    what = N_("Empty file")


class DamagedFile(FileRefused):
    """A file that cannot be opened whole."""

    what = N_("Damaged file")


class UnreadableFile(FileRefused):
    """A file that the disk, or the rights on it, do not give out."""

    what = N_("File that cannot be read from the disk")


class LockedFile(FileRefused):
    """A file that asks for a password."""

    what = N_("File with a password")


class PageNotShown(FileRefused):
    """A file with a page that cannot be shown: what nobody can look at cannot be cleared of secrecy."""

    what = N_("File with a page that cannot be shown")


class SecretFile(FileRefused):
    """A file with a mark of a state secret."""

    what = N_("Mark of a state secret")


class UnsupportedFile(FileRefused):
    """A file of a type that is not taken."""

    status = 415
    what = N_("Type of file that is not taken")


class FileTooLarge(FileRefused):
    """A file over a limit of bytes, pages or pixels."""

    status = 413
    what = N_("File over a limit")

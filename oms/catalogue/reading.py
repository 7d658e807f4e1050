"""Reads one YAML file of the catalogue entry by entry and names file and line of the first mistake.

Knows YAML and the types of values; does not know what the entries mean.
"""

import re
import unicodedata
from collections.abc import Collection
from datetime import date
from functools import partial
from pathlib import Path

import yaml

from oms.errors import N_, OmsError

FOLDER = Path(__file__).parent
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CatalogueError(OmsError):
    """A mistake in a file of the catalogue; `values` holds `file`, `line` and what is wrong."""

    status = 500

    def __init__(self, message: str, *, file: str, line: int, **values: object) -> None:
        super().__init__(message, file=file, line=line, **values)
        self.file = file
        self.line = line


class Entry:
    """One mapping of a catalogue file; `finish` refuses keys that nobody asked for."""

    def __init__(self, file: str, node: yaml.Node) -> None:
        self.file = file
        self.line = node.start_mark.line + 1
        self._asked: set[str] = set()
        self._nodes: dict[str, yaml.Node] = {}
        self._key_lines: dict[str, int] = {}
        if not isinstance(node, yaml.MappingNode):
            raise self.mistake(N_("%(file)s, line %(line)s: expected keys with values here."))
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in self._nodes:
                raise self.mistake(N_("%(file)s, line %(line)s: “%(key)s” is given twice."), line, key=key.value)
            self._nodes[key.value] = value
            self._key_lines[key.value] = line

    def mistake(self, message: str, line: int = 0, **values: object) -> CatalogueError:
        """The error for this entry, at `line` or at its first line."""
        return CatalogueError(message, file=self.file, line=line or self.line, **values)

    def mistake_at(self, key: str, message: str, **values: object) -> CatalogueError:
        """The error for the value of `key`."""
        return self.mistake(message, self._key_lines.get(key, self.line), key=key, **values)

    def text(self, key: str) -> str:
        """The text of `key`; it must be there, in NFC and without spaces at its ends."""
        found = self.text_or_none(key)
        if not found:
            raise self.mistake_at(key, N_("%(file)s, line %(line)s: “%(key)s” is missing."))
        return found

    def text_or_none(self, key: str) -> str | None:
        """The text of `key`, or nothing where it is left out or null."""
        node = self._node(key)
        if node is None:
            return None
        if not isinstance(node, yaml.ScalarNode):
            raise self.mistake_at(key, N_("%(file)s, line %(line)s: “%(key)s” must be a text."))
        if node.value != unicodedata.normalize("NFC", node.value).strip():
            message = N_("%(file)s, line %(line)s: “%(key)s” has spaces at its ends or is not in Unicode form NFC.")
            raise self.mistake_at(key, message)
        return str(node.value)

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """The text of `key`, one of `allowed`."""
        found = self.text_or_none(key) or default or self.text(key)
        if found not in allowed:
            message = N_("%(file)s, line %(line)s: “%(value)s” is not known as %(key)s. Known: %(known)s.")
            raise self.mistake_at(key, message, value=found, known=", ".join(sorted(allowed)))
        return found

    def choice_or_none(self, key: str, allowed: Collection[str]) -> str | None:
        """As `choice`, or nothing where the key is left out."""
        return None if self.text_or_none(key) is None else self.choice(key, allowed)

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        return self.choice(key, ("true", "false"), "true" if default else "false") == "true"

    def number_or_none(self, key: str) -> int | None:
        """A whole number that is not negative, or nothing."""
        found = self.text_or_none(key)
        if found is not None and not re.fullmatch(r"\d{1,9}", found):
            message = N_("%(file)s, line %(line)s: “%(key)s” must be a whole number, not “%(value)s”.")
            raise self.mistake_at(key, message, value=found)
        return None if found is None else int(found)

    def number(self, key: str) -> int:
        """A whole number that must be there."""
        self.text(key)
        return self.number_or_none(key) or 0

    def day(self, key: str) -> date | None:
        """A date written yyyy-mm-dd, or nothing."""
        found = self.text_or_none(key)
        try:
            return None if found is None else date.fromisoformat(found)
        except ValueError:
            message = N_("%(file)s, line %(line)s: “%(value)s” is no date. Write it as 2026-11-24.")
            raise self.mistake_at(key, message, value=found) from None

    def period(self, default: tuple[date | None, date | None] = (None, None)) -> tuple[date | None, date | None]:
        """`valid_from` and `valid_to` (last day), each with its default where the key is left out."""
        start = self.day("valid_from") if "valid_from" in self._nodes else default[0]
        end = self.day("valid_to") if "valid_to" in self._nodes else default[1]
        self._asked |= {"valid_from", "valid_to"}
        if start and end and end < start:
            message = N_("%(file)s, line %(line)s: valid_to %(end)s is before valid_from %(start)s.")
            raise self.mistake_at("valid_to", message, start=start, end=end)
        return start, end

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts of `key`; empty where it is left out."""
        nodes = self._sequence(key)
        if not all(isinstance(node, yaml.ScalarNode) for node in nodes):
            raise self.mistake_at(key, N_("%(file)s, line %(line)s: “%(key)s” must be a list of texts."))
        return tuple(str(node.value) for node in nodes)

    def choices(self, key: str, allowed: Collection[str]) -> tuple[str, ...]:
        """The list of texts of `key`, each one of `allowed`."""
        found = self.texts(key)
        for value in found:
            if value not in allowed:
                message = N_("%(file)s, line %(line)s: “%(value)s” is not known as %(key)s. Known: %(known)s.")
                raise self.mistake_at(key, message, value=value, known=", ".join(sorted(allowed)))
        return found

    def lists(self, key: str) -> tuple[tuple[str, ...], ...]:
        """The list of lists of texts of `key`."""
        return tuple(tuple(str(item.value) for item in node.value) for node in self._sequence(key))

    def entry_or_none(self, key: str) -> "Entry | None":
        """The mapping of `key`, or nothing."""
        node = self._node(key)
        return None if node is None else Entry(self.file, node)

    def entry(self, key: str) -> "Entry":
        """The mapping of `key`; it must be there."""
        found = self.entry_or_none(key)
        if found is None:
            raise self.mistake(N_("%(file)s, line %(line)s: “%(key)s” is missing."), key=key)
        return found

    def entries(self, key: str) -> tuple["Entry", ...]:
        """The list of mappings of `key`; empty where it is left out."""
        return tuple(map(partial(Entry, self.file), self._sequence(key)))

    def names(self) -> tuple[str, ...]:
        """The keys in the order of the file."""
        return tuple(self._nodes)

    def has(self, key: str) -> bool:
        """Whether `key` is written here."""
        return key in self._nodes

    def finish(self) -> None:
        """Refuse the entry when it holds a key nobody asked for: most likely a typing mistake."""
        for key in self._nodes:
            if key not in self._asked:
                raise self.mistake_at(key, N_("%(file)s, line %(line)s: the key “%(key)s” is not known."))

    def _node(self, key: str) -> yaml.Node | None:
        self._asked.add(key)
        node = self._nodes.get(key)
        return None if node is None or node.tag == "tag:yaml.org,2002:null" else node

    def _sequence(self, key: str) -> list[yaml.Node]:
        node = self._node(key)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self.mistake_at(key, N_("%(file)s, line %(line)s: “%(key)s” must be a list."))
        return list(node.value)


def open_file(path: Path) -> Entry:
    """The top mapping of a catalogue file with `version` and `as_of` checked; `CatalogueError` when it is no YAML."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise CatalogueError(
            N_("%(file)s, line %(line)s: this is not valid YAML."), file=path.name, line=line
        ) from error
    if node is None:
        raise CatalogueError(N_("%(file)s, line %(line)s: the file is empty."), file=path.name, line=1)
    top = Entry(path.name, node)
    top.number("version")
    if top.day("as_of") is None:
        raise top.mistake(N_("%(file)s, line %(line)s: “%(key)s” is missing."), key="as_of")
    return top

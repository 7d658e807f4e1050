"""Notes what each request, command and job commits: rows that changed, and the entries of the log beside them (AT-2).

Rows are noted by triggers of SQLite that live in the connection, so nothing of the program can leave one out. What an
entry is said to mean is read from its row alone; the program is asked nothing.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import Pool
from werkzeug.exceptions import HTTPException

from oms import cli, worker

_NOTE = "INSERT INTO at2_noted (verb, place, row, columns) VALUES"
LOG = "audit_entries"
# Columns beside those that end with "_id" which say what a row is about.
NAMING = ("id", "seq", "key", "subject")


@dataclass(frozen=True)
class Change:
    """One row that is otherwise after a transaction than before.

    `ids` are its own id and those it names; `owners` the dossiers, and the reorganisation, it belongs to by these.
    """

    table: str
    verb: str
    ids: dict[str, Any] = field(hash=False)
    columns: frozenset[str]
    owners: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.verb} {self.table}({','.join(sorted(self.columns))})"


@dataclass(frozen=True)
class Entry:
    """One entry of the log, as it was committed."""

    seq: int
    action: str
    outcome: str
    thing: str | None
    dossier: str | None
    body: dict[str, Any] = field(hash=False)

    def __str__(self) -> str:
        return f"{self.action}/{self.outcome}"


@dataclass
class Transaction:
    """What one commit made true, and its place among all that happened."""

    moment: int
    changes: list[Change]
    entries: list[Entry]


@dataclass
class Act:
    """One request, command or job."""

    name: str
    kind: str
    endpoint: str = ""
    transactions: list[Transaction] = field(default_factory=list)
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    # When its first byte left, by the count of `Transaction.moment`; 0 while none has.
    sent: int = 0

    @property
    def entries(self) -> list[Entry]:
        """All entries of the act."""
        return [entry for transaction in self.transactions for entry in transaction.entries]

    @property
    def changes(self) -> list[Change]:
        """All rows the act changed."""
        return [change for transaction in self.transactions for change in transaction.changes]


class Recorder:
    """Listens to every connection of the process; what no act is behind (a test that makes its rows) is left out."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        # Called with each act that is over; without it they are kept.
        self.over: Callable[[Act], None] = self.acts.append
        self.current: ContextVar[Act | None] = ContextVar("act", default=None)
        self._clock = count(1)
        self._wsgi = Flask.wsgi_app

    def start(self) -> None:
        """From now on everything is noted."""
        event.listen(Pool, "checkout", self._prepare)
        event.listen(Engine, "commit", self._commit)
        recorder, answer = self, self._wsgi

        def wsgi_app(app: Flask, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            return recorder._request(app, answer, environ, start_response)

        Flask.wsgi_app = wsgi_app  # type: ignore[method-assign]

    def follow(self) -> None:
        """Note commands and jobs of this process, too; for a process of its own, since it is never undone."""
        run = cli.run

        def recorded(arguments: list[str]) -> int:
            with self.act("oms " + " ".join(map(str, arguments)), "command") as act:
                act.status = run(arguments)
            return act.status

        cli.run = recorded
        for kind, handler in list(worker.HANDLERS.items()):
            worker.HANDLERS[kind] = partial(self._job, kind, handler)

    def _job(self, kind: str, handler: worker.Handler, *arguments: Any, **named: Any) -> list[str]:
        with self.act(f"job {kind}", "job"):
            return handler(*arguments, **named)

    def stop(self) -> None:
        """Leave everything as it was."""
        event.remove(Pool, "checkout", self._prepare)
        event.remove(Engine, "commit", self._commit)
        Flask.wsgi_app = self._wsgi  # type: ignore[method-assign]

    @contextmanager
    def act(self, name: str, kind: str) -> Iterator[Act]:
        """What happens inside belongs to one act."""
        made = Act(name, kind)
        token = self.current.set(made)
        try:
            yield made
        finally:
            self.current.reset(token)
            self.over(made)

    def _prepare(self, connection: Any, record: Any, _proxy: Any) -> None:
        if "at2" in record.info or "sqlite3" not in type(connection).__module__:
            return
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        if LOG not in tables:
            return  # not migrated yet
        record.info["at2"] = True
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.executescript("".join(_script(connection, sorted(tables))))

    def _commit(self, connection: Connection) -> None:
        raw = connection.connection.dbapi_connection
        record = connection.connection.info
        if raw is None or "at2" not in record:
            return
        rows = raw.execute("SELECT verb, place, row, columns FROM at2_noted ORDER BY n").fetchall()
        if not rows:
            return
        raw.execute("DELETE FROM at2_noted")
        if act := self.current.get():
            act.transactions.append(_read(next(self._clock), rows, raw))

    def _request(
        self, app: Flask, answer: Callable[..., Any], environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        act = Act(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", "request", _endpoint(app, environ))

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            act.status, act.headers = int(status.split(maxsplit=1)[0]), {name.lower(): value for name, value in headers}
            return start_response(status, headers, *more)

        token = self.current.set(act)
        try:
            body = answer(app, environ, start)
        finally:
            self.current.reset(token)
        return self._send(act, body)

    def _send(self, act: Act, body: Iterable[bytes]) -> Iterator[bytes]:
        """The body, and when it began to leave; what happens while it is made still belongs to the act."""
        # No `yield` inside `set` and `reset`: between two pieces the thread does other things.
        pieces, end = iter(body), object()
        try:
            while True:
                token = self.current.set(act)
                try:
                    piece = next(pieces, end)
                finally:
                    self.current.reset(token)
                if piece is end:
                    return
                act.sent = act.sent or next(self._clock)
                yield piece  # type: ignore[misc]
        finally:
            token = self.current.set(act)
            try:
                if hasattr(body, "close"):
                    body.close()
            finally:
                self.current.reset(token)
                self.over(act)


def _endpoint(app: Flask, environ: dict[str, Any]) -> str:
    try:
        return str(app.url_map.bind_to_environ(environ).match()[0])
    except HTTPException:
        return ""


def _script(connection: Any, tables: list[str]) -> Iterator[str]:
    """The triggers of every table, and where they write."""
    yield "CREATE TEMP TABLE at2_noted (n INTEGER PRIMARY KEY, verb TEXT, place TEXT, row TEXT, columns TEXT);\n"
    for table in tables:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        named = columns if table == LOG else [name for name in columns if name in NAMING or name.endswith("_id")]
        for verb, side in (("insert", "NEW"), ("delete", "OLD")):
            row = ", ".join(f"'{name}', {side}.\"{name}\"" for name in named)
            yield f"CREATE TEMP TRIGGER at2_{verb}_{table} AFTER {verb} ON main.{table} BEGIN "
            yield f"{_NOTE} ('{verb}', '{table}', json_object({row}), ''); END;\n"
        row = ", ".join(f"'{name}', NEW.\"{name}\"" for name in named)
        other = {name: f'OLD."{name}" IS NOT NEW."{name}"' for name in columns if name != "version"}
        changed = " || ".join(f"CASE WHEN {differs} THEN '{name},' ELSE '' END" for name, differs in other.items())
        yield f"CREATE TEMP TRIGGER at2_update_{table} AFTER UPDATE ON main.{table} "
        yield f"WHEN {' OR '.join(other.values())} BEGIN "
        yield f"{_NOTE} ('update', '{table}', json_object({row}), {changed}); END;\n"


def _owners(connection: Any, table: str, ids: dict[str, Any]) -> frozenset[str]:
    """The dossiers of a row: by what it refers to, by its person; and the reorganisation that changed it before."""
    found = [ids.get("dossier_id") or ""]
    person = ids.get("id") if table == "people" else ids.get("person_id")
    # That another dossier of the same person has an entry tells nothing of this one.
    asked = [("SELECT id FROM dossiers WHERE person_id = ?", person if table != "dossiers" else None)]
    asked.append(("SELECT reorganisation_id FROM reorganisation_changes WHERE row_id = ?", ids.get("id")))
    for _n, _seq, other, column, *_more in connection.execute(f"PRAGMA foreign_key_list({table})").fetchall():
        if any(row[1] == "dossier_id" for row in connection.execute(f"PRAGMA table_info({other})")):
            asked.append((f"SELECT dossier_id FROM {other} WHERE id = ?", ids.get(column)))
    for query, id in asked:
        found += [row[0] for row in connection.execute(query, (id,))] if id else []
    return frozenset(filter(None, found))


def _read(moment: int, rows: list[tuple[str, str, str, str]], connection: Any) -> Transaction:
    changes, entries = [], []
    for verb, table, row, columns in rows:
        read = json.loads(row)
        if table == LOG and verb == "insert":
            body = json.loads(read["body"])
            entries.append(
                Entry(read["seq"], read["action"], read["outcome"], read["object_id"], read["dossier_id"], body)
            )
        else:
            changed = frozenset(filter(None, columns.split(",")))
            changes.append(Change(table, verb, read, changed, _owners(connection, table, read)))
    return Transaction(moment, changes, entries)

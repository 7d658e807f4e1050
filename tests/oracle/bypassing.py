"""AZ-8: the same question put in ways that other programs took for another one: by path, method, header or parameter.

Whoever is refused plainly is refused so, too; nothing of anybody is told and nothing changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.oracle.addresses import RULES
from tests.oracle.asking import Cell, Findings, House, cells, leaks_in
from tests.oracle.oracle import HIDDEN, REFUSED, SIGN_IN

# Nobody, somebody whose role ended, somebody whose role lets them do next to nothing, and an officer of another unit.
WITHOUT_RIGHTS = ("", "thoi.sonv", "nguoilaodong.sonv", "canbo.sotc")
# A page that everybody may see: what a header turns it into, it must not be.
OPEN = "/healthz"
# A header that a proxy in front might believe, and with what.
BELIEVED = {
    "X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "X-Forwarded-Host": "localhost", "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/static", "X-Forwarded-User": "quantri", "X-Remote-User": "quantri", "Remote-User": "quantri",
    "X-Forwarded-Port": "443", "Forwarded": "for=127.0.0.1;host=localhost;proto=https", "X-Client-IP": "127.0.0.1",
    "X-Custom-IP-Authorization": "127.0.0.1", "X-Requested-With": "fetch", "X-Script-Name": "/static",
}  # fmt: skip
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
REWRITES = ("X-Original-URL", "X-Rewrite-URL", "X-Original-URI", "X-Forwarded-Uri")
POWERS = "is_admin=true&role=administrator&admin=1&user=quantri&actor=quantri&account_id=1&unit_id=1"


@dataclass(frozen=True)
class Trick:
    """One way to put a question; `is_open`: the answer has to be that of the open page."""

    name: str
    method: str
    address: str
    headers: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] | None = None
    is_open: bool = False


def tricks(cell: Cell, own: str) -> Iterator[Trick]:
    """All ways to put the question of a cell; `own` is the id of a thing that the asking person may see."""
    method, (path, _mark, query) = cell.method, cell.address.partition("?")
    first, *rest = path.removeprefix("/").split("/")
    behind = f"?{query}" if query else ""
    paths = {
        "trailing slash": f"{path}/", "two slashes": f"/{path}", "two slashes inside": path[0] + path[1:].replace("/", "//"),
        "dots": f"/static/..{path}", "dots as code": f"/static/%2e%2e{path}", "dots twice as code": f"/static/%252e%252e{path}",
        "one dot": f"/.{path}", "semicolon and dots": f"/static/..;{path}", "backslash": f"/static\\..{path}",
        "case": "/" + "/".join([first.swapcase(), *rest]), "all letters large": path.upper(),
        "slashes as code": "/" + quote(path[1:].replace("/", "\0"), safe="").replace("%00", "%2f"),
        "a letter as code": f"/%{ord(first[0]):02x}{path[2:]}" if first else "/%2f",
        "ends as a picture": f"{path};.css", "ends as JSON": f"{path}.json", "a blank at the end": f"{path}%20",
        "NUL at the end": f"{path}%00", "NUL and a picture": f"{path}%00.png", "a question in it": f"{path}%3f", "a hash in it": f"{path}%23",
    }  # fmt: skip
    for name, changed in paths.items():
        yield Trick(name, method, changed + behind)
    for header, value in BELIEVED.items():
        yield Trick(header, method, cell.address, {header: value})
    other = "POST" if method == "GET" else "GET"
    for header in OVERRIDES:
        yield Trick(header, other, cell.address, {header: method})
        yield Trick(f"{header} on the open page", "POST", OPEN, {header: "GET"})
    for header in REWRITES:
        yield Trick(header, "GET", OPEN, {header: cell.address}, is_open=True)
    joined = "&" if query else "?"
    yield Trick("_method asked", other, f"{cell.address}{joined}_method={method}")
    yield Trick("_method sent", "POST", cell.address, data={"_method": method})
    for name in ("HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "PROPFIND"):
        yield Trick(name, name, cell.address)
    for name in (
        "id",
        "number",
        "dossier",
        "dossier_id",
        "unit",
        "unit_id",
        "ID",
        "Id",
        "id[]",
        "id.",
        "document",
        "scan",
    ):
        yield Trick(f"{name} beside the address", method, f"{cell.address}{joined}{name}={own}", data={name: own})
    yield Trick("a parameter twice", method, f"{cell.address}{joined}id={own}&id={own}&id=")
    yield Trick(
        "powers asked for", method, f"{cell.address}{joined}{POWERS}", data={"role": "administrator", "is_admin": True}
    )


def refused(house: House) -> Iterator[Cell]:
    """For each address and each of the people without rights one question that is refused."""
    seen = set()
    for cell in cells(house.app, house.organisation, nothing=False):
        key = cell.who, cell.endpoint, cell.method
        if cell.who not in WITHOUT_RIGHTS or cell.expected not in (SIGN_IN, HIDDEN, REFUSED) or key in seen:
            continue
        if RULES[cell.endpoint].kind == "-" and cell.expected == HIDDEN:
            continue
        seen.add(key)
        yield cell


def put(house: House, cell: Cell, trick: Trick, findings: Findings) -> None:
    """Ask in this way; the answer is none, a refusal, or where the question really is."""
    said = f"{cell.endpoint} {cell.who or 'nobody'} {trick.name}: {trick.method} {trick.address}"
    changed: list[str] = []
    before, house.changed = house.changed, changed.append
    more = {
        "environ_overrides": {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in trick.headers.items()}
    }
    answer = house.ask(cell.who, trick.method, trick.address, trick.data, **more)
    house.changed = before
    findings.answers += 1
    status = answer.status_code
    for told in leaks_in(cell.who, answer, house.organisation, trick.address):
        findings.leaks.append(f"{said} {status}: {told}")
    if trick.is_open:
        plain = house.ask(cell.who, trick.method, OPEN)
        if (status, answer.content) != (plain.status_code, plain.content):  # type: ignore[attr-defined]
            findings.mismatches.append(f"{said}: {status}, another page than {OPEN}")
        return
    if status < 300 and trick.method != cell.method:  # by another method the address is another question
        plain = house.ask(cell.who, "GET" if trick.method == "HEAD" else trick.method, cell.address)
        if plain.status_code == status:
            return
    is_list = trick.method == "OPTIONS" and not answer.content  # type: ignore[attr-defined]
    if status >= 500 or (status < 300 and not is_list):
        findings.mismatches.append(f"{said}: {status}")
    if changed and not is_list and status not in (301, 308):
        findings.mismatches.append(f"{said}: {status}, something may have changed")

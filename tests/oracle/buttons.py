"""The buttons of a page, held against the oracle: none may be shown to somebody whom its address refuses."""

from collections.abc import Iterator
from html.parser import HTMLParser

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tests.oracle.addresses import PAPERS, RULES
from tests.oracle.asking import THING, House, foretold
from tests.oracle.oracle import HIDDEN, REFUSED


class _Buttons(HTMLParser):
    """What a page offers: its links, and the forms that have a button, each with its method."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.forms: dict[str, tuple[str, str]] = {}
        self.pressed: set[str] = set()
        self.around = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link, a form, or a button of a form."""
        said = {name: value or "" for name, value in attrs}
        if tag == "a" and said.get("href", "").startswith("/"):
            self.found.add(("GET", said["href"]))
        elif tag == "form":
            self.around = said.get("id") or f"form {len(self.forms)}"
            self.forms[self.around] = (said.get("method", "get").upper(), said.get("action", ""))
        elif tag == "button" or (tag == "input" and said.get("type") == "submit"):
            if "formaction" in said:
                self.found.add(("POST", said["formaction"]))
            elif said.get("type", "submit") == "submit":
                self.pressed.add(said.get("form") or self.around)

    def handle_endtag(self, tag: str) -> None:
        """A form ends."""
        self.around = "" if tag == "form" else self.around


def buttons_of(page: str) -> set[tuple[str, str]]:
    """Method and address of everything that can be pressed or followed on a page."""
    reader = _Buttons()
    reader.feed(page)
    return reader.found | {form for name, form in reader.forms.items() if name in reader.pressed}


def closed_buttons(house: House, who: str, page: str) -> Iterator[str]:
    """What a page shows somebody though the oracle refuses it, or hides the thing it is about."""
    adapter = house.app.url_map.bind("localhost")
    places = {id: (kind, corner) for kind, things in house.organisation.things.items() for corner, id in things.items()}
    numbers = {number: id for id, number in house.organisation.numbers.items()}
    for method, address in sorted(buttons_of(page)):
        try:
            endpoint, arguments = adapter.match(address.partition("?")[0].partition("#")[0], method=method)
        except (HTTPException, RequestRedirect):
            continue
        rule = RULES[endpoint]
        own = next((arguments[name] for name in ("id", "number", *THING) if isinstance(arguments.get(name), str)), "")
        kind, corner = places.get(numbers.get(own, own), (rule.kind, None))
        if rule.kind != "-" and corner is None:
            continue  # a thing of the machine, or one that was made meanwhile
        if rule.kind == "paper":
            kind = PAPERS[arguments["kind"]]
        expected = foretold(who, endpoint, kind, corner if rule.kind != "-" else None)
        if expected in (REFUSED, HIDDEN):
            yield f"{method} {endpoint} [{kind}/{corner}]: {expected}"

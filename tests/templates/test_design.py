"""The style page and the error pages as markup: what the policy and a screen reader need of every piece."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from tests.templates.desk import ROOT, create_desk

ERRORS = (400, 403, 404, 409, 413, 422, 429, 500, 503)
ADDRESSES = ("/design", "/reading", "/upload", *(f"/error/{number}" for number in ERRORS))


class Page(HTMLParser):
    """Every start tag of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, name: str) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get(name))]


@pytest.fixture(params=ADDRESSES)
def page(request: pytest.FixtureRequest) -> Page:
    answer = create_desk().test_client().get(request.param)
    assert answer.status_code == 200
    return Page(answer.text)


def test_a_page_has_one_heading_a_title_and_unique_ids(page: Page) -> None:
    tags = Counter(tag for tag, _ in page.tags)
    assert tags["title"] == 1
    assert sum(1 for tag, attributes in page.tags if tag == "h1" and "h1" not in (attributes.get("class") or "")) == 1
    assert [name for name, times in Counter(page.values("id")).items() if times > 1] == []


def test_a_page_has_nothing_inline(page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert not any((value or "").startswith("data:") for value in attributes.values())
        assert tag != "script" or attributes.get("src", "").startswith("/static/js/")  # type: ignore[union-attr]


def test_every_field_has_a_label_and_every_reference_a_target(page: Page) -> None:
    ids, labelled = set(page.values("id")), set(page.values("for"))
    for tag, attributes in page.tags:
        if tag in ("input", "select", "textarea") and attributes.get("type") != "hidden":
            assert attributes.get("id") in labelled or attributes.get("aria-label"), attributes
    for value in page.values("aria-describedby"):
        assert set(value.split()) <= ids
    assert labelled <= ids


def test_every_icon_is_in_the_sprite(page: Page) -> None:
    known = set((ROOT / "oms/web/assets/icons.txt").read_text().split("\n"))
    names = {address.partition("#")[2] for address in page.values("href") if "icons.svg#" in address}
    assert names
    assert names <= known


def test_every_static_file_a_page_names_is_there(page: Page) -> None:
    names = {value.partition("#")[0] for value in (*page.values("src"), *page.values("href")) if "/static/" in value}
    assert names
    assert [name for name in names if not (ROOT / "oms/web" / name.lstrip("/")).is_file()] == []


def test_a_sort_link_keeps_the_filter_and_cannot_leave_the_page() -> None:
    text = create_desk().test_client().get("/design?q=a%26b&page=3&_external=1&endpoint=x&sort=name").text
    links = re.findall(r'class="sort" href="([^"]*)"', text)
    assert len(links) == 4
    assert all(link.startswith("?q=a%26b&amp;") or link.startswith("?q=a%26b&") for link in links)
    assert all("page=" not in link for link in links)
    assert any(link.endswith("sort=-name") for link in links)


def test_dates_are_those_of_hanoi() -> None:
    text = create_desk().test_client().get("/design").text
    assert "24/11/2026 09:05" in text
    assert ">11/2026<" in text

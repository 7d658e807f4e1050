"""Find within one document, or one scan that is not filed yet: the pages that have the words, from the database.

The text that holds now counts, corrections included, so nothing waits for the index.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms.models import Page
from oms.search.snippets import matching_words


@dataclass(frozen=True)
class PageWithWords:
    """A page that has the words: its number in the document or scan, and how often."""

    id: str
    number: int
    hits: int


def find_pages(session: Session, page: Page, words: str) -> list[PageWithWords]:
    """The pages with `words` in the document of `page`, or in its scan while it waits; the caller may read `page`
    and therefore all of them. Likely misreadings count only when no page has the words themselves."""
    query = select(Page.id, Page.text)
    if page.document_id is not None:
        query = query.where(Page.document_id == page.document_id).order_by(Page.document_position)
    else:
        query = query.where(Page.scan_id == page.scan_id).order_by(Page.number)
    texts = [(row.id, row.text.split()) for row in session.execute(query)]
    for misread in (False, True):
        counts = [len(matching_words(text, words, misread=misread)) for _id, text in texts]
        if any(counts):
            break
    return [
        PageWithWords(id, number, count)
        for number, ((id, _text), count) in enumerate(zip(texts, counts, strict=True), start=1)
        if count
    ]

"""Two units side by side for the rules SL-1 to SL-9: what the one has is full of words the other must never meet."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from oms import accounts, inserts, review
from oms.models import PersonAlias
from tests import factories
from tests.factories import World

CANARIES = ("Canarius", "Sơncanari", "987-QĐ/CANARI", "Mậtcanarikín", "Bídanhcanari")
SEALED = "Niêmphongcanari"
REASON = "Theo công văn số 5 ngày 24/11/2026"


@dataclass(frozen=True)
class Ids:
    """Of what the officer of Sở Nội vụ holds, and of what Sở Tài chính does."""

    own: str
    own_number: str
    foreign: str
    foreign_number: str
    foreign_document: str
    sealed_document: str


def furnish(session: Session, world: World) -> Ids:
    """One dossier each with a filed document; in the own one lies a sealed insert, too."""
    one, two, stranger = (
        accounts.get_actor(session, name, via="web") for name in ("canbo.sonv", "canbo2.sonv", "canbo.sotc")
    )
    own = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa")
    scan = factories.make_scan(session, own, one.account_id, ("nâng bậc lương thường xuyên", "điều khoản thi hành"))
    factories.make_document(session, own, scan, title="Quyết định nâng lương", actor=one)
    scan = factories.make_scan(session, own, one.account_id, (f"đơn tố cáo {SEALED}",))
    pages = [page.id for page in review.pages_with_text(session, scan)]
    complaint = review.file_pages(session, scan, pages, review.Filing("cs_verified_complaint", SEALED), actor=one)
    inserts.seal(session, complaint, REASON, second=two, actor=one)
    foreign = factories.make_dossier(session, world.units["sotc"], f"{CANARIES[0]} Hồ {CANARIES[1]}")
    session.add(PersonAlias(person_id=foreign.person_id, name=CANARIES[4]))
    scan = factories.make_scan(session, foreign, stranger.account_id, (f"nâng bậc lương {CANARIES[3]}",))
    document = factories.make_document(session, foreign, scan, title=f"Quyết định {CANARIES[0]}", actor=stranger)
    document.number = CANARIES[2]
    return Ids(own.id, own.number, foreign.id, foreign.number, document.id, complaint.id)


def crowd(session: Session, world: World, word: str, times: int) -> None:
    """The same word in many pages of the other unit."""
    stranger = accounts.get_actor(session, "canbo.sotc", via="web")
    dossier = factories.make_dossier(session, world.units["sotc"], f"Đám Đông {word}")
    factories.make_scan(session, dossier, stranger.account_id, (f"{word} {word}",) * times)


def told(texts: str, *, asked: str = "") -> list[str]:
    """Which canaries a text tells of, those in the question itself aside."""
    return [word for word in (*CANARIES, SEALED) if word.lower() in texts.lower().replace(asked.lower(), "\0")]

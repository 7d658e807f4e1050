"""Biên bản rà soát quyền truy cập: what was signed, as it was on that day."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from oms.errors import N_, Conflict
from oms.models import AccessReview, AccessReviewRow, PaperKind, ReviewVerdict
from oms.organisation import HANOI
from oms.papers.issuing import PDF, Paper, Printing, body_of, issue, write_date
from oms.permissions import Action, require
from oms.printing.access_review import AccessReviewMinutes, ReviewedAccount, draw_access_review

_ROLES = {
    "officer": "Cán bộ hồ sơ",
    "head": "Người đứng đầu",
    "inspector": "Cán bộ kiểm tra",
    "subject": "Người có hồ sơ",
    "administrator": "Quản trị viên kỹ thuật",
}
_MARKS = {
    "left": "đã nghỉ",
    "moved": "hồ sơ đã chuyển đơn vị khác",
    "unused": "lâu không dùng",
    "never": "chưa dùng lần nào",
    "closed": "tài khoản đã khóa",
}
_VERDICTS = {ReviewVerdict.CONFIRMED: "Giữ quyền", ReviewVerdict.REVOKED: "Thu hồi"}


def access_review_paper(session: Session, review: AccessReview, *, printing: Printing) -> Paper:
    """The minutes in the book of the unit; `Conflict` before they are signed."""
    require(printing.actor, Action.ACCESS_REVIEW_READ, review)
    if review.signed_at is None or review.signed_by is None:
        raise Conflict(N_("This review is not signed yet. The minutes are printed when it is."))
    body = body_of(review.unit)
    imprint = issue(
        session,
        PaperKind.ACCESS_REVIEW,
        review,
        review.unit,
        body,
        printing=printing,
        check=review.sealed_sha256 or "",
        address=f"{printing.address.rstrip('/')}/access-reviews/{review.id}" if printing.address else "",
        request=review.number,
    )
    rows = sorted(review.rows, key=lambda row: row.account.username)
    minutes = AccessReviewMinutes(
        body=body,
        imprint=imprint,
        day=review.signed_at.astimezone(HANOI).date(),
        number=review.number,
        unit=review.unit.name,
        basis=review.basis,
        accounts=tuple(_tell(row) for row in rows),
        revoked=sum(row.verdict == ReviewVerdict.REVOKED for row in rows),
        signed_by=review.signed_by.full_name,
    )
    return Paper(f"ra-soat-quyen-{review.number}.pdf", PDF, draw_access_review(minutes), imprint.number)


def _tell(row: AccessReviewRow) -> ReviewedAccount:
    told = row.told or {}
    rights = [f"{_ROLES[role['role']]} – {role['place']}" for role in told.get("roles", ())]
    rights += [f"Được ủy quyền của {lent['head']} đến {_day(lent['until'])}" for lent in told.get("delegations", ())]
    if told.get("looks"):
        rights.append("Đang khai thác theo yêu cầu " + ", ".join(told["looks"]))
    last = told.get("last_sign_in")
    verdict = _VERDICTS[row.verdict] if row.verdict else "Tài khoản của người ký, không tự kết luận"
    return ReviewedAccount(
        name=f"{told.get('name', '')} ({told.get('username', '')})",
        rights="; ".join(rights),
        last_sign_in=write_date(datetime.fromisoformat(last).astimezone(HANOI).date()) if last else "—",
        noticed=", ".join(_MARKS[mark] for mark in told.get("marks", ())),
        verdict=f"{verdict}: {row.reason}" if row.reason else verdict,
    )


def _day(written: str) -> str:
    return write_date(date.fromisoformat(written))

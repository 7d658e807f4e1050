"""Biên bản hủy tài liệu: the council, what it let go by dossier and rule, and how; no content of what is gone."""

from collections import Counter

from sqlalchemy.orm import Session

from oms import catalogue
from oms.models import Disposal, DisposalState, PaperKind
from oms.papers.issuing import PDF, Paper, Printing, body_of, issue, write_date
from oms.permissions import Action, require
from oms.printing import Destroyed, DisposalMinutes, draw_disposal_minutes


def disposal_minutes(session: Session, disposal: Disposal, *, printing: Printing) -> Paper:
    """The minutes of a disposal; with the number of the certificate once it was destroyed."""
    require(printing.actor, Action.DISPOSAL_READ, disposal)
    body = body_of(disposal.unit)
    address = f"{printing.address.rstrip('/')}/disposals/{disposal.id}" if printing.address else ""
    imprint = issue(
        session,
        PaperKind.DISPOSAL_MINUTES,
        disposal,
        disposal.unit,
        body,
        printing=printing,
        address=address,
        request=disposal.number,
    )
    rules = {rule.id: rule for rule in catalogue.retention_rules(disposal.minutes_on)}
    rule = rules.get(disposal.rule_id)
    scans = Counter(item.dossier.number for item in disposal.items)
    chair, *others = disposal.council
    council = ((chair, "Chủ tịch Hội đồng"), *((name, "Ủy viên") for name in others[:-1]), (others[-1], "Thư ký"))
    done = disposal.state == DisposalState.EXECUTED
    minutes = DisposalMinutes(
        body=body,
        imprint=imprint,
        day=disposal.minutes_on,
        decision=f"{disposal.minutes} ngày {write_date(disposal.minutes_on)}",
        council=council,
        papers=tuple(
            Destroyed(title=f"Bản quét của hồ sơ ({count})", number=number, rule=rule.basis if rule else "")
            for number, count in sorted(scans.items())
        ),
        reason=disposal.legal_reason,
        method=f"Xóa tệp, hình ảnh và văn bản khỏi hệ thống; giấy chứng nhận số {disposal.certificate}; "
        f"{disposal.pages} trang"
        if done
        else "Chưa hủy",
    )
    return Paper(f"bien-ban-huy-{disposal.number}.pdf", PDF, draw_disposal_minutes(minutes), imprint.number)

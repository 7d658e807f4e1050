"""Papers that lie in a dossier or on it: contents list, control sheet, envelope and label."""

from sqlalchemy.orm import Session

from oms import audit, completeness, custody, dossiers, organisation, sheets
from oms.errors import N_, Conflict
from oms.models import Dossier, Original, PaperKind, PaperLossKind, PaperLossState
from oms.papers.issuing import PDF, Paper, Printing, body_of, form_of, issue, tell_of, write_date
from oms.permissions import Action, require
from oms.printing import (
    ContentsList,
    ControlSheet,
    Envelope,
    Imprint,
    Label,
    Listed,
    SupplementRequest,
    draw_contents_list,
    draw_control_sheet,
    draw_envelope,
    draw_labels,
    draw_supplement_request,
)
from oms.procedures import paper_losses
from oms.search.records import component_label
from oms.stocktaking import DOSSIER_LABEL

_COPIES = {Original.ORIGINAL: "Bản chính", Original.CERTIFIED_COPY: "Bản sao chứng thực", Original.COPY: "Bản chụp"}


def listed(session: Session, dossier: Dossier) -> tuple[Listed, ...]:
    """The documents in the order of the contents list, with their pages; sealed inserts are not among them."""
    documents = dossiers.contents(session, dossier)
    pages = dossiers.pages_of(session, [document.id for document in documents])
    remarks = paper_losses.remarks(paper_losses.naming(session, [document.id for document in documents]))
    return tuple(
        Listed(
            title=document.title + _remark(remarks.get(document.id)),
            number=document.number or "",
            issued=write_date(document.issued_on, document.issued_precision),
            original=_COPIES[document.original],
            pages=len(pages[document.id]),
            sheets=sheets.of(document, pages[document.id]).count,
            group=component_label(document.component_id, dossier.category.value),
        )
        for document in documents
    )


def _remark(remark: paper_losses.Remark | None) -> str:
    """What the list says beside a paper that was lost or made anew; the words of the paper, which is Vietnamese."""
    if remark is None:
        return ""
    loss = remark.loss
    if remark.remade:
        only = "; chỉ để tham khảo, đã tìm thấy bản gốc" if loss.state == PaperLossState.FOUND else ""
        return f" (lập lại từ bản sao của {loss.remade_from}, {loss.number}{only})"
    if loss.state == PaperLossState.FOUND:
        return ""
    gone = "bản giấy bị hỏng" if loss.kind == PaperLossKind.DAMAGED else "bản giấy không còn"
    return f" ({gone}, {loss.number})"


def contents_list(session: Session, dossier: Dossier, *, printing: Printing) -> Paper:
    """Mục lục of the dossier as it is now."""
    require(printing.actor, Action.DOSSIER_READ, dossier)
    check = custody.manifest_hash(custody.seal(session, dossier))
    imprint = _issue(session, PaperKind.CONTENTS_LIST, dossier, printing, check)
    contents = ContentsList(
        body=body_of(dossier.custodian, dossier.category),
        imprint=imprint,
        day=organisation.today(),
        subject=tell_of(dossier, actor=printing.actor),
        documents=listed(session, dossier),
        form=form_of(PaperKind.CONTENTS_LIST, dossier.category),
    )
    return Paper(f"muc-luc-{dossier.number}.pdf", PDF, draw_contents_list(contents), imprint.number)


def control_sheet(session: Session, dossier: Dossier, *, printing: Printing) -> Paper:
    """Phiếu kiểm soát: what must be there by the list in force today, and what is."""
    require(printing.actor, Action.DOSSIER_READ, dossier)
    imprint = _issue(session, PaperKind.CONTROL_SHEET, dossier, printing)
    presences = completeness.presences(dossier, completeness.counting(session, dossiers.contents(session, dossier)))
    sheet = ControlSheet(
        body=body_of(dossier.custodian, dossier.category),
        imprint=imprint,
        day=organisation.today(),
        subject=tell_of(dossier, actor=printing.actor),
        components=tuple((row.component.label_vi, row.documents) for row in presences),
        basis="; ".join(sorted({row.component.basis for row in presences})),
    )
    return Paper(f"phieu-kiem-soat-{dossier.number}.pdf", PDF, draw_control_sheet(sheet), imprint.number)


def supplement_request(session: Session, dossier: Dossier, *, printing: Printing) -> Paper:
    """Phiếu đề nghị bổ sung: what the dossier lacks today; `Conflict` when it lacks nothing."""
    require(printing.actor, Action.DOSSIER_READ, dossier)
    documents = completeness.counting(session, dossiers.contents(session, dossier))
    missing = [row.component for row in completeness.presences(dossier, documents) if not row.documents]
    yearly = completeness.yearly_gaps(dossier, documents, told=completeness.told_years(session, dossier))
    if not missing and not yearly:
        raise Conflict(N_("Nothing is missing in this dossier, so there is nothing to ask for."))
    day = organisation.today()
    limit = completeness.limit_on(dossier.category, day) if missing else None
    request = SupplementRequest(
        body=body_of(dossier.custodian, dossier.category),
        imprint=_issue(session, PaperKind.SUPPLEMENT_REQUEST, dossier, printing),
        day=day,
        subject=tell_of(dossier, actor=printing.actor),
        papers=(
            *((row.label_vi, row.basis) for row in missing),
            *((_of_years(gap), gap.component.basis) for gap in yearly),
        ),
        until=write_date(limit.ends(day)) if limit else "",
        basis=limit.basis if limit else "",
    )
    return Paper(
        f"phieu-de-nghi-bo-sung-{dossier.number}.pdf", PDF, draw_supplement_request(request), request.imprint.number
    )


def _of_years(gap: completeness.YearlyGap) -> str:
    years = ", ".join(str(year) for year in gap.years)
    return f"{gap.component.label_vi} ({f'các năm: {years}' if years else 'chưa có năm nào'})"


def envelope(session: Session, dossier: Dossier, *, printing: Printing) -> Paper:
    """Bì hồ sơ (HS09a) in its real size; it bears the number of the dossier and none of its own."""
    _write_down(session, PaperKind.ENVELOPE, dossier, printing)
    drawn = draw_envelope(
        Envelope(
            body=body_of(dossier.custodian, dossier.category),
            subject=tell_of(dossier, actor=printing.actor),
            address=_address(dossier, printing),
            place=_place(dossier),
            form=form_of(PaperKind.ENVELOPE, dossier.category).removeprefix("Mẫu "),
        )
    )
    return Paper(f"bi-ho-so-{dossier.number}.pdf", PDF, drawn)


def dossier_label(session: Session, dossier: Dossier, *, printing: Printing) -> Paper:
    """One label with the code that stock-taking reads."""
    _write_down(session, PaperKind.DOSSIER_LABEL, dossier, printing)
    label = Label(
        number=dossier.number,
        name=dossier.person.full_name,
        unit=dossier.custodian.name,
        place=_place(dossier),
        address=f"{DOSSIER_LABEL}{dossier.number}",
    )
    return Paper(f"nhan-{dossier.number}.pdf", PDF, draw_labels([label]))


def _issue(session: Session, kind: PaperKind, dossier: Dossier, printing: Printing, check: str = "") -> Imprint:
    unit = dossier.custodian
    body = body_of(unit, dossier.category)
    address = _address(dossier, printing)
    return issue(session, kind, dossier, unit, body, printing=printing, check=check, address=address)


def _write_down(session: Session, kind: PaperKind, dossier: Dossier, printing: Printing) -> None:
    require(printing.actor, Action.DOSSIER_READ, dossier)
    audit.record(session, "paper:print", dossier, actor=printing.actor, words=printing.purpose_words, paper=kind.value)


def _address(dossier: Dossier, printing: Printing) -> str:
    return f"{printing.address.rstrip('/')}/dossiers/{dossier.id}" if printing.address else ""


def _place(dossier: Dossier) -> str:
    parts = (("kho", dossier.shelf_room), ("giá", dossier.shelf), ("hộp", dossier.shelf_box))
    return ", ".join(f"{word} {value}" for word, value in parts if value).capitalize()

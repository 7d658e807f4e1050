"""The slip with the opening code of a package: drawn while the code is still at hand, because it is kept nowhere."""

from sqlalchemy.orm import Session

from oms import audit, organisation, packages
from oms.models import Package, now
from oms.organisation import HANOI
from oms.papers.issuing import PDF, Paper, Printing, body_of, committee_name
from oms.permissions import Action, require
from oms.printing import Imprint, OpeningSlip, draw_opening_slip
from oms.settings import Settings


def opening_slip(session: Session, settings: Settings, package: Package, code: str, *, printing: Printing) -> Paper:
    """Phiếu mã mở gói, for whoever sealed the package; raises `WrongCode` for a code that does not open it.

    It stands in no register and bears no number of the body: it is destroyed when the package is open.
    """
    require(printing.actor, Action.PACKAGE_READ, package)
    packages.check_code(settings, package, code)
    transfer = package.transfer
    assert transfer is not None
    require(printing.actor, Action.TRANSFER_SEND, transfer)
    audit.record(session, "package:slip", package, actor=printing.actor, package=package.package_id)
    slip = OpeningSlip(
        body=body_of(package.unit),
        imprint=Imprint(
            number="",
            printed_by=printing.actor.name,
            printed_at=now().astimezone(HANOI),
            purpose=printing.purpose_words.lower(),
            request=transfer.number,
        ),
        day=organisation.today(),
        receiver=committee_name(transfer.to_unit.name),
        installation=package.peer_name,
        transfer_number=transfer.number,
        package=package.package_id[:12],
        sealed_on=f"{package.made_at.astimezone(HANOI):%H:%M ngày %d/%m/%Y}",
        code=packages.write_code(code),
    )
    return Paper(f"phieu-ma-mo-goi-{transfer.number}.pdf", PDF, draw_opening_slip(slip))

"""A dossier travels from one installation to another: whole, proved, once; and every way it can be wrong."""

import hashlib
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from oms import audit, custody, db, dossiers, organisation, packages, staging, storage
from oms.errors import BadInput, ConfirmationNeeded, Conflict, FileRefused, NotFound, OmsError, Refused
from oms.models import AuditEntry, Dossier, ForeignEntry, Package, Page, Person, Scan, Transfer, TransferState
from oms.packages import bag, keys, sealing
from oms.packages.exporting import SIGNED
from oms.packages.showing import show_scan
from tests import factories
from tests.packages.conftest import House, dispatch, fill


def contents(session, dossier: Dossier) -> dict:
    """What of a dossier must be equal on both sides."""
    scans = sorted(dossiers.scans_of(session, dossier), key=lambda scan: scan.sha256)
    documents = dossiers.contents(session, dossier)
    pages = dossiers.pages_of(session, [document.id for document in documents])
    return {
        "person": (dossier.person.full_name, dossier.person.birth_date, dossier.person.personal_id),
        "category": dossier.category,
        "scans": [(scan.sha256, scan.file_name, scan.page_count, scan.state) for scan in scans],
        "documents": [
            (d.title, d.component_id, d.issued_on, [(p.number, p.text, p.text_read, p.words) for p in pages[d.id]])
            for d in documents
        ],
    }


def stored(house: House) -> tuple[int, int, int, int]:
    """How much of anything an installation holds."""
    with db.reading(house.engine) as session:
        rows = [session.scalar(select(func.count()).select_from(table)) or 0 for table in (Dossier, Scan, Package)]
    return (*rows, sum(1 for _name in storage.names(house.settings.scans)))


def refusal(house: House, path: Path, code: str) -> OmsError:
    """The refusal of a package; asserts that nothing of it was stored."""
    before = stored(house)
    with pytest.raises(OmsError) as caught:
        house.take_in(path, code)
    assert stored(house) == before
    assert not list(staging.folder(house.settings).iterdir())
    return caught.value


def test_a_dossier_arrives_as_it_left(here: House, there: House, sealed: packages.Sealed) -> None:
    row_id = there.take_in(sealed.path, sealed.code)
    with db.reading(here.engine) as session:
        row = session.scalars(select(Package)).one()
        left, origin, number = contents(session, row.dossier), row.extract_sha256, row.transfer_number
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "package:export")).one()
        assert json.loads(entry.body)["detail"]["manifest"] == row.manifest_sha256
    with db.reading(there.engine) as session:
        package = session.get_one(Package, row_id)
        assert contents(session, package.dossier) == left
        assert (package.extract_sha256, package.transfer_number) == (origin, number)
        assert package.dossier.custodian_id == there.world.units["soyt"]
        for scan in session.scalars(select(Scan)):
            assert storage.is_sound(there.settings.scans, scan.sha256)
        # The log of the sender came along, is readable here and bound to ours by its hash.
        foreign = session.scalars(select(ForeignEntry).order_by(ForeignEntry.position)).all()
        assert {"transfer:dispatch", "page:correct", "document:file"} <= {entry.action for entry in foreign}
        assert all(audit.chain(one.previous, one.seq, one.body) == one.hash for one in foreign)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "package:import")).one()
        assert json.loads(entry.body)["detail"]["extract"] == origin
        assert package.origin is not None
        assert package.origin["transfers"][0]["number"] == number
        assert package.origin["corrections"][0]["after"] == "QUYẾT ĐỊNH bổ nhiệm trang một"
        assert not audit.verify(session).finding
    assert there.sent, "pictures and index are made by jobs"


def test_pictures_are_made_anew_from_the_originals(there: House, sealed: packages.Sealed) -> None:
    there.take_in(sealed.path, sealed.code)
    with db.reading(there.engine) as session:
        scan_id = session.scalars(select(Scan.id)).one()
    assert show_scan(there.engine, there.settings, scan_id, actor=None)
    with db.reading(there.engine) as session:
        pages = session.scalars(select(Page)).all()
        images = [storage.read(there.settings.scans, str(page.image_sha256)) for page in pages]
        assert [image[:2] for image in images] == [b"\xff\xd8", b"\xff\xd8"]
        pdf = storage.read(there.settings.scans, str(session.scalars(select(Scan.pdf_sha256)).one()))
        assert pdf.startswith(b"%PDF")
    assert show_scan(there.engine, there.settings, scan_id, actor=None) == [], "a second time there is nothing to do"


def test_the_answer_closes_the_transfer(here: House, there: House, sealed: packages.Sealed) -> None:
    row_id = there.take_in(sealed.path, sealed.code)
    with db.writing(there.engine) as session:
        package = session.get_one(Package, row_id)
        officer = there.actor("canbo.soyt")
        answer = packages.acknowledge(session, there.settings, package, actor=officer, reservations="Thiếu tờ 2")
        assert packages.acknowledge(session, there.settings, package, actor=officer) == answer, "one answer"
        with pytest.raises(Conflict):
            packages.acknowledge(session, there.settings, package, actor=officer, reservations="khác")
    forged = answer.replace("Thiếu tờ 2".encode(), "Thiếu tờ 9".encode())
    with db.writing(here.engine) as session:
        for wrong in (forged, b"{}", b"no answer", b"[" * 5000):
            with pytest.raises(BadInput):
                packages.close(session, wrong, actor=here.actor("canbo.sonv"))
        with pytest.raises(NotFound):
            packages.close(session, answer, actor=here.actor("canbo.soyt"))
    _close(here, answer)
    with db.reading(here.engine) as session:
        transfer = session.scalars(select(Transfer)).one()
        assert transfer.state == TransferState.ACCEPTED_WITH_RESERVATIONS
        assert not transfer.dossier.frozen
        assert not audit.verify(session).finding
    with pytest.raises(Conflict):
        _close(here, answer)


def _close(house: House, answer: bytes) -> None:
    """By an officer who may end the transfer: one who works in both units of it."""
    from dataclasses import replace

    sender, receiver = house.actor("canbo.sonv"), house.actor("canbo.sotc")
    units = {action: found | receiver.units.get(action, frozenset()) for action, found in sender.units.items()}
    with db.writing(house.engine) as session:
        packages.close(session, answer, actor=replace(receiver, units=units))


def test_nobody_takes_the_same_package_in_twice(there: House, sealed: packages.Sealed) -> None:
    there.take_in(sealed.path, sealed.code)
    assert isinstance(refusal(there, sealed.path, sealed.code), Conflict)


def test_one_changed_byte_is_noticed_wherever(there: House, sealed: packages.Sealed) -> None:
    whole = sealed.path.read_bytes()
    for place in (0, 9, 40, 700, len(whole) // 2, -1):
        data = bytearray(whole)
        data[place] ^= 1
        sealed.path.write_bytes(data)
        assert isinstance(refusal(there, sealed.path, sealed.code), BadInput), place


def test_a_file_cut_off_is_noticed_wherever(there: House, sealed: packages.Sealed) -> None:
    data = sealed.path.read_bytes()
    for end in (0, 7, 100, len(data) // 2, len(data) - 16, len(data) - 1):
        sealed.path.write_bytes(data[:end])
        assert isinstance(refusal(there, sealed.path, sealed.code), BadInput)
    sealed.path.write_bytes(data + b"\0")
    assert isinstance(refusal(there, sealed.path, sealed.code), BadInput)


def test_chunks_in_another_order_are_noticed() -> None:
    about = {"package": "1", "sender": "2", "receiver": "3", "transfer": "4"}
    out = io.BytesIO()
    sealing.seal(out, "code", about, [b"a" * sealing.CHUNK, b"b" * sealing.CHUNK, b"c"])
    data, step = out.getvalue(), sealing.CHUNK + 16
    head = len(data) - 2 * step - 17
    assert b"".join(sealing.unseal(io.BytesIO(data), "code"))[:1] == b"a"
    first, second, last = data[head : head + step], data[head + step : head + 2 * step], data[head + 2 * step :]
    for parts in ([second, first, last], [first, last], [first, second], [first, first, last], [last]):
        with pytest.raises(sealing.Damaged):
            list(sealing.unseal(io.BytesIO(data[:head] + b"".join(parts)), "code"))


@pytest.mark.parametrize("size", [0, 1, sealing.CHUNK - 1, sealing.CHUNK, sealing.CHUNK + 1, 3 * sealing.CHUNK])
def test_any_size_comes_back(size: int) -> None:
    about = {"package": "1", "sender": "2", "receiver": "3", "transfer": "4"}
    out, content = io.BytesIO(), hashlib.sha256(b"x").digest() * (size // 32) + b"y" * (size % 32)
    written = sealing.seal(out, "code", about, [content[:5], content[5:]])
    assert written == len(out.getvalue())
    assert b"".join(sealing.unseal(out, "code")) == content


def test_a_wrong_code_is_called_one(there: House, sealed: packages.Sealed) -> None:
    assert isinstance(refusal(there, sealed.path, packages.make_code()), packages.WrongCode)
    digit = sealed.code[0]
    typo = ("1" if digit != "1" else "2") + sealed.code[1:]
    assert "digit" in str(refusal(there, sealed.path, typo))
    assert isinstance(refusal(there, sealed.path, "12 34"), BadInput)
    assert there.take_in(sealed.path, sealed.code.replace(" ", "")), "groups are for the ear"


Files = dict[str, bytes]


def rebuild(house: House, sealed: packages.Sealed, change: Callable[[Files], None], *, honest: bool = False) -> Path:
    """The package of somebody who has the code and alters the bag; `honest` hashes and signs anew with `house`'s key."""
    files: Files = {}

    def keep(name: str, _size: int, pieces: Iterator[bytes]) -> None:
        files[name] = b"".join(pieces)

    with sealed.path.open("rb") as stream:
        header = sealing.read_header(stream)
        bag.walk(sealing.unseal(stream, keys.read_code(sealed.code)), keep)
    change(files)
    if honest:
        _bind(house, files, header)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"bag/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    about = {name: header[name] for name in ("package", "sender", "sender_name", "receiver", "transfer", "made_at")}
    path = sealed.path.with_name("altered.omspkg")
    with path.open("wb") as sink:
        sealing.seal(sink, keys.read_code(sealed.code), about, [out.getvalue()])
    return path


def _bind(house: House, files: Files, header: dict) -> None:
    payload = {n: hashlib.sha256(d).hexdigest() for n, d in files.items() if n.startswith("data/")}
    octets = sum(len(d) for n, d in files.items() if n.startswith("data/"))
    files[bag.MANIFEST] = bag.list_hashes(payload)
    info = bag.read_info(files[bag.INFO]) | {"Payload-Oxum": f"{octets}.{len(payload)}"}
    files[bag.INFO] = "".join(f"{k}: {v}\n" for k, v in info.items()).encode()
    files[bag.TAG_MANIFEST] = bag.list_hashes({n: hashlib.sha256(files[n]).hexdigest() for n in bag.TAGS})
    signature = keys.sign(house.settings, SIGNED + files[bag.TAG_MANIFEST])
    files[bag.SIGNATURE] = json.dumps({"key": header["sender"], "signature": signature}).encode()


def _scan_in(files: Files) -> str:
    return next(name for name in files if name.startswith("data/scans/"))


def _change_a_scan(files: Files) -> None:
    files[_scan_in(files)] = files[_scan_in(files)][:-1] + b"!"


def _lose_a_scan(files: Files) -> None:
    del files[_scan_in(files)]


def _add_a_file(files: Files) -> None:
    files["data/scans/extra.pdf"] = b"%PDF"


def _add_a_tag(files: Files) -> None:
    files["notes.txt"] = b"x"


def _change_the_info(files: Files) -> None:
    files[bag.INFO] += b"Contact-Name: X\n"


def _lose_the_list(files: Files) -> None:
    del files[bag.MANIFEST]


def test_what_is_wrong_is_said_by_name(here: House, there: House, sealed: packages.Sealed) -> None:
    for change, said in (
        (_change_a_scan, "data/scans/.* was changed"),
        (_lose_a_scan, "data/scans/.* is missing"),
        (_add_a_file, "data/scans/extra.pdf lies in the package and is not on its list"),
        (_add_a_tag, "notes.txt lies in the package and is not on its list"),
        (_change_the_info, "bag-info.txt was changed"),
        (_lose_the_list, "manifest-sha256.txt is missing"),
    ):
        error = refusal(there, rebuild(here, sealed, change), sealed.code)
        assert isinstance(error, packages.PackageRefused)
        assert re.search(said, str(error.problems[0])), [str(one) for one in error.problems]


def test_everything_that_is_wrong_is_said(here: House, there: House, sealed: packages.Sealed) -> None:
    def change(files: Files) -> None:
        _change_a_scan(files)
        _add_a_file(files)

    error = refusal(there, rebuild(here, sealed, change), sealed.code)
    assert isinstance(error, packages.PackageRefused)
    assert len(error.problems) >= 2


def test_a_signature_of_somebody_else_is_refused(here: House, there: House, sealed: packages.Sealed) -> None:
    error = refusal(there, rebuild(there, sealed, _lose_a_scan, honest=True), sealed.code)
    assert "signature" in str(error)


def test_an_unknown_key_is_refused_and_read_aloud(here: House, there: House, tmp_path: Path) -> None:
    here.trust(there, "Khối B")
    sealed = packages.export(
        here.engine, here.settings, dispatch(here, fill(here)), there.key, actor=here.actor("canbo.sonv")
    )
    assert packages.fingerprint(here.key) in str(refusal(there, sealed.path, sealed.code))
    yesterday = organisation.today().replace(year=organisation.today().year - 1)
    there.trust(here, "Khối A", valid_from=yesterday, valid_to=yesterday)
    assert "no longer trusted" in str(refusal(there, sealed.path, sealed.code))
    there.trust(here, "Khối A")
    assert there.take_in(sealed.path, sealed.code)


def test_a_package_for_somebody_else_is_refused(here: House, sealed: packages.Sealed) -> None:
    here.trust(here, "chính mình")
    error = refusal(here, sealed.path, sealed.code)
    assert "for another installation: Đảng bộ Khối B" in str(error)


def test_a_newer_description_asks_for_an_upgrade(here: House, there: House, sealed: packages.Sealed) -> None:
    def change(files: Files) -> None:
        files["data/dossier.json"] = files["data/dossier.json"].replace(b'"schema":1', b'"schema":2')

    assert "newer" in str(refusal(there, rebuild(here, sealed, change, honest=True), sealed.code))


def test_an_altered_entry_of_the_foreign_log_is_named(here: House, there: House, sealed: packages.Sealed) -> None:
    def change(files: Files) -> None:
        files["data/audit.jsonl"] = files["data/audit.jsonl"].replace(b"transfer:approve", b"transfer:approvE")

    assert "log was altered" in str(refusal(there, rebuild(here, sealed, change, honest=True), sealed.code))


def test_a_bag_of_another_tool_is_explained(there: House, here: House, sealed: packages.Sealed) -> None:
    def change(files: Files) -> None:
        scan = files[_scan_in(files)]
        files.clear()
        files |= {"bagit.txt": bag.BAGIT, "manifest-sha256.txt": b"", "data/scan.pdf": scan}

    assert "Paper in" in str(refusal(there, rebuild(here, sealed, change), sealed.code))


def bag_of_another_tool(kind: str, change: Callable[[Files], None] = lambda _files: None) -> io.BytesIO:
    """A bag as other programs make them: SHA-512 and MD5, their own tag files, names with marks."""
    payload = {"data/Quyết định.pdf": b"%PDF one", "data/ảnh/mặt trước.jpg": b"\xff\xd8 two", "data/ghi chú.txt": b"x"}
    files: Files = {
        "bagit.txt": b"BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": "Source-Organization: Sở Nội vụ tỉnh khác\nBag-Software-Agent: bagit.py\n".encode(),
        **payload,
    }
    for algorithm in ("sha512", "md5"):
        for name, chosen in ((f"manifest-{algorithm}.txt", payload), (f"tagmanifest-{algorithm}.txt", dict(files))):
            rows = (f"{hashlib.new(algorithm, data).hexdigest()}  {path}\n" for path, data in chosen.items())
            files[name] = "".join(rows).encode()
            if name.startswith("tag"):
                continue
    change(files)
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(f"hồ sơ/{name}", data)
    else:
        with tarfile.open(fileobj=out, mode="w") as tar:
            for name, data in files.items():
                member = tarfile.TarInfo(f"hồ sơ/{name}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return out


def told(kind: str, change: Callable[[Files], None] = lambda _files: None) -> list[str]:
    with pytest.raises(packages.PackageRefused) as refused:
        packages.refuse_foreign(bag_of_another_tool(kind, change))
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_bag_of_another_tool_is_proved_and_told_what_it_lacks(kind: str) -> None:
    assert packages.is_plain_bag(bag_of_another_tool(kind).getvalue()[:512])
    whole, lacking, way = told(kind)
    assert "all 3 files" in whole and "Sở Nội vụ tỉnh khác" in whole
    assert all(word in lacking for word in (".omspkg", "signature.json", "data/dossier.json"))
    assert "2 scans" in way and "Paper in" in way

    def spoil(files: Files) -> None:
        files["data/Quyết định.pdf"] += b"!"
        files["data/thừa.pdf"] = b"more"
        del files["data/ghi chú.txt"]
        files["bag-info.txt"] += b"Contact-Name: X\n"
        files["fetch.txt"] = b"https://example.org/x 3 data/x\n"

    said = told(kind, spoil)
    for words in (
        "data/Quyết định.pdf was changed",
        "data/thừa.pdf lies in the package and is not on its list",
        "data/ghi chú.txt is missing",
        "bag-info.txt was changed",
        "fetch.txt",
    ):
        assert any(words in sentence for sentence in said), words


def test_an_archive_that_is_no_bag_or_no_archive_says_so() -> None:
    with pytest.raises(packages.NotABag, match="no bag"):
        packages.refuse_foreign(bag_of_another_tool("zip", lambda files: files.pop("bagit.txt") and None))
    with pytest.raises(packages.NotABag, match="damaged"):
        packages.refuse_foreign(io.BytesIO(b"PK\x03\x04 and nothing more"))
    assert any("manifest-sha512.txt is missing" in one for one in told("tar", _forget_the_lists))
    assert any("cannot be understood" in one for one in told("tar", _garble_the_list))


def _forget_the_lists(files: Files) -> None:
    for name in [name for name in files if "manifest" in name]:
        del files[name]


def _garble_the_list(files: Files) -> None:
    files["manifest-sha512.txt"] = b"no hash at all\n"


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/passwd", "data/../../x", "data/Ăn.pdf", "data/a b", "data//x"]
)
def test_names_that_climb_are_no_names(name: str) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo(f"bag/{name}"), io.BytesIO())
    with pytest.raises(bag.NotABag):
        bag.walk([out.getvalue()], lambda *_file: pytest.fail("never handed over"))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE]
)
def test_only_plain_files_are_read(kind: bytes) -> None:
    member = tarfile.TarInfo("bag/data/x")
    member.type, member.linkname = kind, "/etc/passwd"
    with pytest.raises(bag.NotABag):
        bag.walk([member.tobuf(tarfile.USTAR_FORMAT), bytes(1024)], lambda *_file: pytest.fail("never handed over"))


def test_a_scan_with_a_mark_of_secrecy_ends_the_import(here: House, there: House, sealed: packages.Sealed) -> None:
    def change(files: Files) -> None:
        stamped = factories.stamped_png("TỐI MẬT")
        digest = hashlib.sha256(stamped).hexdigest()
        described = json.loads(files["data/dossier.json"])
        described["scans"].append(
            {
                **described["scans"][0],
                "sha256": digest,
                "file": f"scans/{digest}.png",
                "media_type": "image/png",
                "pages": 1,
            }
        )
        files["data/dossier.json"] = json.dumps(described).encode()
        files[f"data/scans/{digest}.png"] = stamped
        page = next(data for name, data in files.items() if name.endswith("/0001.json"))
        files[f"data/pages/{digest}/0001.json"] = page

    path = rebuild(here, sealed, change, honest=True)
    assert isinstance(refusal(there, path, sealed.code), FileRefused)


def test_a_package_is_made_of_what_is_under_way_only(here: House, there: House, friends: None) -> None:
    dossier_id = fill(here)
    officer = here.actor("canbo.sonv")
    with db.writing(here.engine) as session:
        receiver = session.get_one(organisation.Unit, here.world.units["sotc"])
        draft = custody.prepare(
            session, session.get_one(Dossier, dossier_id), receiver, "QĐ 1", actor=officer, proof=factories.PROOF
        ).id
    with pytest.raises(Conflict):
        packages.export(here.engine, here.settings, draft, there.key, actor=officer)
    with pytest.raises(Refused):
        packages.export(here.engine, here.settings, draft, there.key, actor=here.actor("canbo.soyt"))
    assert not list((here.settings.home / "run" / "packages").iterdir())


def test_export_asks_for_the_password_and_a_trusted_receiver(here: House, there: House) -> None:
    from dataclasses import replace

    transfer_id = dispatch(here, fill(here))
    officer = here.actor("canbo.sonv")
    with pytest.raises(ConfirmationNeeded):
        packages.export(here.engine, here.settings, transfer_id, there.key, actor=replace(officer, confirmed=False))
    with pytest.raises(Conflict):
        packages.export(here.engine, here.settings, transfer_id, there.key, actor=officer)


def test_only_an_officer_of_the_unit_takes_in(there: House, sealed: packages.Sealed) -> None:
    for username in ("bithu.sonv", "canbo.sonv", "quantri"):
        with pytest.raises(Refused):
            there.take_in(sealed.path, sealed.code, username)


def test_a_person_who_is_here_already_is_not_entered_twice(there: House, sealed: packages.Sealed) -> None:
    with db.writing(there.engine) as session:
        known = factories.make_dossier(session, there.world.units["sotc"], "Nguyễn Thị Hòa")
        known.person.personal_id = "079085001234"
    error = refusal(there, sealed.path, sealed.code)
    assert "ID number" in str(error)
    with db.reading(there.engine) as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1


def test_killed_in_the_middle_nothing_is_left(there: House, sealed: packages.Sealed, monkeypatch) -> None:
    """The rows are one transaction: whoever dies before its end leaves cleared files at most."""
    from oms.packages import importing

    class Killed(BaseException):
        pass

    def die(*_arguments: object, **_named: object) -> None:
        raise Killed

    monkeypatch.setattr(importing, "_foreign", die)
    with pytest.raises(Killed):
        there.take_in(sealed.path, sealed.code)
    monkeypatch.undo()
    assert stored(there)[:3] == (0, 0, 0)
    assert there.take_in(sealed.path, sealed.code), "afterwards it comes in as if nothing had been"


def test_opening_codes_notice_slips() -> None:
    code = packages.make_code()
    digits = packages.read_code(code)
    assert len(digits) == keys.CODE_DIGITS
    assert all(len(group) == keys.GROUP for group in code.split())
    for place in range(len(digits)):
        other = digits[:place] + str((int(digits[place]) + 1) % 10) + digits[place + 1 :]
        with pytest.raises(BadInput):
            packages.read_code(other)


def test_the_key_is_made_once_and_kept_for_its_user_alone(here: House) -> None:
    key = here.key
    assert key == here.key
    assert (here.settings.home / keys.KEY_FILE).stat().st_mode & 0o777 == 0o600
    groups = packages.fingerprint(key).split()
    assert [len(group) for group in groups] == [5] * 8
    with pytest.raises(BadInput):
        packages.check_key("zz")

"""A ZIP from anywhere: the plain folder it should be, or refused whole before anything is unpacked."""

import io
import stat
import struct
import unicodedata
import zipfile

import pytest

from oms.errors import UnreadableFile
from oms.scan_folders import Archive, ArchiveRefused, archives

FILE = "068085001234_NGUYEN_VAN_AN/01.Lý lịch.pdf"


def zip_of(*entries, **more) -> bytes:
    """A ZIP of (name or ZipInfo, content)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **more) as made:
        for name, content in entries:
            made.writestr(name, content)
    return out.getvalue()


def files_of(content: bytes) -> list[str]:
    return [str(path) for path in Archive(content).files]


def linked(name: str, kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o777) << 16
    return info


def raw_named(raw: bytes, flags: int = 0) -> bytes:
    """A ZIP whose only name is these bytes."""
    content = zip_of(("x" * len(raw), b"%PDF-1.4"))
    content = content.replace(b"x" * len(raw), raw)
    if flags:
        place = content.index(b"PK\x01\x02")
        head = bytearray(content)
        head[6:8] = head[place + 8 : place + 10] = struct.pack("<H", flags)
        content = bytes(head)
    return content


def test_a_plain_folder_gives_its_files_and_their_bytes_without_what_systems_leave():
    content = zip_of(
        (FILE, b"one"),
        ("068085001234_NGUYEN_VAN_AN/", b""),
        ("__MACOSX/x.pdf", b""),
        ("A/.DS_Store", b""),
        ("A/Thumbs.db", b""),
    )
    archive = Archive(content)
    assert [str(path) for path in archive.files] == [FILE]
    assert b"".join(archive.pieces(archive.files[0])) == b"one"


@pytest.mark.parametrize(
    ("raw", "flags", "meant"),
    [
        ("A/01.Quyết định.pdf".encode(), 0, "A/01.Quyết định.pdf"),
        (unicodedata.normalize("NFD", "A/01.Quyết định.pdf").encode(), 0x800, None),
        ("A/01.QuyÕt ®Þnh bæ nhiÖm.pdf".encode("cp1252"), 0, "A/01.QuyÕt ®Þnh bæ nhiÖm.pdf"),
        ("A/01.Quyê\u0301t đi\u0323nh.pdf".encode("cp1258"), 0, "A/01.Quyết định.pdf"),
    ],
)
def test_names_are_read_as_their_writer_meant_them(raw, flags, meant):
    (name,) = files_of(raw_named(raw, flags))
    assert name == meant or (meant is None and unicodedata.normalize("NFC", name) == "A/01.Quyết định.pdf")


def overlapping() -> bytes:
    """Two names for the same bytes."""
    content = bytearray(zip_of(("a/1.pdf", b"x" * 50), ("a/2.pdf", b"y" * 50)))
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)
    content[second + 42 : second + 46] = struct.pack("<I", 0)
    return bytes(content)


def two_faced() -> bytes:
    """Another name in its own header than in the directory."""
    return zip_of(("a/1.pdf", b"x")).replace(b"a/1.pdf", b"b/1.exe", 1)


def encrypted() -> bytes:
    content = bytearray(zip_of(("a/1.pdf", b"x")))
    place = content.index(b"PK\x01\x02")
    content[6] = content[place + 8] = 1
    return bytes(content)


def many(count: int) -> bytes:
    return zip_of(*((f"a/{number}.pdf", b"") for number in range(count)))


@pytest.mark.parametrize(
    "content",
    [
        zip_of(("../up.pdf", b"x")),
        zip_of(("a/../../up.pdf", b"x")),
        zip_of(("/etc/passwd", b"x")),
        zip_of(("C:/x.pdf", b"x")),
        zip_of(("a\\..\\..\\up.pdf", b"x")),
        zip_of(("a//b.pdf", b"x")),
        zip_of(("a/" * 20 + "b.pdf", b"x")),
        zip_of(("a/b\u202efdp.exe", b"x")),
        zip_of(("a/b\n.pdf", b"x")),
        zip_of((linked("a/link.pdf", stat.S_IFLNK), b"/etc/passwd")),
        zip_of((linked("a/pipe.pdf", stat.S_IFIFO), b"")),
        zip_of(("a/1.pdf", b"x"), ("a\\1.pdf", b"y")),
        overlapping(),
        two_faced(),
        encrypted(),
        many(archives.MOST_ENTRIES + 1),
        zip_of(("a/bomb.pdf", bytes(archives.FREE_BYTES + 1))),
        b"",
        b"PK\x03\x04 no zip",
        zip_of(("a/1.pdf", b"x"))[:-10],
    ],
    ids=lambda content: str(len(content)),
)
def test_what_is_no_plain_folder_is_refused_whole(content):
    with pytest.raises(ArchiveRefused):
        Archive(content)


def test_more_bytes_than_a_cabinet_holds_are_refused(monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 100)
    with pytest.raises(ArchiveRefused, match="MB"):
        Archive(zip_of(("a/1.pdf", b"x" * 60), ("a/2.pdf", b"y" * 60)))
    monkeypatch.setattr(archives, "LARGEST", 50)
    with pytest.raises(ArchiveRefused, match="larger"):
        Archive(zip_of(("a/1.pdf", b"x")))


def test_bytes_that_are_not_what_the_directory_says_are_the_fault_of_that_file():
    content = bytearray(zip_of(("a/1.pdf", b"hello hello hello"), compresslevel=0))
    content[content.index(b"hello")] ^= 1
    archive = Archive(bytes(content))
    with pytest.raises(UnreadableFile):
        b"".join(archive.pieces(archive.files[0]))
    lying = bytearray(zip_of(("a/1.pdf", b"x" * 5000)))
    place = lying.index(b"PK\x01\x02")
    lying[place + 24 : place + 28] = struct.pack("<I", 10)
    archive = Archive(bytes(lying))
    with pytest.raises(UnreadableFile):
        b"".join(archive.pieces(archive.files[0]))


def test_a_zip_in_a_zip_is_a_file_like_any_other():
    inner = zip_of(("a/1.pdf", b"x"))
    assert files_of(zip_of(("a/inner.zip", inner))) == ["a/inner.zip"]

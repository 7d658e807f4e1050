"""`oms package` from key to answer, on two homes."""

import pytest

from oms import db, packages
from oms.models import Transfer
from tests.packages.conftest import House, dispatch, empty_database, fill, here, there  # noqa: F401


@pytest.fixture
def oms_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], there: House):  # noqa: F811
    """The command line on the other home."""
    from oms import cli
    from tests.cli.conftest import Answer

    def run(*arguments: str) -> Answer:
        with monkeypatch.context() as changed:
            changed.setenv("OMS_HOME", str(there.settings.home))
            changed.setenv("OMS_LANGUAGE", "en")
            changed.delenv("OMS_DATABASE_URL", raising=False)
            code = cli.run(list(arguments))
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return run


def test_from_key_to_answer(oms, oms_there, here, there, tmp_path) -> None:  # noqa: F811
    said = oms_there("package", "key", "--json").documents[0]
    assert oms("package", "trust", said["key"], "--name", "B", "--groups", "1 2 3").code == 1
    assert oms("package", "trust", said["key"], "--name", "B", "--groups", said["groups"]).code == 0
    own = oms("package", "key", "--json").documents[0]
    assert oms_there("package", "trust", own["key"], "--name", "A", "--groups", own["groups"]).code == 0
    transfer_id = dispatch(here, fill(here))
    with db.reading(here.engine) as session:
        transfer = session.get_one(Transfer, transfer_id).number
    assert oms("audit", "seal").code == 0
    out = tmp_path / "a.omspkg"
    made = oms("package", "export", transfer, "--for", "B", "--out", str(out), "--as", "canbo.sonv", "--json")
    assert made.code == 0, made.err
    code = made.documents[0]["code"]
    assert oms("package", "export", transfer, "--for", "B", "--out", str(out), "--as", "canbo.sonv").code == 1
    assert oms("package", "export", transfer, "--for", "C", "--as", "canbo.sonv").code == 1
    looked = oms_there("package", "inspect", str(out), "--code", code, "--json").documents[0]
    assert looked["proved"] and looked["scans"] == 1
    unit = there.world.units["soyt"]
    wrong = packages.make_code()
    assert oms_there("package", "import", str(out), "--code", wrong, "--unit", unit, "--as", "canbo.soyt").code == 1
    taken = oms_there("package", "import", str(out), "--code", code, "--unit", unit, "--as", "canbo.soyt", "--json")
    assert taken.code == 0, taken.err
    number = taken.documents[0]["package"][:12]
    answer = tmp_path / "a.omsack"
    assert oms_there("package", "acknowledge", number, "--out", str(answer), "--as", "canbo.soyt").code == 0
    assert answer.read_bytes().startswith(b"{")
    assert oms("package", "acknowledge", "--file", str(answer), "--as", "canbo.soyt").code == 1
    assert oms("package", "acknowledge", "--as", "canbo.sonv").code == 1
    kept = tmp_path / "of-a.jsonl"
    assert oms_there("package", "checkpoints", "A", "--out", str(kept), "--as", "canbo.soyt").code == 1
    assert oms_there("package", "checkpoints", "A", "--out", str(kept), "--as", "kiemtra.khoi").code == 0
    assert oms("audit", "verify", "--anchors", str(kept), "--json").documents[0]["checkpoints"] == 1
    plain = tmp_path / "bag.zip"
    plain.write_bytes(b"PK\x03\x04" + bytes(600))
    assert oms("package", "inspect", str(plain)).code == 1

"""`oms ca`: from the authority to what a certificate says."""

from pathlib import Path


def test_from_the_authority_to_the_server(oms, tmp_path: Path) -> None:
    made = oms("ca", "new", tmp_path / "ca", "--name", "Sở Nội vụ")
    assert made.code == 0 and "SHA-256" in made.out and "ca.key" in made.err
    given = oms("ca", "server", tmp_path / "ca", "hoso.example.vn", "10.0.0.5", "--into", tmp_path / "tls")
    assert given.code == 0 and "hoso.example.vn, 10.0.0.5" in given.out
    shown = oms("ca", "show", tmp_path / "tls" / "oms.crt", "--json").documents[0]
    assert (shown["issuer"], shown["names"]) == ("Sở Nội vụ", ["hoso.example.vn", "10.0.0.5"])
    assert oms("ca", "new", tmp_path / "ca", "--name", "Sở Nội vụ").code == 1
    assert oms("ca", "server", tmp_path / "ca", "https://x.vn", "--into", tmp_path / "tls").code == 1
    assert oms("ca", "show", tmp_path / "ca" / "ca.key").code == 1

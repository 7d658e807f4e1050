"""The site's certificates and what browsers and server agree on: only TLS 1.2 and 1.3, only strong ciphers."""

import re
import shutil
import socket
import ssl
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from oms import certificates, health, installation
from oms.alarms import noticing
from oms.errors import BadInput, Conflict
from oms.models import AlarmKind
from oms.settings import CHECKOUT, Settings, SettingsError
from tests.factories import World

CONF = (CHECKOUT / "deploy" / "nginx.conf").read_text()
NAMES = ("hoso.example.vn", "127.0.0.1")
OLD = {
    "TLS 1.0": ("ALL:@SECLEVEL=0", ssl.TLSVersion.TLSv1),
    "TLS 1.1": ("ALL:@SECLEVEL=0", ssl.TLSVersion.TLSv1_1),
    "CBC": ("ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0", ssl.TLSVersion.TLSv1_2),
    "RSA key exchange": ("AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:@SECLEVEL=0", ssl.TLSVersion.TLSv1_2),
    "no encryption": ("NULL:eNULL:@SECLEVEL=0", ssl.TLSVersion.TLSv1_2),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority and a certificate of the server."""
    folder = tmp_path_factory.mktemp("site")
    certificates.new_authority(folder / "ca", "Sở Nội vụ")
    certificates.new_server(folder / "ca", NAMES, folder / "tls")
    return folder


def setting(name: str) -> str:
    return re.search(rf"^\s*{name}\s+([^;]+);", CONF, re.MULTILINE)[1]  # type: ignore[index]


def by_python(site: Path) -> Iterator[int]:
    """A server with the settings of nginx.conf."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert setting("ssl_protocols") == "TLSv1.2 TLSv1.3"
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(setting("ssl_ciphers"))
    context.load_cert_chain(site / "tls" / "oms.crt", site / "tls" / "oms.key")
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listening.accept()
                with context.wrap_socket(line, server_side=True) as secured:
                    secured.recv(1)
            except ssl.SSLError:
                continue
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    yield listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def by_nginx(site: Path) -> Iterator[int]:
    """nginx itself with nginx.conf."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        port, plain = one.getsockname()[1], two.getsockname()[1]
    conf = CONF.replace("/etc/oms/tls", str(site / "tls")).replace("/run/oms-bodies", str(site / "bodies"))
    conf = conf.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace(
        "listen 80", f"listen 127.0.0.1:{plain}"
    )
    here = f"pid {site}/pid; error_log {site}/error.log; daemon off; master_process off; events {{}}"
    (site / "nginx.conf").write_text(f"{here} http {{ access_log off; {conf} }}")
    server = subprocess.Popen(["nginx", "-p", site, "-c", site / "nginx.conf"])
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            threading.Event().wait(0.05)
    yield port
    server.terminate()
    server.wait()


# nginx is asked, too, where there is one.
SERVERS: dict[str, Callable[[Path], Iterator[int]]] = {"python": by_python}
if shutil.which("nginx"):
    SERVERS["nginx"] = by_nginx


@pytest.fixture(scope="module", params=SERVERS)
def port(request: pytest.FixtureRequest, site: Path) -> Iterator[int]:
    yield from SERVERS[request.param](site)


def connect(port: int, context: ssl.SSLContext, name: str = NAMES[0]) -> tuple[str | None, str]:
    line = socket.create_connection(("127.0.0.1", port), timeout=60)
    with context.wrap_socket(line, server_hostname=name) as secured:
        return secured.version(), secured.cipher()[0]  # type: ignore[index]


def test_the_authority_lives_ten_years_and_the_server_398_days(site: Path) -> None:
    authority, server = (
        x509.load_pem_x509_certificate((site / part).read_bytes()) for part in ("ca/ca.crt", "tls/oms.crt")
    )
    assert (authority.not_valid_after_utc - authority.not_valid_before_utc).days == certificates.AUTHORITY_DAYS == 3652
    assert (server.not_valid_after_utc - server.not_valid_before_utc).days == certificates.SERVER_DAYS == 398
    assert server.verify_directly_issued_by(authority) is None
    assert not server.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert server.public_key().key_size == authority.public_key().key_size == 256  # type: ignore[union-attr]
    for key in ("ca/ca.key", "tls/oms.key"):
        assert stat.S_IMODE((site / key).stat().st_mode) == 0o400
    assert certificates.read(site / "tls" / "oms.crt").names == NAMES


def test_browsers_of_the_office_believe_it_for_its_names_only(site: Path, port: int) -> None:
    office = ssl.create_default_context(cafile=str(site / "ca" / "ca.crt"))
    for name in NAMES:
        assert connect(port, office, name)[0] == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(port, office, "other.example.vn")
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(port, ssl.create_default_context())


def test_both_versions_are_spoken_with_the_strongest_cipher(site: Path, port: int) -> None:
    office = ssl.create_default_context(cafile=str(site / "ca" / "ca.crt"))
    office.maximum_version = ssl.TLSVersion.TLSv1_2
    assert connect(port, office) == ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("old", OLD)
def test_nothing_weaker_is_spoken(port: int, old: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    ciphers, version = OLD[old]
    context.minimum_version = min(version, ssl.TLSVersion.TLSv1_2)
    context.maximum_version = version
    context.set_ciphers(ciphers)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(port, context)


def test_a_renewed_one_takes_the_place_and_the_old_pair_is_kept(site: Path, tmp_path: Path) -> None:
    first = certificates.new_server(site / "ca", NAMES, tmp_path)
    second = certificates.new_server(site / "ca", NAMES, tmp_path)
    assert certificates.read(tmp_path / "oms.crt") == second != first
    assert certificates.read(tmp_path / "oms.crt.before") == first and (tmp_path / "oms.key.before").exists()


@pytest.mark.parametrize("stops_at", range(8))
def test_whenever_a_renewal_stops_there_is_a_certificate_and_the_old_pair_is_one(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stops_at: int
) -> None:
    first = certificates.new_server(site / "ca", NAMES, tmp_path)
    steps = 0
    write, replace_by = certificates._write_new, Path.replace

    def stop_before(step: Callable[..., object]) -> Callable[..., object]:
        def counted(*given: object) -> object:
            nonlocal steps
            steps += 1
            if steps == stops_at + 1:
                raise OSError("no power")
            return step(*given)

        return counted

    with monkeypatch.context() as broken, pytest.raises(OSError, match="no power"):
        broken.setattr(certificates, "_write_new", stop_before(write))
        broken.setattr(Path, "replace", stop_before(replace_by))
        certificates.new_server(site / "ca", NAMES, tmp_path)
    names = ("oms.crt", "oms.key")
    assert all((tmp_path / name).exists() for name in names)
    assert certificates._is_pair(*(tmp_path / name for name in names)) is (stops_at < 7), "the very last rename"
    certificates.new_server(site / "ca", NAMES, tmp_path)
    assert certificates._is_pair(*(tmp_path / name for name in names))
    assert certificates._is_pair(*(tmp_path / f"{name}.before" for name in names))
    assert certificates.read(tmp_path / "oms.crt.before") == first
    assert {path.name for path in tmp_path.iterdir()} == {*names, *(f"{name}.before" for name in names)}


def test_names_with_capitals_are_taken_as_people_type_them(site: Path, tmp_path: Path) -> None:
    made = certificates.new_server(site / "ca", ["HoSo.Example.VN"], tmp_path)
    assert (made.subject, made.names) == ("hoso.example.vn", ("hoso.example.vn",))


@pytest.mark.parametrize("hosts", [(), ("https://a.vn",), ("a b",), ("-a.vn",), ("a.vn/x",), ("1.2.3",), ("*.vn",)])
def test_what_is_no_name_is_refused_and_nothing_written(site: Path, tmp_path: Path, hosts: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        certificates.new_server(site / "ca", hosts, tmp_path / "tls")
    assert not (tmp_path / "tls").exists()


def test_an_authority_is_never_written_over_and_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    certificates.new_authority(tmp_path, "Sở Tài chính", passphrase="mot cau dai")
    assert certificates.is_locked(tmp_path)
    with pytest.raises(Conflict):
        certificates.new_authority(tmp_path, "Sở Tài chính")
    for wrong in ("", "mot cau ngan"):
        with pytest.raises(BadInput, match="passphrase"):
            certificates.new_server(tmp_path, NAMES, tmp_path / "tls", passphrase=wrong)
    certificates.new_server(tmp_path, NAMES, tmp_path / "tls", passphrase="mot cau dai")


def test_its_end_is_told_thirty_days_before(session: Session, settings: Settings, tmp_path: Path, world: World) -> None:
    moment = datetime.now(UTC)
    certificates.new_authority(tmp_path, "Sở Nội vụ", at=moment - timedelta(days=390))
    for age, tone in ((0, health.GOOD), (367, health.GOOD), (369, health.WARNING), (399, health.DANGER)):
        certificates.new_server(tmp_path, NAMES, tmp_path, at=moment - timedelta(days=age))
        behind = replace(settings, https=True, certificate=str(tmp_path / "oms.crt"))
        (told,) = [one for one in health.diagnose(session, behind) if one.name == "Certificate"]
        assert told.tone == tone, age
        raised = [one.kind for one in noticing.notice(session, behind)]
        assert (AlarmKind.CERTIFICATE_ENDS in raised) == (tone != health.GOOD)
    missing = replace(settings, https=True, certificate=str(tmp_path / "nothing.crt"))
    assert certificates.standing(missing)[0] == health.WARNING and certificates.standing(settings)[0] == health.GOOD


def test_a_real_installation_does_not_listen_in_the_open(
    settings: Settings, engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in ("0.0.0.0", "10.0.0.5", "::"):
        with pytest.raises(SettingsError, match="without TLS"):
            installation.require_tls(replace(settings, host=host), engine)
        installation.require_tls(replace(settings, host=host, https=True), engine)
        with pytest.raises(SettingsError, match="without TLS"):
            installation.require_tls(replace(settings, host=host, profile="protection"), engine)
    for host in ("127.0.0.1", "::1", "localhost"):
        installation.require_tls(replace(settings, host=host), engine)
    monkeypatch.setattr(installation, "is_demo", lambda _engine: True)
    installation.require_tls(replace(settings, host="0.0.0.0"), engine)

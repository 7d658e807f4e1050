"""A directory on a local port, for tests: answers binds as RFC 4511 has it, with TLS or without, or falls silent."""

import datetime
import ipaddress
import socketserver
import ssl
import threading
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from ldap3.protocol import rfc4511
from pyasn1.codec.ber import decoder, encoder

START_TLS = "1.3.6.1.4.1.1466.20037"
SEARCH = 0x63
SUCCESS, BUSY, INVALID_CREDENTIALS = 0, 51, 49


class DirectoryServer(socketserver.ThreadingTCPServer):
    """People by their name in the directory with their passwords; `code` is said to everybody where it is set."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, people: dict[str, str], tls: ssl.SSLContext | None = None, *, at_once: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.people, self.tls, self.at_once = people, tls, at_once
        self.code: int | None = None
        self.working: set[str] = set()
        """Whom a search finds, by the user name in its filter."""
        self.looked_up: list[str] = []
        """In whose name each search was made."""
        self.asked: list[tuple[str, str, bool]] = []
        """Name, password and whether the connection was secured, of every bind."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def answer_bind(self, name: str, password: str, secured: bool) -> int:
        """The result code of a bind."""
        self.asked.append((name, password, secured))
        if self.code is not None:
            return self.code
        # As the standard has it, a bind without a password is one of nobody, and succeeds.
        return SUCCESS if not password or self.people.get(name) == password else INVALID_CREDENTIALS


class _Talk(socketserver.BaseRequestHandler):
    server: DirectoryServer

    def handle(self) -> None:
        line: Any = self.request
        secured, bound = self.server.at_once, ""
        try:
            if secured and self.server.tls:
                line = self.server.tls.wrap_socket(line, server_side=True)
            while data := line.recv(65536):
                number, operation = _head(data)
                if operation == SEARCH:  # its filter is more than the decoder understands
                    self.server.looked_up.append(bound)
                    for found in (name for name in self.server.working if name.encode() in data):
                        self._find(line, {"messageID": number}, found)
                    self._say(line, {"messageID": number}, "searchResDone", SUCCESS)
                    continue
                message, _ = decoder.decode(data, asn1Spec=rfc4511.LDAPMessage())
                kind = message["protocolOp"].getName()
                if kind == "bindRequest":
                    bind = message["protocolOp"]["bindRequest"]
                    name, password = str(bind["name"]), bytes(bind["authentication"]["simple"]).decode()
                    bound = name
                    self._say(line, message, "bindResponse", self.server.answer_bind(name, password, secured))
                elif kind == "extendedReq":
                    able = self.server.tls is not None
                    self._say(line, message, "extendedResp", SUCCESS if able else 2)
                    if able and self.server.tls:
                        line, secured = self.server.tls.wrap_socket(line, server_side=True), True
                else:
                    return
        except OSError:  # the other side does not trust us, or is gone
            return

    def _say(self, line: Any, asked: Any, kind: str, code: int) -> None:
        kinds = {"bindResponse": rfc4511.BindResponse, "searchResDone": rfc4511.SearchResultDone}
        response = kinds.get(kind, rfc4511.ExtendedResponse)()
        response["resultCode"], response["matchedDN"], response["diagnosticMessage"] = code, "", ""
        self._send(line, asked, kind, response)

    def _find(self, line: Any, asked: Any, name: str) -> None:
        entry = rfc4511.SearchResultEntry()
        entry["object"], entry["attributes"] = f"uid={name}", rfc4511.PartialAttributeList()
        self._send(line, asked, "searchResEntry", entry)

    def _send(self, line: Any, asked: Any, kind: str, response: Any) -> None:
        message = rfc4511.LDAPMessage()
        message["messageID"] = asked["messageID"]
        message["protocolOp"] = rfc4511.ProtocolOp().setComponentByName(kind, response)
        line.sendall(encoder.encode(message))


def _head(data: bytes) -> tuple[int, int]:
    """Number and kind of a message: the first two things in it."""
    at = 2 if data[1] < 0x80 else 2 + (data[1] & 0x7F)
    end = at + 2 + data[at + 1]
    return int.from_bytes(data[at + 2 : end], "big"), data[end]


def certificate_for(folder: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for these hosts, signed by itself: its file, and a server's side with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    alternatives: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "directory.pem", folder / "directory.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context

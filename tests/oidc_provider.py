"""An identity provider on a local port, for tests: keys of its own, codes good once, and lies where a test asks for them."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "oms", "a-secret-of-thirty-two-characters"


class IdentityProvider(ThreadingHTTPServer):
    """OpenID Connect as far as a client meets it: discovery, keys, the page that asks, the exchange of a code."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.codes: dict[str, dict[str, Any]] = {}
        self.meta: dict[str, Any] = {}
        """What it says of itself otherwise than an honest one."""
        self.fails = 0
        """The status with which it answers everything, where it is set."""
        self.fetched: list[str] = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answer(self, address: str, username: str = "canbo.sonv", **lies: Any) -> str:
        """The person signs in at `address`, where the browser was sent: the query that comes back with it.

        `lies` replace claims (None takes one away); "alg", "key", "kid" and "answer" replace what is around them.
        """
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        assert asked["prompt"] == "login" and asked["max_age"] == "0" and "openid" in asked["scope"].split()
        code, moment = secrets.token_urlsafe(16), int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": f"id of {username}",
            "aud": asked["client_id"],
            "exp": moment + 300,
            "iat": moment,
            "auth_time": moment,
            "nonce": asked["nonce"],
            "preferred_username": username,
        }
        around = {name: lies.pop(name) for name in ("alg", "key", "kid", "answer") if name in lies}
        claims = {name: value for name, value in (claims | lies).items() if value is not None}
        self.codes[code] = {"claims": claims, "asked": asked, "around": around}
        return urlencode({"code": code, "state": asked["state"], "iss": self.issuer} | around.get("answer", {}))

    def token(self, code: str) -> str:
        """The identity token of a code."""
        kept = self.codes[code]
        algorithm = kept["around"].get("alg", "RS256")
        if algorithm == "none":
            parts = ({"alg": "none"}, kept["claims"])
            return ".".join(_base64(json.dumps(part).encode()) for part in parts) + "."
        key = kept["around"].get("key", self.key)
        header = {"alg": algorithm, "kid": kept["around"].get("kid", self.key.kid)}
        if algorithm == "HS256":  # the public key, which everybody has, taken for a secret
            signed = ".".join(_base64(json.dumps(part).encode()) for part in (header, kept["claims"]))
            return f"{signed}.{_base64(hmac.digest(self.key.as_pem(private=False), signed.encode(), 'sha256'))}"
        return jwt.encode(header, kept["claims"], key, algorithms=[algorithm])


def _base64(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


class _Talk(BaseHTTPRequestHandler):
    server: IdentityProvider

    def do_GET(self) -> None:
        """Discovery and keys."""
        here, path = self.server.issuer, urlsplit(self.path).path
        self.server.fetched.append(path)
        described = {
            "issuer": here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "jwks_uri": f"{here}/keys",
            "end_session_endpoint": f"{here}/leave",
            **self.server.meta,
        }
        answers = {
            "/.well-known/openid-configuration": described,
            "/keys": {"keys": [{**self.server.key.as_dict(private=False), "use": "sig"}]},
        }
        self._say(200 if path in answers else 404, answers.get(path, {}))

    def do_POST(self) -> None:
        """A code for a token: once, to this client, to who can show the verifier."""
        form = {
            name: one[0]
            for name, one in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()
        }
        self.server.fetched.append("/token")
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            return self._say(401, {"error": "invalid_client"})
        kept = self.server.codes.get(form.get("code", ""))
        challenge = _base64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            kept is None
            or kept["asked"]["code_challenge"] != challenge
            or kept["asked"]["redirect_uri"] != form.get("redirect_uri")
        ):
            return self._say(400, {"error": "invalid_grant"})
        token = self.server.token(form["code"])
        del self.server.codes[form["code"]]
        return self._say(200, {"access_token": secrets.token_hex(8), "token_type": "Bearer", "id_token": token})

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(self.server.fails or status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said: Any) -> None:
        """Nothing on the screen of a test."""

"""A payer on loopback over TLS that answers slowly, wrongly, with a rejection or not at all.

It speaks CAQH CORE as SOAP (``/soap``, ``/mtom``) and MIME (``/mime``) and X12 in JSON
(``/json``). What it answers is a function of the request; by hand:

    python -m tests.payer_simulator FOLDER     writes FOLDER/ca.pem and prints the address
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import re
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Reply:
    """What comes back: an X12 text in the envelope of the way it was asked, or something odd.

    ``delay`` seconds before it; ``status`` of HTTP; ``raw`` instead of an envelope; ``hang``
    answers nothing; ``reset`` breaks the connection off; ``error`` is a CORE error code.
    """

    text: str = ""
    delay: float = 0.0
    status: int = 200
    raw: bytes | None = None
    hang: bool = False
    reset: bool = False
    error: str = "Success"


@dataclass
class Asked:
    """One request as it arrived."""

    path: str
    x12: str
    headers: dict[str, str]
    body: str
    at: float = field(default_factory=time.monotonic)

    @property
    def trace(self) -> str:
        found = re.search(r"TRN\*1\*([^*~]+)", self.x12)
        return found.group(1) if found else ""

    @property
    def born(self) -> dt.date | None:
        found = re.findall(r"DMG\*D8\*(\d{8})", self.x12)
        return dt.datetime.strptime(found[-1], "%Y%m%d").date() if found else None

    @property
    def name(self) -> str:
        """Who is asked about: the last NM1 of a person."""
        found = re.findall(r"NM1\*(?:IL|03)\*1\*([^*~]*)\*([^*~]*)", self.x12)
        return " ".join(found[-1]) if found else ""


class Simulator:
    """The server; ``asked`` keeps what arrived."""

    def __init__(self, folder: Path, answers: Callable[[Asked], Reply]) -> None:
        self.answers = answers
        self.asked: list[Asked] = []
        self.ca_file = folder / "ca.pem"
        certificate = _certificate(folder)
        simulator = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                simulator._handle(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # a client that went away is what some tests are about

        self._server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str) -> str:
        """The address of one way of asking: soap, mtom, mime or json."""
        return f"https://127.0.0.1:{self.port}/{path}"

    def close(self) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length).decode("utf-8", "replace")
        asked = Asked(handler.path, _x12(handler.path, body), dict(handler.headers), body)
        self.asked.append(asked)
        reply = self.answers(asked)
        self._stop.wait(reply.delay)
        if reply.hang:
            self._stop.wait(60)
            return
        if reply.reset:
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.close_connection = True
            handler.connection.close()
            return
        kind, content = _envelope(handler.path, reply)
        handler.send_response(reply.status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


def _x12(path: str, body: str) -> str:
    if path == "/json":
        return str(json.loads(body).get("x12", ""))
    if path == "/mime":
        return body.partition('name="Payload"')[2].strip().partition("\r\n--")[0]
    return body.partition("<![CDATA[")[2].partition("]]>")[0]


def _envelope(path: str, reply: Reply) -> tuple[str, bytes]:
    if reply.raw is not None:
        return "text/html", reply.raw
    if path == "/json":
        return "application/json", json.dumps({"x12": reply.text}).encode()
    if path == "/mime":
        parts = (("PayloadType", "X12_271_Response_005010X279A1"), ("ErrorCode", reply.error),
                 ("Payload", reply.text))  # fmt: skip
        text = "".join(
            f'--b1\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts
        )
        return "multipart/form-data; boundary=b1", (text + "--b1--\r\n").encode()
    payload = escape(reply.text)
    if path == "/mtom":
        payload = '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:p@x"/>'
    soap = (
        '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>'
        '<c:COREEnvelopeRealTimeResponse xmlns:c="http://www.caqh.org/SOAP/WSDL/CORERule2.2.0.xsd">'
        f"<PayloadType>X12_271_Response_005010X279A1</PayloadType><Payload>{payload}</Payload>"
        f"<ErrorCode>{reply.error}</ErrorCode></c:COREEnvelopeRealTimeResponse></e:Body>"
        "</e:Envelope>"
    )
    if path != "/mtom":
        return "application/soap+xml; charset=utf-8", soap.encode()
    text = (
        '--m1\r\nContent-Type: application/xop+xml; type="application/soap+xml"\r\n'
        f"Content-ID: <root@x>\r\n\r\n{soap}\r\n--m1\r\nContent-Type: application/edi-x12\r\n"
        f"Content-ID: <p@x>\r\n\r\n{reply.text}\r\n--m1--\r\n"
    )
    return 'multipart/related; boundary=m1; type="application/xop+xml"', text.encode()


def _certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 of an authority of its own; the authority is ``ca.pem``."""
    now = dt.datetime.now(dt.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in ("Test CA", "payer")]

    def signed(subject: int, *, is_ca: bool) -> x509.Certificate:
        builder = x509.CertificateBuilder(
            issuer_name=names[0], subject_name=names[subject],
            public_key=keys[subject].public_key(), serial_number=x509.random_serial_number(),
            not_valid_before=now - dt.timedelta(days=1), not_valid_after=now + dt.timedelta(days=2),
        )  # fmt: skip
        builder = builder.add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        if is_ca:
            usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
            builder = builder.add_extension(usage, critical=True)
        else:
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key())
        builder = builder.add_extension(authority, critical=False)
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(keys[subject].public_key()), critical=False
        )
        return builder.sign(keys[0], hashes.SHA256())

    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(signed(0, is_ca=True).public_bytes(pem))
    private = keys[1].private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "payer.pem"
    path.write_bytes(signed(1, is_ca=False).public_bytes(pem) + private)
    return path


def by_name(asked: Asked) -> Reply:
    """Eight kinds of answer, by the first letters of the family name; for trying by hand."""
    from tests.answers import PPO, answer

    number = re.search(r"\*MI\*([^*~]+)", asked.x12)
    last, _, first = asked.name.partition(" ")
    given: dict[str, Any] = {
        "trace": asked.trace, "last": last, "first": first, "born": asked.born,
        "member": number.group(1) if number else "", "control": len(asked.trace) + int(time.time()),
    }  # fmt: skip
    kind = sum(map(ord, last)) % 8
    if kind == 1:
        return Reply(answer("EB*6*IND*30", **given))
    if kind == 2:
        return Reply(answer("AAA*N**75*C", **given))
    if kind == 3:
        return Reply(answer("AAA*N**42*R", **given), delay=1)
    if kind == 4:
        return Reply(answer(*PPO, **given), delay=3)
    if kind == 5:
        return Reply(raw=b"<html>maintenance</html>", status=503)
    if kind == 6:
        return Reply(answer("EB*1*IND*30", before=("DTP*347*D8*20260101",), **given))
    if kind == 7:
        return Reply(hang=True)
    return Reply(answer(*PPO, **given))


if __name__ == "__main__":
    where = Path(sys.argv[1])
    running = Simulator(where, by_name)
    for way in ("soap", "mtom", "mime", "json"):
        print(running.url(way), flush=True)
    threading.Event().wait()

"""A payer on loopback over TLS that answers as it is told: slowly, wrongly, twice, not at all.

with Payer(tmp_path, answers=lambda x12: Answer(active(x12))) as payer:
    Address("core_soap", payer.url("core_soap"), ca_file=payer.ca_file, ...)

By hand, for a scripted day (member ids of the script name the answers):

    python -m tests.payer_simulator --folder /tmp/payer --port 8443 --script day.json

with ``{"W1": {"how": "aaa", "code": "75"}, "W2": {"how": "silent"}, "*": {"x12_file": "a.271"}}``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import email
import ipaddress
import json
import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

SOAP = "http://www.w3.org/2003/05/soap-envelope"
CORE = "http://www.caqh.org/SOAP/WSDL/CORERule2.2.0.xsd"
USER, PASSWORD = "clinic", "sesame-4417"
PATHS = {"core_soap": "/core", "core_mime": "/mime", "json": "/json"}


@dataclass(frozen=True)
class Answer:
    """What to do with one question.

    ``how``: ok, mtom (SOAP only), status, fault, core_error, html, empty, truncated, twice, drip,
    silent, reset, redirect, long, raw (``body`` as it is). ``code`` is an error's name.
    """

    x12: str = ""
    how: str = "ok"
    delay: float = 0.0
    status: int = 200
    code: str = ""
    body: bytes = b""
    content_type: str = ""


Answers = Callable[[str], Answer]


def parts(x12: str) -> list[list[str]]:
    """The segments of a transaction by elements."""
    mark, end = x12[3], x12[105]
    return [s.strip().split(mark) for s in x12.split(end) if s.strip()]


def element(x12: str, name: str, number: int, **where: str) -> str:
    """The element of the first segment ``name``; ``e1="IL"`` narrows it by its first element."""
    for segment in parts(x12):
        if segment[0] == name and all(segment[int(k[1:])] == v for k, v in where.items()):
            return segment[number] if len(segment) > number else ""
    return ""


def trace_of(x12: str) -> str:
    """The trace number of a question."""
    return element(x12, "TRN", 2, e1="1")


def member_of(x12: str) -> str:
    """The subscriber's member id of a question."""
    return element(x12, "NM1", 9, e1="IL")


def question(trace: str = "T1", *, member: str = "W123456789", control: int = 1) -> str:
    """A small 270 for tests of the transport; the real writer is elsewhere."""
    return _wrapped("HS", "270", control, [
        "BHT*0022*13*1*20260318*0942", "HL*1**20*1", "NM1*PR*2*TEST PAYER*****PI*60054",
        "HL*2*1*21*1", "NM1*1P*2*MAIN ST CLINIC*****XX*1234567893", "HL*3*2*22*0",
        f"TRN*1*{trace}*9MAINSTCLN", f"NM1*IL*1*EXAMPLE*PAT****MI*{member}", "EQ*30",
    ])  # fmt: skip


def active(x12: str, *, trace: str = "", benefits: tuple[str, ...] = ("EB*1**30",)) -> str:
    """A 271 that says active to the question, with these EB lines."""
    return _answered(x12, trace, [*benefits])


def rejected(x12: str, code: str = "75", *, follow: str = "C") -> str:
    """A 271 that refuses the subscriber with an AAA."""
    return _answered(x12, "", [f"AAA*N**{code}*{follow}"])


def acknowledgment(x12: str) -> str:
    """A 999 that refuses the question's transaction."""
    return _wrapped("FA", "999", 7, ["AK1*HS*1*005010X279A1", "AK2*270*0001", "IK5*R*5",
                                     "AK9*R*1*1*0"])  # fmt: skip


def interchange_refused(x12: str) -> str:
    """A TA1 alone."""
    isa = x12[:106]
    control = isa.split(isa[3])[13]
    return f"{isa}TA1*{control}*260318*0942*R*006~IEA*0*{control}~"


def _answered(x12: str, trace: str, lines: list[str]) -> str:
    person = next(s for s in parts(x12) if s[:2] == ["NM1", "IL"])
    return _wrapped("HB", "271", 9, [
        "BHT*0022*11*1*20260318*0943", "HL*1**20*1", "NM1*PR*2*TEST PAYER*****PI*60054",
        "HL*2*1*21*1", "NM1*1P*2*MAIN ST CLINIC*****XX*1234567893", "HL*3*2*22*0",
        f"TRN*2*{trace or trace_of(x12)}*9MAINSTCLN", "*".join(person), *lines,
    ])  # fmt: skip


def _wrapped(group: str, kind: str, control: int, lines: list[str]) -> str:
    number = f"{control:09d}"
    isa = (f"ISA*00*          *00*          *ZZ*{'CLINIC':<15}*ZZ*{'PAYER':<15}*260318*0942*^*00501"
           f"*{number}*0*T*:")  # fmt: skip
    body = [f"ST*{kind}*0001*005010X279A1", *lines, f"SE*{len(lines) + 2}*0001"]
    return "~".join(
        [isa, f"GS*{group}*CLINIC*PAYER*20260318*0942*1*X*005010X279A1", *body, "GE*1*1",
         f"IEA*1*{number}"]
    ) + "~"  # fmt: skip


@dataclass
class Papers:
    """Certificates of one test's own authority, as PEM files."""

    ca: Path
    server: Path
    client: Path


def papers(folder: Path, *, name: str = "payer") -> Papers:
    """Make an authority, a server's certificate for loopback, and a client's."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder.mkdir(parents=True, exist_ok=True)

    def make(common: str, issuer: Any, signer: Any, ca: bool) -> tuple[Any, Any]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
        now = datetime.now(UTC)
        local = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        built = (
            x509.CertificateBuilder().subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(local), critical=False)
        )  # fmt: skip
        return built.sign(signer or key, hashes.SHA256()), key

    def pem(path: Path, certificate: Any, key: Any = None) -> Path:
        content = certificate.public_bytes(serialization.Encoding.PEM)
        if key is not None:
            content += key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )  # fmt: skip
        path.write_bytes(content)
        path.chmod(0o600)
        return path

    root, root_key = make(f"{name} CA", None, None, True)
    made = [make(common, root, root_key, False) for common in ("localhost", "clinic")]
    return Papers(
        pem(folder / f"{name}-ca.pem", root), pem(folder / f"{name}-server.pem", *made[0]),
        pem(folder / f"{name}-client.pem", *made[1]),
    )  # fmt: skip


@dataclass
class Payer:
    """The running payer. ``seen`` are the questions that came, as X12 text, in order."""

    folder: Path
    answers: Answers = lambda x12: Answer(active(x12))
    port: int = 0
    wants_certificate: bool = False
    hold: Callable[[], bool] = lambda: False  # no question is answered while it says so
    seen: list[str] = field(default_factory=list)
    envelopes: list[dict[str, str]] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0

    def __enter__(self) -> Payer:
        self.papers = papers(self.folder)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(20), "the payer did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)

    @property
    def ca_file(self) -> str:
        """The authority that vouches for this payer."""
        return str(self.papers.ca)

    def url(self, kind: str) -> str:
        """Where it answers questions of one kind of envelope."""
        return f"https://127.0.0.1:{self.port}{PATHS[kind]}"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.papers.server)
        if self.wants_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.papers.ca)
        self._loop.set_exception_handler(lambda loop, what: None)  # broken connections are meant
        server = await asyncio.start_server(
            self._connection, "127.0.0.1", self.port, ssl=context, backlog=1024
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while await self._one(reader, writer):
                pass
        with contextlib.suppress(Exception):
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, _ = head.split("\r\n")[0].split(" ", 2)
        headers = {
            k.strip().lower(): v.strip()
            for k, _, v in (line.partition(":") for line in head.split("\r\n")[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if method == "HEAD":
            writer.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return True
        kind = next((k for k, p in PATHS.items() if p == path), "")
        if not kind:
            return await self._write(writer, 404, "text/plain", b"not here")
        x12, fields = self._open(kind, headers, body)
        self.envelopes.append(fields)
        if (fields.get("user"), fields.get("password")) != (
            USER if kind != "json" else "", PASSWORD,
        ):  # fmt: skip
            return await self._write(writer, 401, "text/plain", b"who are you")
        self.seen.append(x12)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            answer = self.answers(x12)
            while self.hold():
                await asyncio.sleep(0.01)
            if answer.delay:
                await asyncio.sleep(answer.delay)
            return await self._answer(writer, kind, answer)
        finally:
            self._now -= 1

    async def _answer(self, writer: asyncio.StreamWriter, kind: str, answer: Answer) -> bool:
        how, x12 = answer.how, answer.x12
        if how == "silent":
            await asyncio.sleep(3600)
        if how == "reset":
            writer.transport.abort()
            return False
        if how == "redirect":
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\n"
                         b"Content-Length: 0\r\n\r\n")  # fmt: skip
            await writer.drain()
            return True
        if how == "html":
            page = b"<!DOCTYPE html><html><body>Scheduled maintenance</body></html>"
            return await self._write(writer, answer.status, "text/html", page)
        if how == "status":
            said = answer.body or b"no"
            return await self._write(writer, answer.status, answer.content_type or "text/plain",
                                     said)  # fmt: skip
        if how == "raw":
            return await self._write(writer, answer.status, answer.content_type, answer.body)
        if how == "empty":
            return await self._write(writer, 200, "application/soap+xml", b"")
        if how == "long":
            x12 = x12 + " " * 5_000_000
        if how == "truncated":
            x12 = x12[: len(x12) * 2 // 3]
        if how == "twice":
            x12 += x12
        status, content_type, body = _closed(kind, how, x12, answer)
        if how == "drip":
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode())
            for byte in body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.2)
            return True
        return await self._write(writer, status, content_type, body)

    async def _write(
        self, writer: asyncio.StreamWriter, status: int, content_type: str, body: bytes
    ) -> bool:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        return True

    def _open(self, kind: str, headers: dict[str, str], body: bytes) -> tuple[str, dict[str, str]]:
        if kind == "json":
            key = headers.get("authorization", "").removeprefix("Key ")
            return json.loads(body)["x12"], {"user": "", "password": key}
        if kind == "core_mime":
            message = email.message_from_bytes(
                b"Content-Type: " + headers["content-type"].encode() + b"\r\n\r\n" + body
            )
            fields = {
                str(p.get_param("name", header="content-disposition")):
                    p.get_payload(decode=True).decode()  # type: ignore[union-attr]
                for p in message.walk() if not p.is_multipart()
            }  # fmt: skip
            fields |= {"user": fields["UserName"], "password": fields["Password"]}
            return fields["Payload"], fields
        tree = ElementTree.fromstring(body)
        fields = {e.tag.rpartition("}")[2]: e.text or "" for e in tree.iter() if not len(e)}
        fields |= {"user": fields["Username"], "password": fields["Password"],
                   "content_type": headers["content-type"]}  # fmt: skip
        return fields["Payload"], fields


def _closed(kind: str, how: str, x12: str, answer: Answer) -> tuple[int, str, bytes]:
    """Status, content type and body of an answer in one kind of envelope."""
    code = answer.code if how == "core_error" else "Success"
    fields = {"PayloadType": "X12_271_Response_005010X279A1", "ProcessingMode": "RealTime",
              "PayloadID": "sim-1", "TimeStamp": "2026-03-18T14:42:01Z", "SenderID": "PAYER",
              "ReceiverID": "CLINIC", "CORERuleVersion": "2.2.0", "ErrorCode": code,
              "ErrorMessage": "" if code == "Success" else "as the rule says"}  # fmt: skip
    if how == "core_error":
        x12 = ""
    if kind == "json":
        if how in ("core_error", "fault"):
            error = {"errors": [{"code": answer.code, "message": "as the rule says"}]}
            return (400 if how == "fault" else 200), "application/json", json.dumps(error).encode()
        return 200, "application/json", json.dumps({"x12": x12}).encode()
    if kind == "core_mime":
        body = "".join(
            f'--sim\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'
            for n, v in {**fields, "Payload": x12}.items()
        )
        return 200, "multipart/form-data; boundary=sim", f"{body}--sim--\r\n".encode()
    if how == "fault":
        body = (f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><s:Code><s:Value>s:{answer.code}'
                f"</s:Value></s:Code><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault></s:Body>"
                f"</s:Envelope>")  # fmt: skip
        return 500, "application/soap+xml", body.encode()
    inner = "".join(f"<{n}>{escape(v)}</{n}>" for n, v in fields.items())
    payload = f"<![CDATA[{x12.replace(']]>', ']]]]><![CDATA[>')}]]>"
    if how == "mtom":
        payload = ('<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include"'
                   ' href="cid:payload%40sim"/>')  # fmt: skip
    envelope = (f'<s:Envelope xmlns:s="{SOAP}"><s:Body><c:COREEnvelopeRealTimeResponse'
                f' xmlns:c="{CORE}">{inner}<Payload>{payload}</Payload>'
                f"</c:COREEnvelopeRealTimeResponse></s:Body></s:Envelope>")  # fmt: skip
    if how != "mtom":
        return 200, "application/soap+xml; charset=utf-8", envelope.encode()
    body = ("--sim\r\nContent-Type: application/xop+xml; charset=UTF-8; "
            'type="application/soap+xml"\r\nContent-ID: <root@sim>\r\n\r\n'
            f"{envelope}\r\n--sim\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Transfer-Encoding: binary\r\nContent-ID: <payload@sim>\r\n\r\n{x12}\r\n"
            "--sim--\r\n")  # fmt: skip
    kinds = ('multipart/related; type="application/xop+xml"; boundary="sim"; start="<root@sim>";'
             ' start-info="application/soap+xml"')  # fmt: skip
    return 200, kinds, body.encode()


def scripted(script: dict[str, dict[str, Any]], folder: Path) -> Answers:
    """Answers by the question's member id, ``*`` for everybody else."""

    def answers(x12: str) -> Answer:
        told = dict(script.get(member_of(x12), script.get("*", {})))
        how, code = told.pop("how", "ok"), told.pop("code", "")
        text = active(x12)
        if "x12_file" in told:
            text = (folder / told.pop("x12_file")).read_text("utf-8").strip()
            # The file was written for another question: ours is its trace number.
            text = re.sub(r"TRN\*2\*[^*~]*", f"TRN*2*{trace_of(x12)}", text)
        elif how == "aaa":
            text, how = rejected(x12, code or "75"), "ok"
        elif how == "wrong_trace":
            text, how = active(x12, trace="SOMEBODY-ELSE"), "ok"
        elif how == "999":
            text, how = acknowledgment(x12), "ok"
        elif how == "ta1":
            text, how = interchange_refused(x12), "ok"
        return Answer(text, how, code=code, **told)

    return answers


def main() -> None:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for its certificates")
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--script", type=Path, help="JSON: member id -> how to answer")
    given = parser.parse_args()
    script = json.loads(given.script.read_text("utf-8")) if given.script else {}
    answers = scripted(script, given.script.parent if given.script else given.folder)

    def told(x12: str) -> Answer:
        answer = answers(x12)
        print(f"{member_of(x12):<14} {trace_of(x12):<16} {answer.how} {answer.code}", flush=True)
        return answer

    with Payer(given.folder, told, port=given.port) as payer:
        print(f"CA file   {payer.ca_file}")
        print(f"secret    {USER} / {PASSWORD}")
        for kind in PATHS:
            print(f"{kind:<9} {payer.url(kind)}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()

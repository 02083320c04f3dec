"""CAQH CORE connectivity vC2.2.0: the same envelope as SOAP with WS-Security, or as MIME parts."""

from __future__ import annotations

import email.message
import email.parser
import email.policy
import re
import xml.etree.ElementTree as Xml
from xml.sax.saxutils import escape

from deskterm.exchange.payers.carrier import Client, Parcel, Route, Undelivered, post, x12_of

VERSION = "2.2.0"
PAYLOADS = {
    "270": "X12_270_Request_005010X279A1", "278": "X12_278_Request_005010X217E1_2",
}  # fmt: skip
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_CORE = "http://www.caqh.org/SOAP/WSDL/CORERule2.2.0.xsd"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_PASSWORD = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"
_INCLUDE = "{http://www.w3.org/2004/08/xop/include}Include"
# Error codes of the rule after which the same request cannot succeed.
_FINAL = re.compile(r"Unauthor|Illegal|Required|Mismatch|NotSupported|Unrecognized", re.I)


def _envelope(route: Route, parcel: Parcel) -> list[tuple[str, str]]:
    """The fields of the rule's envelope in their order, without the payload."""
    return [
        ("PayloadType", PAYLOADS.get(parcel.kind, PAYLOADS["270"])),
        ("ProcessingMode", "RealTime"), ("PayloadID", parcel.number),
        ("TimeStamp", parcel.stamp), ("SenderID", route.sender), ("ReceiverID", route.receiver),
        ("CORERuleVersion", VERSION),
    ]  # fmt: skip


async def send_soap(client: Client, route: Route, parcel: Parcel) -> str:
    """Send as SOAP 1.2 and read a plain or MTOM answer. Raises Undelivered."""
    fields = "".join(f"<{n}>{escape(v)}</{n}>" for n, v in _envelope(route, parcel))
    payload = parcel.text.replace("]]>", "]] >")
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{_SOAP}" xmlns:cor="{_CORE}"><soapenv:Header>'
        f"{_security(route)}</soapenv:Header><soapenv:Body><cor:COREEnvelopeRealTimeRequest>"
        f"{fields}<Payload><![CDATA[{payload}]]></Payload>"
        "</cor:COREEnvelopeRealTimeRequest></soapenv:Body></soapenv:Envelope>"
    )
    kind = 'application/soap+xml; charset=UTF-8; action="RealTimeTransaction"'
    headers, answer = await post(client, route, body.encode(), {"Content-Type": kind})
    return _read_soap(headers.get("content-type", ""), answer)


def _security(route: Route) -> str:
    user, colon, password = route.secret.partition(":")
    if not colon:
        return ""
    return (
        f'<wsse:Security soapenv:mustUnderstand="true" xmlns:wsse="{_WSSE}"><wsse:UsernameToken>'
        f'<wsse:Username>{escape(user)}</wsse:Username><wsse:Password Type="{_PASSWORD}">'
        f"{escape(password)}</wsse:Password></wsse:UsernameToken></wsse:Security>"
    )


def _read_soap(content_type: str, body: bytes) -> str:
    parts: dict[str, bytes] = {}
    if content_type.lower().startswith("multipart/"):
        for part in _parts(content_type, body):
            number = str(part.get("Content-ID", "")).strip("<> ")
            parts[number or f"part{len(parts)}"] = _bytes(part)
        body = next((p for p in parts.values() if b"Envelope" in p[:4000]), b"")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Undelivered("The answer holds a document type", again=False)
    try:
        tree = Xml.fromstring(body)
    except Xml.ParseError:
        raise Undelivered("The answer is not SOAP") from None
    found = {element.tag.rpartition("}")[2]: element for element in tree.iter()}
    if "Fault" in found:
        raise Undelivered("They answer with a SOAP fault")
    code = _text(found.get("ErrorCode"))
    if code and code.lower() != "success":
        raise Undelivered(f"They answer {code[:40]}", again=not _FINAL.search(code))
    payload = found.get("Payload")
    if payload is None:
        raise Undelivered("The answer has no payload")
    include = payload.find(_INCLUDE)
    if include is not None:
        number = str(include.get("href", "")).removeprefix("cid:").replace("%40", "@")
        return x12_of(parts.get(number, b"").decode("utf-8", "replace"))
    return x12_of(_text(payload))


async def send_mime(client: Client, route: Route, parcel: Parcel) -> str:
    """Send as multipart/form-data and read the like. Raises Undelivered."""
    user, _, password = route.secret.partition(":")
    fields = _envelope(route, parcel)
    fields[5:5] = [("UserName", user), ("Password", password)] if route.secret else []
    fields.append(("Payload", parcel.text))
    mark = f"core{parcel.number.replace('-', '')}"
    lines = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields
    ]
    body = ("".join(lines) + f"--{mark}--\r\n").encode()
    kind = f"multipart/form-data; boundary={mark}"
    headers, answer = await post(client, route, body, {"Content-Type": kind})
    return _read_mime(headers.get("content-type", ""), answer)


def _read_mime(content_type: str, body: bytes) -> str:
    if not content_type.lower().startswith("multipart/"):
        return x12_of(body.decode("utf-8", "replace"))
    found: dict[str, str] = {}
    for part in _parts(content_type, body):
        name = part.get_param("name", header="Content-Disposition")
        found[str(name or "")] = _bytes(part).decode("utf-8", "replace")
    code = found.get("ErrorCode", "").strip()
    if code and code.lower() != "success":
        raise Undelivered(f"They answer {code[:40]}", again=not _FINAL.search(code))
    return x12_of(found.get("Payload", ""))


def _parts(content_type: str, body: bytes) -> list[email.message.Message]:
    """The parts of a multipart body. Raises Undelivered."""
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    whole = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    if not whole.is_multipart():
        raise Undelivered("The answer has no parts")
    return list(whole.iter_parts())


def _bytes(part: email.message.Message) -> bytes:
    raw = part.get_payload(decode=True)
    return raw if isinstance(raw, bytes) else b""


def _text(element: Xml.Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""

"""CAQH CORE vC2.2.0: the SOAP 1.2 envelope with WS-Security, and the HTTP MIME multipart form.

One fixed envelope is written by hand: a SOAP library costs more to load than everything else a
question does. Real payers answer in plain ``application/soap+xml`` and in MTOM.
"""

from __future__ import annotations

import email
import email.policy
from email.message import Message
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.sax.saxutils import escape

from deskterm.exchange.payers.interchange import text_of
from deskterm.exchange.payers.trouble import CoreError, NotX12
from deskterm.exchange.payers.values import Address, Answer, Question, Secret

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SOAP = "http://www.w3.org/2003/05/soap-envelope"
CORE = "http://www.caqh.org/SOAP/WSDL/CORERule2.2.0.xsd"
_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
_XOP = "{http://www.w3.org/2004/08/xop/include}Include"
_ACTION = "RealTimeTransaction"


def soap_request(address: Address, secret: Secret, question: Question) -> tuple[str, bytes]:
    """The content type and the body of a SOAP question."""
    fields = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in
                     _fields(address, question))  # fmt: skip
    payload = question.x12.replace("]]>", "]]]]><![CDATA[>")
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{SOAP}">'
        f'<soap:Header><wsse:Security soap:mustUnderstand="true"'
        f' xmlns:wsse="{_WSS}-wssecurity-secext-1.0.xsd"'
        f' xmlns:wsu="{_WSS}-wssecurity-utility-1.0.xsd">'
        f'<wsse:UsernameToken wsu:Id="UsernameToken-1">'
        f"<wsse:Username>{escape(secret.user)}</wsse:Username>"
        f'<wsse:Password Type="{_WSS}-username-token-profile-1.0#PasswordText">'
        f"{escape(secret.password)}</wsse:Password>"
        f"</wsse:UsernameToken></wsse:Security></soap:Header>"
        f'<soap:Body><core:COREEnvelopeRealTimeRequest xmlns:core="{CORE}">'
        f"{fields}<Payload><![CDATA[{payload}]]></Payload>"
        f"</core:COREEnvelopeRealTimeRequest></soap:Body></soap:Envelope>"
    )
    return f'application/soap+xml; charset=utf-8; action="{_ACTION}"', body.encode()


def soap_answer(content_type: str, body: bytes) -> Answer:
    """Read a SOAP answer, plain or MTOM. Raises CoreError for its errors, NotX12."""
    parts: dict[str, bytes] = {}
    if content_type.lower().startswith("multipart/"):
        body, parts = _related(content_type, body)
    envelope = _xml(body)
    fault = envelope.find(f".//{{{SOAP}}}Fault")
    if fault is not None:
        values = [e.text or "" for e in fault.iter(f"{{{SOAP}}}Value")]
        words = [e.text or "" for e in fault.iter(f"{{{SOAP}}}Text")]
        # The innermost code says most: soap:Sender alone, or wsse:FailedAuthentication in it.
        raise CoreError((values or ["unknown"])[-1].rpartition(":")[2], " ".join(words))
    found: dict[str, str] = {}
    payload = ""
    for element in envelope.iter():
        name = str(element.tag).rpartition("}")[2]
        if name == "Payload":
            include = element.find(_XOP)
            if include is None:
                payload = element.text or ""
            else:
                wanted = unquote(include.get("href", "")).removeprefix("cid:")
                if wanted not in parts:
                    raise NotX12("The answer's attachment is missing", "")
                payload = text_of(parts[wanted])
        elif not len(element):
            found.setdefault(name, (element.text or "").strip())
    return _answer(found, payload)


def form_request(address: Address, secret: Secret, question: Question) -> dict[str, str]:
    """The fields of an HTTP MIME question, in the rule's order, the payload last."""
    fields = dict(_fields(address, question))
    return {**fields, "UserName": secret.user, "Password": secret.password,
            "Payload": question.x12}  # fmt: skip


def form_answer(content_type: str, body: bytes) -> Answer:
    """Read a multipart/form-data answer. Raises CoreError, NotX12."""
    if not content_type.lower().startswith("multipart/"):
        raise NotX12("The answer is not a multipart form", "")
    found = {}
    payload = ""
    for part in _message(content_type, body).walk():
        name = part.get_param("name", header="content-disposition")
        if name == "Payload":
            payload = text_of(_content(part))
        elif isinstance(name, str):
            found[name] = text_of(_content(part)).strip()
    if not found:
        raise NotX12("The answer is a form without fields", "")
    return _answer(found, payload)


def _fields(address: Address, question: Question) -> list[tuple[str, str]]:
    return [
        ("PayloadType", question.payload_type), ("ProcessingMode", "RealTime"),
        ("PayloadID", question.id), ("TimeStamp", question.stamp), ("SenderID", address.sender),
        ("ReceiverID", address.receiver), ("CORERuleVersion", address.rule_version),
    ]  # fmt: skip


def _answer(found: dict[str, str], payload: str) -> Answer:
    code = found.get("ErrorCode", "")
    if code and code != "Success":
        raise CoreError(code, found.get("ErrorMessage", ""))
    if not payload.strip():
        raise NotX12("The envelope came back without a transaction", "")
    return Answer(payload, found.get("PayloadType", ""), found.get("PayloadID", ""))


def _xml(body: bytes) -> Element:
    """The document. SOAP has no document type, which could blow up to gigabytes: refused."""
    from xml.etree import ElementTree

    if b"<!DOCTYPE" in body or b"<!ENTITY" in body or b"\x00" in body:
        raise NotX12("The answer is not a SOAP envelope", "")
    try:
        found = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError, LookupError):
        raise NotX12("The answer is not a SOAP envelope", "") from None
    if found.tag != f"{{{SOAP}}}Envelope":
        raise NotX12("The answer is not a SOAP envelope", "")
    return found


def _related(content_type: str, body: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The root part of a multipart/related answer, and the others by content id."""
    message = _message(content_type, body)
    if not message.is_multipart():
        raise NotX12("The answer's parts cannot be told apart", "")
    parts = {
        str(part.get("Content-ID", f"part-{number}")).strip().strip("<>"): _content(part)
        for number, part in enumerate(message.walk())
        if not part.is_multipart()
    }
    if not parts:
        raise NotX12("The answer has no parts", "")
    start = str(message.get_param("start", "")).strip("<>")
    return parts.get(start) or next(iter(parts.values())), parts


def _message(content_type: str, body: bytes) -> Message:
    head = "".join(c for c in content_type if c.isprintable())
    return email.message_from_bytes(
        b"Content-Type: " + head.encode("latin-1", "replace") + b"\r\n\r\n" + body,
        policy=email.policy.compat32,
    )


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""

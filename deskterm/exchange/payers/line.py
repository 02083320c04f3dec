"""An open connection to one address: questions go over it, many at once.

Bounds on everything: one time for the whole exchange (a server that drips a byte a second is
timed out like one that is silent), one size, no redirect, no proxy from the environment, TLS
verified against the system's authorities or the connection's own CA file.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from types import TracebackType
from typing import Any, Self

from deskterm.exchange.payers import core, interchange, json_api, trouble
from deskterm.exchange.payers.values import MOST, Address, Answer, Question, Secret


class Line:
    """``async with Line(address, secret) as line: answer = await line.ask(question)``."""

    def __init__(self, address: Address, secret: Secret) -> None:
        self.address = address
        self._secret = secret
        self._client: Any = None

    async def __aenter__(self) -> Self:
        import httpx

        limits = httpx.Limits(
            max_connections=self.address.at_once, max_keepalive_connections=self.address.at_once
        )
        self._client = httpx.AsyncClient(
            verify=tls(self.address), follow_redirects=False, trust_env=False, limits=limits,
            timeout=httpx.Timeout(self.address.timeout, pool=None),
            headers={"User-Agent": "deskterm"},
        )  # fmt: skip
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        await self._client.aclose()

    async def ask(self, question: Question) -> Answer:
        """Send one question and wait for its answer.

        Raises a :class:`trouble.WireError` for everything that is not a whole answer to this
        very question.
        """
        try:
            async with asyncio.timeout(self.address.timeout):
                answer = await self._exchange(question)
        except TimeoutError:
            raise trouble.TimedOut(
                f"No answer within {self.address.timeout:g} seconds", "It is asked again later"
            ) from None
        interchange.check(answer.x12, question.kind, question.trace)
        return answer

    async def status(self) -> int:
        """The HTTP status of an empty request: who is there, without asking anything."""
        try:
            async with asyncio.timeout(self.address.timeout):
                status, _, _ = await self._send("HEAD", {}, content=b"")
        except TimeoutError:
            raise trouble.TimedOut(
                f"No answer within {self.address.timeout:g} seconds", "Check the address"
            ) from None
        return status

    async def _exchange(self, question: Question) -> Answer:
        address, secret = self.address, self._secret
        if address.kind == "core_soap":
            kind, content = core.soap_request(address, secret, question)
            status, got, body = await self._send("POST", {"Content-Type": kind}, content=content)
            # A SOAP fault comes with status 400 or 500, and says more than they do.
            if status != 200 and not _may_be_fault(got, body):
                raise trouble.HttpStatus(status, _said(got, body))
            try:
                return core.soap_answer(got, body)
            except trouble.NotX12:
                if status != 200:
                    raise trouble.HttpStatus(status) from None
                raise
        if address.kind == "core_mime":
            form = core.form_request(address, secret, question)
            files = {name: (None, value) for name, value in form.items()}
            status, got, body = await self._send("POST", {}, files=files)
            if status != 200:
                raise trouble.HttpStatus(status, _said(got, body))
            return core.form_answer(got, body)
        headers = {
            "Content-Type": "application/json",
            address.shape.header: f"{address.shape.prefix}{secret.password}",
        }
        status, got, body = await self._send(
            "POST", headers, content=json_api.request(address.shape, question)
        )
        if status != 200:
            raise trouble.HttpStatus(status, _said(got, body))
        return json_api.answer(address.shape, body)

    async def _send(
        self, method: str, headers: dict[str, str], **given: Any
    ) -> tuple[int, str, bytes]:
        import httpx

        try:
            async with self._client.stream(
                method, self.address.url, headers=headers, **given
            ) as reply:
                body = bytearray()
                async for chunk in reply.aiter_bytes():
                    body += chunk
                    if len(body) > MOST:
                        raise trouble.TooLong("The answer is longer than any answer can be", "")
                return reply.status_code, reply.headers.get("content-type", ""), bytes(body)
        except httpx.TimeoutException as error:
            made = trouble.TimedOut(f"No answer within {self.address.timeout:g} seconds", "")
            made.reached = not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
            raise made from None
        except httpx.ConnectError as error:
            raise _no_connection(error) from None
        except httpx.TransportError as error:
            if _cause(error, ssl.SSLError) is not None:
                # With TLS 1.3 a missing client certificate is told after the handshake.
                raise _tls(_cause(error, ssl.SSLError)) from None
            raise trouble.Broken("The connection broke off", "It is asked again later") from None
        except (httpx.InvalidURL, httpx.DecodingError, UnicodeError, ValueError):
            raise trouble.NotX12("The answer cannot be read", "") from None


def tls(address: Address) -> ssl.SSLContext:
    """How the other side must prove itself, and how we do. Raises Unset for unusable files."""
    try:
        context = ssl.create_default_context(cafile=address.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if address.certificate:
            context.load_cert_chain(address.certificate)
    except (OSError, ssl.SSLError):
        raise trouble.Unset(
            "The CA file or the client certificate cannot be read",
            "Check the files that the connection names",
        ) from None
    return context


def _no_connection(error: BaseException) -> trouble.WireError:
    failed = _cause(error, ssl.SSLError)
    if failed is not None:
        return _tls(failed)
    return trouble.Refused("Nobody answers at that address", "It is asked again later")


def _tls(error: BaseException | None) -> trouble.TlsFailed:
    why = "the other side is not who it should be"
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message or why
    elif "CERTIFICATE_REQUIRED" in str(error) or "HANDSHAKE_FAILURE" in str(error):
        why = "the payer wants a client certificate"
    return trouble.TlsFailed(f"TLS failed: {why}", "Nothing was sent; check the CA file and name")


def _cause(error: BaseException | None, kind: type[BaseException]) -> BaseException | None:
    seen = 0
    while error is not None and seen < 20:
        if isinstance(error, kind):
            return error
        error, seen = error.__cause__ or error.__context__, seen + 1
    return None


def _may_be_fault(content_type: str, body: bytes) -> bool:
    return "soap" in content_type.lower() or b"Envelope" in body[:2000]


def _said(content_type: str, body: bytes) -> str:
    """What an error's body says, if it is meant for people."""
    if "json" in content_type:
        try:
            return " ".join(json_api.error_of(json.loads(body)))
        except (ValueError, RecursionError):
            return ""
    return body[:300].decode("ascii", "replace") if content_type.startswith("text/plain") else ""

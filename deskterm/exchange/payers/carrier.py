"""One request, one answer, over any kind of connection; every failure says whether to try again.

TLS is always checked, redirects are never followed (a request holds a patient), and an answer has
a limit in size and time.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deskterm.errors import Unreachable

if TYPE_CHECKING:
    import httpx

MOST_ANSWER = 10_000_000  # bytes
RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


class Undelivered(Unreachable):
    """No answer came. ``again``: trying later may help; an inquiry changes nothing over there."""

    def __init__(self, message: str, hint: str = "", *, again: bool = True) -> None:
        super().__init__(message, hint or ("It is tried again" if again else "Check the settings"))
        self.again = again


@dataclass(frozen=True)
class Route:
    """A connection as carriers need it. ``secret`` is ``user:password`` or a key, never logged."""

    kind: str
    url: str
    sender: str
    receiver: str
    secret: str = field(default="", repr=False)
    timeout: float = 20.0  # seconds for the whole exchange
    ca_file: str = ""
    request_field: str = "x12"
    answer_field: str = "x12"
    header: str = "Authorization"


@dataclass(frozen=True)
class Parcel:
    """What is sent: the text, what kind of transaction, and a number of its own (a UUID)."""

    kind: str
    text: str
    number: str
    stamp: str  # ISO moment, UTC


class Client:
    """HTTPS clients for a worker: one for each file of trusted certificates, kept open."""

    def __init__(self) -> None:
        self._clients: dict[str, httpx.AsyncClient] = {}

    def of(self, route: Route) -> httpx.AsyncClient:
        """The client for a route. Raises Undelivered for a certificate file that is none."""
        import httpx

        found = self._clients.get(route.ca_file)
        if found is None:
            try:
                context = ssl.create_default_context(cafile=route.ca_file or None)
            except (OSError, ssl.SSLError):
                words = "The file of trusted certificates cannot be read"
                raise Undelivered(words, again=False) from None
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
            found = httpx.AsyncClient(
                verify=context, follow_redirects=False, trust_env=False, limits=limits
            )
            self._clients[route.ca_file] = found
        return found

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()


async def post(
    client: Client, route: Route, body: bytes, headers: dict[str, str]
) -> tuple[dict[str, str], bytes]:
    """POST and read the answer within the route's limits; its headers and body.

    Raises Undelivered.
    """
    import asyncio

    import httpx

    if not route.url.startswith("https://"):
        raise Undelivered("A payer is reached by https only", "Mend its address", again=False)
    try:
        async with asyncio.timeout(route.timeout):
            async with client.of(route).stream(
                "POST", route.url, content=body, headers=headers, timeout=route.timeout
            ) as response:
                _check_status(response.status_code)
                parts: list[bytes] = []
                size = 0
                async for part in response.aiter_bytes():
                    size += len(part)
                    if size > MOST_ANSWER:
                        raise Undelivered("The answer is too large", again=False)
                    parts.append(part)
                return dict(response.headers), b"".join(parts)
    except (TimeoutError, httpx.TimeoutException):
        raise Undelivered(f"No answer within {route.timeout:g} s") from None
    except httpx.ConnectError as error:
        if "CERTIFICATE_VERIFY" in str(error) or "certificate" in str(error).lower():
            raise Undelivered("Their certificate is not trusted", again=False) from None
        raise Undelivered("They cannot be reached") from None
    except httpx.InvalidURL:
        raise Undelivered("Their address is not one", again=False) from None
    except httpx.HTTPError:
        raise Undelivered("The connection broke off") from None


def _check_status(status: int) -> None:
    if status == 200:
        return
    if status in (401, 403):
        raise Undelivered(f"They refuse our name and password ({status})", again=False)
    if status in RETRIED_STATUSES:
        raise Undelivered(f"They answer with an error ({status})")
    raise Undelivered(f"They do not take the request ({status})", again=False)


def x12_of(text: str) -> str:
    """``text`` when it is an X12 interchange. Raises Undelivered for a web page or nothing."""
    found = text.lstrip("\ufeff \t\r\n")
    if not found.upper().startswith("ISA"):
        raise Undelivered("The answer is not X12" if found else "The answer is empty")
    return found


async def send(client: Client, route: Route, parcel: Parcel) -> str | None:
    """Send and wait for the answer; None when it will come another way (a folder).

    Raises Undelivered.
    """
    from deskterm.exchange.payers import core, folder, json_api

    carriers: dict[str, Callable[..., Any]] = {
        "core_soap": core.send_soap, "core_mime": core.send_mime, "json": json_api.send,
        "folder": folder.send,
    }  # fmt: skip
    answer: str | None = await carriers[route.kind](client, route, parcel)
    return answer

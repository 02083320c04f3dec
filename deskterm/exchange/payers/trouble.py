"""What can go wrong between the clinic and a payer, each with what it means for asking again.

``passing``: it may go better later. ``reached``: the payer may have got the question, so that
what must not be done twice (an authorization request) is not sent again by itself. ``said`` is
the payer's own text, which may name a patient: kept with the question, never logged.
"""

from __future__ import annotations

from typing import ClassVar

from deskterm.errors import DesktermError


class WireError(DesktermError):
    """The question was not answered. ``code`` is how it is kept and counted."""

    exit_code = 7
    kind = "wire"
    code: ClassVar[str] = "failed"
    passing: bool = False
    reached: bool = True

    def __init__(self, message: str, hint: str = "", *, said: str = "", x12: str = "") -> None:
        super().__init__(message, hint)
        self.said = " ".join(said.split())[:300]
        self.x12 = x12  # what did come, when it was a transaction of another kind


class TimedOut(WireError):
    """No whole answer within the time that the connection's settings allow."""

    code = "timed_out"
    passing = True


class Refused(WireError):
    """Nobody took the call: no such host, nothing listening. Nothing was sent."""

    code = "refused"
    passing = True
    reached = False


class Broken(WireError):
    """The connection ended in the middle."""

    code = "broken"
    passing = True


class TlsFailed(WireError):
    """The other side did not prove who it is, or wants a client certificate. Nothing was sent."""

    code = "tls"
    reached = False


class HttpStatus(WireError):
    """An HTTP status that is not success. Too many, and the server's own trouble, may pass."""

    code = "http"

    def __init__(self, status: int, said: str = "") -> None:
        words = {
            401: "user or password is not accepted", 403: "this is not allowed",
            404: "there is nothing at that address", 408: "it took too long",
            413: "the question is too long", 429: "too many questions at once",
            500: "the payer's computer failed", 502: "the payer's computer failed",
            503: "the payer's computer is not available", 504: "the payer's computer took too long",
        }  # fmt: skip
        word = words.get(status, "a redirect, which is not followed" if 300 <= status < 400 else "")
        super().__init__(
            f"HTTP {status}{': ' * bool(word)}{word}",
            "Check the connection's secret" if status in (401, 403) else "", said=said,
        )  # fmt: skip
        self.status = status
        self.passing = status in (408, 429) or status >= 500
        self.reached = status not in (401, 403, 404, 413, 429)


class CoreError(WireError):
    """The other side answered with an error of the CAQH CORE envelope or a SOAP fault."""

    code = "core"
    # CORE vC2.2.0 names; "Receiver" is SOAP's word for trouble on the answering side.
    PASSING = frozenset({"Receiver", "UnavailableService", "TimeOut"})

    def __init__(self, name: str, said: str = "") -> None:
        name = "".join(c for c in name if c.isalnum() or c in "._-")[:60] or "unknown"
        super().__init__(f"The payer refused the envelope: {name}", "See docs/payers.md", said=said)
        self.name = name
        self.passing = name in self.PASSING


class NotX12(WireError):
    """Something came, but not a transaction: a web page, other JSON, an empty body."""

    code = "not_x12"


class Truncated(WireError):
    """A transaction without its end."""

    code = "truncated"
    passing = True


class TooLong(WireError):
    """More than can be an answer."""

    code = "too_long"


class NotTheAnswer(WireError):
    """A TA1 or 999 instead of the answer: the transaction was refused or only acknowledged."""

    code = "acknowledgment"


class AnothersAnswer(WireError):
    """An answer to some other question: its trace number is not ours. It must not be kept."""

    code = "wrong_trace"


class Unset(WireError):
    """The connection cannot be used as it is set up: no secret, no folder, a bad address."""

    code = "setup"
    reached = False

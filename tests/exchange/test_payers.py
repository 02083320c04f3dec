"""Reaching a payer: every kind of envelope, and every way in which it can go wrong."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskterm.exchange.payers import core, folder, interchange, json_api, trouble
from deskterm.exchange.payers.line import Line
from deskterm.exchange.payers.values import Address, JsonShape, Question, Secret
from tests import payer_simulator as sim
from tests.payer_simulator import Answer, Payer

KINDS = ("core_soap", "core_mime", "json")
SECRET = Secret(sim.USER, sim.PASSWORD)
ASKED = Question(sim.question("T1"), id="id-1", trace="T1")


@pytest.fixture
def payer(tmp_path: Path) -> Iterator[Payer]:
    with Payer(tmp_path / "payer") as running:
        yield running


def address(payer: Payer, kind: str = "core_soap", **values: object) -> Address:
    made = Address(kind, payer.url(kind), "CLINIC", "PAYER", ca_file=payer.ca_file)
    return replace(made, **values)  # type: ignore[arg-type]


async def ask(where: Address, question: Question = ASKED, secret: Secret = SECRET) -> str:
    async with Line(where, secret) as line:
        return (await line.ask(question)).x12


@pytest.mark.parametrize("kind", KINDS)
async def test_a_question_goes_out_and_its_answer_comes_back(payer: Payer, kind: str) -> None:
    assert await ask(address(payer, kind)) == sim.active(ASKED.x12)
    assert payer.seen == [ASKED.x12]


async def test_the_soap_envelope_says_what_the_rule_wants(payer: Payer) -> None:
    awkward = Question(ASKED.x12.replace("EXAMPLE", "A]]>&<B"), id="id-7", trace="T1")
    await ask(address(payer), awkward, SECRET)
    got = payer.envelopes[0]
    assert payer.seen == [awkward.x12]
    wanted = {
        "PayloadType": "X12_270_Request_005010X279A1", "ProcessingMode": "RealTime",
        "PayloadID": "id-7", "TimeStamp": awkward.stamp, "SenderID": "CLINIC",
        "ReceiverID": "PAYER", "CORERuleVersion": "2.2.0", "Username": sim.USER,
    }  # fmt: skip
    assert {name: got[name] for name in wanted} == wanted
    assert got["content_type"].startswith("application/soap+xml")


async def test_the_form_has_the_same_fields(payer: Payer) -> None:
    await ask(address(payer, "core_mime"))
    got = payer.envelopes[0]
    assert (got["PayloadType"], got["PayloadID"]) == ("X12_270_Request_005010X279A1", "id-1")
    assert (got["SenderID"], got["CORERuleVersion"]) == ("CLINIC", "2.2.0")


async def test_an_answer_in_mtom_and_one_that_comes_twice(payer: Payer) -> None:
    payer.answers = lambda x12: Answer(sim.active(x12), "mtom")
    assert (await ask(address(payer))).strip() == sim.active(ASKED.x12)
    payer.answers = lambda x12: Answer(sim.active(x12), "twice")
    assert await ask(address(payer)) == sim.active(ASKED.x12) * 2


async def test_a_refusal_is_an_answer(payer: Payer) -> None:
    payer.answers = lambda x12: Answer(sim.rejected(x12, "72"))
    assert "AAA*N**72*C" in await ask(address(payer))


# how it is answered, what that is, whether asking again may help
WRONG: list[tuple[str, Callable[[str], Answer], type[trouble.WireError], bool]] = [
    ("html", lambda q: Answer(how="html"), trouble.NotX12, False),
    ("empty", lambda q: Answer(how="empty"), trouble.NotX12, False),
    ("garbage", lambda q: Answer("garbage"), trouble.NotX12, False),
    ("truncated", lambda q: Answer(sim.active(q), "truncated"), trouble.Truncated, True),
    ("trace", lambda q: Answer(sim.active(q, trace="T2")), trouble.AnothersAnswer, False),
    ("999", lambda q: Answer(sim.acknowledgment(q)), trouble.NotTheAnswer, False),
    ("ta1", lambda q: Answer(sim.interchange_refused(q)), trouble.NotTheAnswer, False),
    ("270", lambda q: Answer(q), trouble.NotX12, False),
    ("500", lambda q: Answer(how="status", status=500), trouble.HttpStatus, True),
    ("429", lambda q: Answer(how="status", status=429), trouble.HttpStatus, True),
    ("404", lambda q: Answer(how="status", status=404), trouble.HttpStatus, False),
    ("redirect", lambda q: Answer(how="redirect"), trouble.HttpStatus, False),
    ("reset", lambda q: Answer(how="reset"), trouble.Broken, True),
    ("silent", lambda q: Answer(how="silent"), trouble.TimedOut, True),
    ("drip", lambda q: Answer(sim.active(q), "drip"), trouble.TimedOut, True),
    ("long", lambda q: Answer(sim.active(q), "long"), trouble.TooLong, False),
    ("core", lambda q: Answer(how="core_error", code="PayloadTypeNotSupported"),
     trouble.CoreError, False),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", WRONG, ids=lambda c: c[0])
async def test_everything_that_goes_wrong_has_its_own_error(
    payer: Payer, kind: str, case: tuple[str, Callable[[str], Answer], type, bool]
) -> None:
    name, payer.answers, wanted, passing = case
    slow = name in ("silent", "drip")
    with pytest.raises(trouble.WireError) as caught:
        await ask(address(payer, kind, timeout=0.5 if slow else 20.0))
    assert type(caught.value) is wanted, caught.value.message
    assert caught.value.passing is passing and caught.value.reached is (name not in ("404", "429"))
    assert "EXAMPLE" not in caught.value.message and sim.PASSWORD not in str(caught.value)
    if wanted is trouble.NotTheAnswer:
        assert caught.value.x12.startswith("ISA")


@pytest.mark.parametrize("code, passing", [("Sender", False), ("Receiver", True)])
async def test_a_soap_fault_by_its_code(payer: Payer, code: str, passing: bool) -> None:
    payer.answers = lambda x12: Answer(how="fault", code=code)
    with pytest.raises(trouble.CoreError, match=code) as caught:
        await ask(address(payer))
    assert caught.value.passing is passing


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wrong_secret(payer: Payer, kind: str) -> None:
    with pytest.raises(trouble.HttpStatus, match="401") as caught:
        await ask(address(payer, kind), secret=Secret(sim.USER, "wrong"))
    assert not caught.value.passing and not caught.value.reached and payer.seen == []


async def test_an_authority_that_is_not_ours_gets_nothing(payer: Payer, tmp_path: Path) -> None:
    other = sim.papers(tmp_path / "other", name="other")
    for ca_file in (str(other.ca), ""):
        with pytest.raises(trouble.TlsFailed, match="TLS failed") as caught:
            await ask(address(payer, ca_file=ca_file))
        assert not caught.value.passing and not caught.value.reached
    assert payer.envelopes == []
    with pytest.raises(trouble.Unset):
        await ask(address(payer, ca_file=str(tmp_path / "none.pem")))


async def test_a_payer_that_wants_a_client_certificate(tmp_path: Path) -> None:
    with Payer(tmp_path / "strict", wants_certificate=True) as strict:
        where = address(strict)
        with pytest.raises(trouble.WireError) as caught:
            await ask(where)
        assert caught.value.code in ("tls", "broken")
        mine = replace(where, certificate=str(strict.papers.client))
        assert await ask(mine) == sim.active(ASKED.x12)


async def test_nobody_there(payer: Payer) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(trouble.Refused) as caught:
            await ask(address(payer, url=f"https://127.0.0.1:{port}/core"))
    assert caught.value.passing and not caught.value.reached
    with pytest.raises(trouble.Refused):
        await ask(address(payer, url="https://no-such-host.invalid/core"))


@pytest.mark.parametrize(
    "url", ["http://payer.example/x", "payer.example", "https://u:p@x.example/"]
)
def test_an_address_without_tls_or_with_a_password_is_refused(url: str) -> None:
    with pytest.raises(trouble.Unset):
        Address("core_soap", url)


def test_an_sftp_address_needs_the_host_key() -> None:
    with pytest.raises(trouble.Unset, match="host key"):
        Address("folder", "sftp://payer.example/clinic")


async def test_a_proxy_of_the_environment_is_not_used(
    payer: Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert await ask(address(payer)) == sim.active(ASKED.x12)


async def test_neither_the_secret_nor_the_patient_is_logged(
    payer: Payer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for kind in KINDS:
        await ask(address(payer, kind))
        payer.answers = lambda x12: Answer(how="status", status=500)
        with pytest.raises(trouble.HttpStatus):
            await ask(address(payer, kind))
        payer.answers = lambda x12: Answer(sim.active(x12))
    assert sim.PASSWORD not in repr(SECRET) and "EXAMPLE" not in repr(ASKED)
    assert caplog.records, "httpx logs, so that there is something to look through"
    for text in (sim.PASSWORD, "EXAMPLE", "W123456789"):
        assert text not in caplog.text


async def test_who_is_there_without_asking_anything(payer: Payer) -> None:
    async with Line(address(payer), SECRET) as line:
        assert await line.status() == 405
    assert payer.seen == []


def test_json_at_other_places() -> None:
    shape = JsonShape("data.edi", "result.edi", "X-Api-Key", "")
    assert json_api.request(shape, Question("ISA")) == b'{"data": {"edi": "ISA"}}'
    assert json_api.answer(shape, b'{"result": {"edi": "ISA*"}}').x12 == "ISA*"
    for body in (b"[]", b'{"result": 4}', b"{", b"[" * 100_000, b'{"result": {"edi": "a\\u0000"}}'):
        with pytest.raises(trouble.WireError):
            json_api.answer(shape, body)


def test_an_envelope_that_would_blow_up_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    with pytest.raises(trouble.NotX12):
        core.soap_answer("application/soap+xml", bomb)
    with pytest.raises(trouble.NotX12):
        core.soap_answer("application/soap+xml", bomb.decode().encode("utf-16"))


@given(st.binary(max_size=300) | st.text(alphabet="ISA*~TRNSE1 \n<>", max_size=300).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_an_answer_or_an_error_that_is_known(body: bytes) -> None:
    for content_type in ("application/soap+xml", "multipart/related; boundary=x", "", "multipart/"):
        for reader in (core.soap_answer, core.form_answer):
            with pytest.raises(trouble.WireError):
                reader(content_type, body)
    with pytest.raises(trouble.WireError):
        interchange.check(interchange.text_of(body), "270")


@given(st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_an_answer_cut_anywhere_is_never_taken(place: int) -> None:
    whole = sim.active(ASKED.x12)
    cut = whole[: min(place, len(whole) - 1)]
    with pytest.raises((trouble.Truncated, trouble.NotX12)):
        interchange.check(cut, "270", "T1")
    interchange.check(whole, "270", "T1")


def test_a_batch_is_taken_apart_by_trace() -> None:
    both = sim.active(sim.question("T1")) + "\n" + sim.active(sim.question("T2"))
    found = dict(interchange.by_trace(both))
    assert set(found) == {"T1", "T2"}
    for trace, text in found.items():
        interchange.check(text, "270", trace)


# Folders


async def test_a_file_is_put_whole_and_answers_are_moved_once_read(tmp_path: Path) -> None:
    async with folder.opened(Address("folder", str(tmp_path)), SECRET) as drop:
        await drop.put("a.270", b"ISA")
        assert (tmp_path / "out" / "a.270").read_bytes() == b"ISA"
        assert (tmp_path / "out" / "a.270").stat().st_mode & 0o077 == 0
        assert [p.name for p in (tmp_path / "out").iterdir()] == ["a.270"]
        for name in ("b.271", "a.271", ".hidden", "c.part"):
            (tmp_path / "in" / name).write_bytes(name.encode())
        (tmp_path / "in" / "folder").mkdir()
        os.symlink("/etc/hostname", tmp_path / "in" / "link")
        assert await drop.waiting() == ["a.271", "b.271"]
        assert await drop.read("a.271") == b"a.271"
        with pytest.raises(OSError):
            await drop.read("link")
        with pytest.raises(trouble.NotX12):
            await drop.read("../out/a.270")
        await drop.away("a.271", "done")
        (tmp_path / "in" / "a.271").write_bytes(b"again")
        await drop.away("a.271", "done")
    done = {p.name: p.read_bytes() for p in (tmp_path / "done").iterdir()}
    assert done == {"a.271": b"a.271", "a.271.1": b"again"}


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(trouble.Unset):
        async with folder.opened(Address("folder", str(tmp_path / "none")), SECRET):
            pass


async def test_the_same_over_sftp_with_the_servers_key_pinned(tmp_path: Path) -> None:
    import asyncssh

    for name in ("out", "in"):
        (tmp_path / name).mkdir()
    key, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))

    class Server(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (sim.USER, sim.PASSWORD)

    server = await asyncssh.create_server(
        Server, "127.0.0.1", 0, server_host_keys=[key],
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(tmp_path).encode()),
    )  # fmt: skip
    port = server.sockets[0].getsockname()[1]

    def where(pinned: asyncssh.SSHKey) -> Address:
        line = pinned.export_public_key().decode().strip()
        return Address("folder", f"sftp://127.0.0.1:{port}/", host_key=line)

    try:
        async with folder.opened(where(key), SECRET) as drop:
            await drop.put("a.270", b"ISA")
            assert [p.name for p in (tmp_path / "out").iterdir()] == ["a.270"]
            (tmp_path / "in" / "a.271").write_bytes(b"answer")
            (tmp_path / "in" / "b.part").write_bytes(b"half")
            assert await drop.waiting() == ["a.271"]
            assert await drop.read("a.271") == b"answer"
            await drop.away("a.271", "done")
        assert (tmp_path / "done" / "a.271").read_bytes() == b"answer"
        with pytest.raises(trouble.TlsFailed, match="host key"):
            async with folder.opened(where(other), SECRET):
                pass
        with pytest.raises(trouble.Unset, match="secret"):
            async with folder.opened(where(key), Secret(sim.USER, "wrong")):
                pass
    finally:
        server.close()
        await server.wait_closed()
    with pytest.raises(trouble.Refused):
        async with folder.opened(where(key), SECRET):
            pass

"""What is accepted as somebody's key, and what sshd is answered."""

from __future__ import annotations

import base64
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from deskterm.cli.ssh_answer import answer
from deskterm.entry import ssh_keys
from deskterm.entry.ssh_keys import Published
from deskterm.errors import Invalid


def packed(*parts: bytes) -> str:
    return base64.b64encode(b"".join(len(p).to_bytes(4) + p for p in parts)).decode()


def ed25519(filler: bytes = b"k") -> str:
    return packed(b"ssh-ed25519", filler * 32)


def rsa(bits: int, exponent: int = 65537) -> str:
    modulus = b"\0" + ((1 << bits - 1) | 1).to_bytes(bits // 8)
    return packed(b"ssh-rsa", exponent.to_bytes(3), modulus)


GOOD = [
    f"ssh-ed25519 {ed25519()}",
    f"ssh-ed25519 {ed25519()} maria@front-2\n",
    f"ssh-ed25519 {ed25519()}\r\n",
    "sk-ssh-ed25519@openssh.com " + packed(b"sk-ssh-ed25519@openssh.com", b"k" * 32, b"ssh:"),
    "ecdsa-sha2-nistp521 " + packed(b"ecdsa-sha2-nistp521", b"nistp521", b"\4" + b"k" * 132),
    "sk-ecdsa-sha2-nistp256@openssh.com "
    + packed(b"sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", b"\4" + b"k" * 64, b"ssh:desk"),
    f"ssh-rsa {rsa(3072)}",
]
KEY = f"ssh-ed25519 {ed25519()}"
BAD = {
    "nothing": "",
    "only a type": "ssh-ed25519",
    "a comment line": "# " + KEY,
    "options": 'command="sh" ' + KEY,
    "options in one word": "restrict " + KEY,
    "two lines": KEY + "\n" + KEY,
    "a line hidden behind": KEY + "\nssh-ed25519 AAAA",
    "a return within": KEY + "\rrestrict",
    "a tab": KEY.replace(" ", "\t"),
    "an escape in the comment": KEY + " \x1b[2J",
    "a quote in the comment": KEY + ' x"',
    "more words": KEY + " maria front desk",
    "letters beyond ASCII": KEY + " mária",
    "a private key": "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n",
    "PuTTY's file": "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA",
    "dsa": "ssh-dss " + packed(b"ssh-dss", b"k" * 20),
    "a certificate": "ssh-ed25519-cert-v01@openssh.com " + ed25519(),
    "another type inside": "ssh-rsa " + ed25519(),
    "not base64": "ssh-ed25519 AAAA!AAA",
    "cut off": KEY[:-5],
    "padding that hides bits": KEY[:-1] + "=" if KEY.endswith("=") else KEY + "=",
    "too short": "ssh-ed25519 " + packed(b"ssh-ed25519", b"k" * 31),
    "more behind": "ssh-ed25519 " + packed(b"ssh-ed25519", b"k" * 32, b"x"),
    "a length beyond the end": "ssh-ed25519 "
    + base64.b64encode(b"\0\0\0\x0bssh-ed25519\xff\xff\xff\xff").decode(),
    "rsa of 2048": f"ssh-rsa {rsa(2048)}",
    "rsa of 3064": f"ssh-rsa {rsa(3064)}",
    "rsa with exponent 3": f"ssh-rsa {rsa(3072, 3)}",
    "rsa too large": f"ssh-rsa {rsa(32768)}",
    "another curve": "ecdsa-sha2-nistp521 "
    + packed(b"ecdsa-sha2-nistp521", b"nistp256", b"\4" + b"k" * 64),
    "a compressed point": "ecdsa-sha2-nistp256 "
    + packed(b"ecdsa-sha2-nistp256", b"nistp256", b"\2" + b"k" * 64),
    "a security key for the web": "sk-ssh-ed25519@openssh.com "
    + packed(b"sk-ssh-ed25519@openssh.com", b"k" * 32, b"https://x"),
}  # fmt: skip


@pytest.mark.parametrize("line", GOOD)
def test_good_keys(line: str, tmp_path: Path) -> None:
    key = ssh_keys.parse(line)
    kind, blob = line.split()[:2]
    assert (key.kind, key.blob) == (kind, blob)
    if kind != "ecdsa-sha2-nistp521" and not kind.startswith("sk-ecdsa"):  # no point of the curve
        (tmp_path / "k.pub").write_text(f"{kind} {blob}\n")
        told = subprocess.run(
            ["ssh-keygen", "-lf", tmp_path / "k.pub"], capture_output=True, text=True, check=True
        ).stdout
        assert told.split()[1] == key.fingerprint


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_good_key(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        ssh_keys.parse(BAD[name])
    assert refused.value.field == "key" and refused.value.message


def test_the_keys_file_says_what_was_put_in() -> None:
    key = ssh_keys.parse(KEY)
    one = Published(key.fingerprint, "maria", 2000, "10.0.0.0/24", key.kind, key.blob)
    text = ssh_keys.file_text([one])
    ask = (key.kind, key.blob, key.fingerprint)
    assert ssh_keys.find(text, *ask, 1999) == one
    assert ssh_keys.find(text, *ask, 2000) is None
    for other in (
        ("ssh-rsa", key.blob, key.fingerprint),
        (key.kind, ed25519(b"x"), key.fingerprint),
        (key.kind, key.blob, "SHA256:x"),
        ("", "", ""),
    ):
        assert ssh_keys.find(text, *other, 0) is None
    line = ssh_keys.authorized_line(one, "/g/gate")
    assert line == f'restrict,pty,from="10.0.0.0/24",command="/g/gate maria" {KEY}'


@pytest.mark.parametrize(
    "login", ["", "x", "Maria", "1a", "a b", 'a";x', "a,b", "a\nb", "a" * 33, "-ab", "ma.ria"]
)
def test_logins_that_sshd_must_never_obey(login: str) -> None:
    key = ssh_keys.parse(KEY)
    one = Published(key.fingerprint, login, None, "", key.kind, key.blob)
    assert ssh_keys.find(ssh_keys.file_text([one]), *key, 0) is None
    with pytest.raises(Invalid):
        ssh_keys.authorized_line(one, "/gate")


@pytest.mark.parametrize("addresses", ["all", "10.0.0.1/8", '10.0.0.0/8"', "!10.0.0.1", "10.0.0"])
def test_addresses(addresses: str) -> None:
    with pytest.raises(Invalid):
        ssh_keys.check_addresses(addresses)
    assert ssh_keys.check_addresses(" 10.0.0.0/8, 2001:db8::/32,") == "10.0.0.0/8,2001:db8::/32"


def test_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = ssh_keys.parse(KEY)
    path = tmp_path / "keys"
    me = pwd.getpwuid(os.geteuid()).pw_name
    path.write_text(
        ssh_keys.file_text([Published(key.fingerprint, "maria", None, "", key.kind, key.blob)])
    )

    def ask(*words: str) -> str:
        assert answer(list(words)) == 0
        told = capsys.readouterr()
        assert not told.err
        return told.out

    question = ["--keys", str(path), "--gate", "/gate", me, key.kind, key.blob, key.fingerprint]
    for mode in (0o644, 0o660, 0o666, 0o641):
        path.chmod(mode)
        assert ask(*question) == ""
    path.chmod(0o640)
    assert ask(*question) == f'restrict,pty,command="/gate maria" {KEY}\n'
    for at, wrong in ((1, str(tmp_path / "none")), (1, str(tmp_path)), (3, 'a"b'), (3, "g"),
                      (4, "daemon"), (4, "nobody-known"), (5, "ssh-rsa"), (7, "x")):  # fmt: skip
        assert ask(*question[:at], wrong, *question[at + 1 :]) == "", wrong
    for few in ([], question[:7], [*question, "more"], ["--keys"]):
        assert ask(*few) == ""


def test_the_answer_loads_nothing_slow() -> None:
    script = (
        "import sys; from deskterm.__main__ import main; "
        "sys.argv = ['deskterm', 'admin', 'ssh-keys', 'answer', 'a', 'b', 'c', 'd']\n"
        "try: main()\nexcept SystemExit as e: assert e.code == 0\n"
        "slow = {'textual', 'peewee', 'typer', 'rich', 'sqlite3', 'pysqlite3', 'deskterm.config'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n" and done.stderr == ""

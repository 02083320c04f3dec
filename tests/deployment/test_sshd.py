"""A real sshd lets people reach the desk, and nothing else: each refusal of the settings."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deployment.server import Server, change_accounts, free_port, run, until
from tests.terminal.desk_fixture import ready

pytestmark = [pytest.mark.terminal, pytest.mark.xdist_group("sshd")]

INSIDE = {
    "PATH", "HOME", "LANG", "LC_ALL", "TERM", "DESKTERM_GATE", "DESKTERM_DATABASE",
    "SSH_CONNECTION", "SSH_ORIGINAL_COMMAND",
}  # fmt: skip
DENIED = "Permission denied (publickey)"


def proc(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_bytes().decode("utf-8", "replace")


@contextmanager
def victim() -> Iterator[tuple[int, Callable[[], int]]]:
    """A service on the server's loopback that nobody may reach: its port, and who did."""
    reached: list[int] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            reached.append(1)
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1], lambda: len(reached)
    finally:
        listener.close()


def knock(port: int, said: bytes) -> bytes:
    """Everything that ``port`` answers to ``said`` until it hangs up."""
    answered = b""
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as line:
            line.sendall(said)
            while part := line.recv(4096):
                answered += part
    except (ConnectionResetError, BrokenPipeError):
        pass
    return answered


def test_the_desk_opens_and_nothing_else_comes_along(server: Server, key: Path) -> None:
    """One sign-in that brings everything a client can bring, and asks for every way through."""
    agent = run("ssh-agent", "-s").stdout
    socket_path = agent.split("SSH_AUTH_SOCK=")[1].split(";")[0]
    agent_pid = int(agent.split("SSH_AGENT_PID=")[1].split(";")[0])
    local, socks, back, unix = free_port(), free_port(), free_port(), server.mine / "back"
    try:
        with victim() as (port, reached), server.terminal(
            key, "-A", "-X", "-L", f"{local}:127.0.0.1:{port}", "-D", str(socks),
            "-R", f"{back}:127.0.0.1:{port}", "-R", f"{unix}:127.0.0.1:{port}",
            "-o", "SendEnv=LC_* EVIL", "-o",
            "SetEnv=PYTHONSTARTUP=/tmp/x LD_PRELOAD=/tmp/x.so TEXTUAL_LOG=/tmp/x "
            "TEXTUAL_DRIVER=evil:Driver DESKTERM_CONFIG=/tmp/x",
            term="xterm;touch pwn",
            env={"SSH_AUTH_SOCK": socket_path, "DISPLAY": ":9", "LC_EVIL": "1", "EVIL": "1"},
        ) as term:  # fmt: skip
            lines = ready(term).screen()
            assert len(lines) == 24 and "FRONT1 mlopez" in lines[0]
            (pid,) = until(server.desks, "the desk runs")
            inside = dict(
                pair.split("=", 1) for pair in proc(pid, "environ").split("\0") if "=" in pair
            )
            assert set(inside) == INSIDE
            assert (inside["TERM"], inside["SSH_ORIGINAL_COMMAND"]) == ("xterm-256color", "")
            assert "NoNewPrivs:\t1" in proc(pid, "status")
            (core,) = (line for line in proc(pid, "limits").splitlines() if "core" in line)
            assert core.split()[4:6] == ["0", "0"]
            # No memory of one desk for the other sessions of the same account.
            assert Path(f"/proc/{pid}/mem").stat().st_uid == 0
            assert knock(local, b"hello") == b""
            # SOCKS 5: the client itself agrees to the greeting; behind it nothing answers.
            greeting, connect = b"\5\1\0", b"\5\1\0\1\x7f\0\0\1" + port.to_bytes(2)
            assert knock(socks, greeting + connect) in (b"\5\0", b"")
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", back), 5)
            assert not unix.exists() and not (server.data / "pwn").exists()
            assert reached() == 0
            term.send("f2", *"smith")
            term.wait_for("SMITH")
    finally:
        os.kill(agent_pid, signal.SIGTERM)


def test_no_command_no_copy_no_tunnel(server: Server, key: Path, tmp_path: Path) -> None:
    """All at once: each is refused, and none of them ran, wrote or reached anything."""
    target = tmp_path / "copied"
    theirs = f"{server.account}@127.0.0.1"
    options = server.options(key)
    with victim() as (port, reached):
        tries = {
            "a command": server.ssh(key, "-T", "--", "cat /etc/passwd; id"),
            "scp": ["/usr/bin/scp", *options, f"{theirs}:/etc/passwd", str(target)],
            "old scp": ["/usr/bin/scp", "-O", *options, f"{theirs}:/etc/passwd", str(target)],
            "scp there": ["/usr/bin/scp", "-O", *options, "/etc/hostname", f"{theirs}:/tmp/pwn"],
            "sftp": ["/usr/bin/sftp", *options, theirs],
            "no terminal": server.ssh(key, "-T"),
            "-W": server.ssh(key, "-W", f"127.0.0.1:{port}"),
            "-R": server.ssh(
                key, "-N", "-R", f"{free_port()}:127.0.0.1:{port}", "-o",
                "ExitOnForwardFailure=yes",
            ),
            "-w": server.ssh(key, "-N", "-w", "any", "-o", "ExitOnForwardFailure=yes"),
            "-N": server.ssh(key, "-N"),
        }  # fmt: skip
        running = {
            name: subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            for name, words in tries.items()
        }
        done = {name: (*p.communicate(timeout=90), p.returncode) for name, p in running.items()}
        assert reached() == 0
    codes = {name: code for name, (_, _, code) in done.items()}
    assert codes["a command"] == codes["no terminal"] == 64
    assert all(code != 0 for code in codes.values()), codes
    assert not target.exists() and not Path("/tmp/pwn").exists()
    for name, (out, err, _) in done.items():
        assert b"root:" not in out and b"uid=" not in out and b"Traceback" not in err, name


def test_a_command_with_a_terminal_is_refused_too(server: Server, key: Path) -> None:
    with server.terminal(key, "-tt", "--", "cat /etc/passwd") as term:
        assert term.exit_code(30) == 65
        assert "root:" not in term.text() and "no command is accepted" in term.text()


def test_one_session_on_a_connection(server: Server, key: Path) -> None:
    """A second session would ride on the first one's sign-in."""
    master = server.mine / "master"
    with server.terminal(key, "-M", "-S", str(master)) as term:
        ready(term)
        second = server.ssh(key, "-S", str(master), "-tt", "-o", "ProxyCommand=/bin/false")
        # What it asks is refused; only a connection of its own is left, and there is none.
        done = run(*second, check=False, stdin=subprocess.DEVNULL, timeout=40)
        assert "refused" in done.stderr and done.returncode == 255
        assert len(server.desks()) == 1


def denied(server: Server, key: Path, **options: str) -> bool:
    done = run(*server.ssh(key, "-T", **options), check=False, stdin=subprocess.DEVNULL)
    assert done.returncode in (64, 255), done.stderr
    return DENIED in done.stderr


def test_a_key_that_nobody_enrolled(server: Server, key: Path) -> None:
    assert denied(server, server.new_key("stranger"))
    assert not denied(server, key)


def test_a_revoked_key_opens_nothing_at_once(server: Server) -> None:
    lost = server.enrol("lost", "mlopez", "--label", "laptop")
    assert not denied(server, lost)
    (row,) = [
        row for row in json.loads(server.batch("admin", "ssh-keys", "list", "--json"))
        if row["label"] == "laptop"
    ]  # fmt: skip
    server.batch("admin", "ssh-keys", "revoke", str(row["id"]), "--reason", "laptop lost")
    assert denied(server, lost)


def test_keys_from_elsewhere_and_after_their_day(server: Server) -> None:
    assert denied(server, server.enrol("afar", "mlopez", "--from", "10.9.9.0/24"))
    assert not denied(server, server.enrol("near", "mlopez", "--from", "10.9.9.0/24,127.0.0.1"))


def test_a_keys_file_that_is_not_as_it_must_be(server: Server, key: Path) -> None:
    """Each way in which it can be wrong; and after each the good one opens the desk again."""
    path = server.keys / "keys"
    good = path.read_text("ascii")
    word = (server.mine / "maria.pub").read_text("ascii").split()[1]
    line = next(line for line in good.splitlines() if word in line)
    assert line in good and not denied(server, key)
    account, keys_group = pwd.getpwnam(server.account), pwd.getpwnam(server.keys_account)
    wrong: dict[str, Callable[[], object]] = {
        "a login that ends the command": lambda: path.write_text(
            good.replace(line, line.replace(" mlopez ", ' x";id;# '))
        ),
        "a login with options": lambda: path.write_text(
            good.replace(line, line.replace(" mlopez ", " mlopez\",pty,command=\"sh ")),
        ),
        "two owners of one key": lambda: path.write_text(
            good + line.replace(" mlopez ", " other ") + "\n"
        ),
        "another header": lambda: path.write_text(good.replace("keys 1", "keys 2")),
        "unreadable": lambda: path.chmod(0o600),
        "written by others": lambda: path.chmod(0o660),
        "somebody else's": lambda: os.chown(path, 0, keys_group.pw_gid),
        "a link": lambda: (path.rename(server.keys / "real"), path.symlink_to("real")),
        "gone": lambda: path.unlink(),
    }  # fmt: skip
    for name, spoil in wrong.items():
        spoil()
        assert denied(server, key), name
        path.unlink(missing_ok=True)
        path.write_text(good)
        os.chown(path, account.pw_uid, keys_group.pw_gid)
        path.chmod(0o640)
    assert not denied(server, key)


def test_a_desk_refuses_what_the_gate_must_not_let_through(server: Server, key: Path) -> None:
    """Should somebody weaken the gate, the desk itself still says no."""
    gate = server.lib / "gate"
    good = gate.read_text("utf-8")
    try:
        for weak, code in (
            (good.replace("DESKTERM_GATE=ssh", "DESKTERM_GATE=ssh TEXTUAL_LOG=/tmp/x"), 66),
            (good.replace("DESKTERM_GATE=ssh", "DESKTERM_GATE=ssh LD_BIND_NOW=1"), 66),
            (good.replace("python -I", "python"), 66),
            (good.replace('--as "$1"', "journal show"), 67),
        ):
            assert weak != good
            gate.write_text(weak, "utf-8")
            with server.terminal(key) as term:
                assert term.exit_code(30) == code, term.text()
    finally:
        gate.write_text(good, "utf-8")


def test_the_small_clinic_s_file_of_keys(server: Server, key: Path) -> None:
    """Without AuthorizedKeysCommand: the printed lines in a file of root's."""
    folder = server.root / "authorized"
    folder.mkdir(mode=0o755, exist_ok=True)
    server.put(folder / server.account, server.batch("admin", "ssh-keys", "print"), 0o644)
    server.start(server.settings("sshd-files.conf"))
    try:
        assert denied(server, server.new_key("stranger"))
        done = run(*server.ssh(key, "-T", "--", "id"), check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 64 and "uid=" not in done.stdout
        with server.terminal(key) as term:
            ready(term)
    finally:
        server.start(server.settings("sshd-keys.conf"))


@pytest.mark.skipif(not shutil.which("sudo") and os.environ.get("CI") != "true", reason="no sudo")
def test_accounts_of_their_own_through_sudo(server: Server) -> None:
    """ForceCommand sudo: who it is comes from sudo alone, and the data stays out of reach."""
    group, person = f"dc{os.getpid() % 1_000_000}", "mlopez"
    with pytest.raises(KeyError):
        pwd.getpwnam(person)
    rules = Path(f"/etc/sudoers.d/deskterm-test-{os.getpid()}")
    conf = server.settings("sshd-sudo.conf").replace("Match Group clinic", f"Match Group {group}")
    home = server.root / "home"
    key = server.new_key("own")
    change_accounts("/usr/sbin/groupadd", "--system", group)
    try:
        server.add_account(person, "/bin/bash", "--groups", group)
        change_accounts("/usr/sbin/usermod", "--home", home, person)
        (home / ".ssh").mkdir(parents=True)
        shutil.copy(f"{key}.pub", home / ".ssh/authorized_keys")
        run("chown", "-R", f"{person}:", home)
        server.put(rules, server.text("sudoers").replace("%clinic", f"%{group}"), 0o440)
        run("/usr/sbin/visudo", "-cf", rules)
        server.start(conf)
        with server.terminal(key, account=person) as term:
            assert "mlopez" in ready(term).screen()[0]
        until(lambda: not server.desks(), "the desk is gone with its line")
        done = run(*server.ssh(key, "-T", "--", "id", account=person), check=False)
        assert done.returncode == 64 and "uid=" not in done.stdout
        uid = pwd.getpwnam(person).pw_uid
        as_person = ["/usr/bin/setpriv", f"--reuid={uid}", "--init-groups"]
        for words in (
            ["cat", str(server.database)],
            ["sudo", "-n", "-u", server.account, "/bin/sh"],
            ["sudo", "-n", "-u", server.account, f"{server.lib}/gate-sudo", "admin"],
            ["sudo", "-n", "-u", server.account, f"{server.lib}/gate", "admin"],
        ):
            assert run(*as_person, *words, check=False).returncode != 0, words
    finally:
        rules.unlink(missing_ok=True)
        change_accounts("/usr/sbin/userdel", "-f", person)
        server.accounts.remove(person)
        change_accounts("/usr/sbin/groupdel", group)
        server.start(server.settings("sshd-keys.conf"))

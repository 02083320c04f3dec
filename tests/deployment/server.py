"""A real sshd on loopback with accounts of its own, set up as docs/deployment.md says.

Everything lies below one folder of root's that the accounts can read: an installation with
Debian's interpreter (``-I`` reads no PYTHONPATH), the gate, the keys command, the keys, the
data. The files are the very ones that ``deskterm admin gate`` prints, with other paths.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from deskterm.cli.ssh_keys import deployed
from tests.terminal.desk_fixture import Morning
from tests.terminal.pty_desk import PtyDesk
from tests.terminal.test_desk_restart import BEFORE

ROOT = Path(__file__).resolve().parents[2]
SSHD = "/usr/sbin/sshd"
PATIENCE = 30.0  # seconds a condition may take before a test gives up


def missing() -> str:
    """Why no server can be started here; empty when it can."""
    if os.geteuid() != 0:
        return "only root can make the accounts that a real sshd needs"
    absent = [p for p in (SSHD, "/usr/bin/ssh", "/usr/bin/scp", "/usr/bin/setpriv",
                          "/usr/sbin/useradd") if not Path(p).exists()]  # fmt: skip
    if absent:
        return f"there is no {', '.join(absent)}"
    return "" if interpreter() else "no interpreter of this version that other accounts can read"


def interpreter() -> str:
    """An interpreter of this very version that every account may run; empty without one."""
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for folder in (f"{sys.base_prefix}/bin", "/usr/bin", "/usr/local/bin"):
        path = Path(folder, name).resolve()
        if path.exists() and all(p.stat().st_mode & 0o005 == 0o005 for p in (path, *path.parents)):
            return str(path)
    return ""


def run(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [str(w) for w in words], capture_output=True, text=True,
        **{"check": True, "timeout": 120, **options},
    )  # fmt: skip


def change_accounts(*words: object) -> None:
    """useradd and its kin; another one may hold the lock on /etc/passwd just now."""
    until(lambda: run(*words, check=False).returncode not in (1, 10), f"{words[0]} got its turn")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Any, told: str, patience: float = PATIENCE) -> Any:
    """Wait until ``condition()`` holds; what it gave."""
    limit = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < limit, f"it did not come about: {told}"
        time.sleep(0.02)
    return found


class Server:
    """The clinic's server. Use as a context manager; everything is removed at the end."""

    def __init__(self) -> None:
        mark = os.getpid() % 1_000_000
        self.account, self.keys_account = f"dt{mark}", f"dk{mark}"
        self.root = Path(f"/var/lib/dt-clinic-{mark}")
        self.lib, self.venv = self.root / "lib", self.root / "opt"
        self.data, self.keys = self.root / "data", self.root / "keys"
        self.mine = self.root / "clients"  # the clients' own keys
        self.database = self.data / "clinic.db"
        self.log = self.root / "sshd.log"
        self.port = free_port()
        self.accounts: list[str] = []
        self.sshd: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        with contextlib.ExitStack() as undo:
            undo.callback(self._remove)
            self.root.mkdir(mode=0o755)
            for name in ("lib", "clients"):
                (self.root / name).mkdir(mode=0o755)
            # As in docs/deployment.md: "*" is no password and not a locked account either.
            self.add_account(self.keys_account, "/usr/sbin/nologin")
            self.add_account(self.account, "/bin/sh")
            self._install()
            self._clinic()
            self._scripts()
            self.start(self.settings("sshd-keys.conf"))
            undo.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._remove()

    # Setting up

    def add_account(self, name: str, shell: str, *more: str) -> None:
        change_accounts("/usr/sbin/useradd", "--system", "--home-dir", "/", "--shell", shell, "-M",
            "--user-group", *more, name)  # fmt: skip
        self.accounts.append(name)
        change_accounts("/usr/sbin/usermod", "-p", "*", name)

    def put(self, path: Path, text: str, mode: int) -> Path:
        path.write_text(text, "utf-8")
        path.chmod(mode)
        return path

    def text(self, name: str) -> str:
        """A file as it is shipped, with this server's paths and accounts."""
        text = deployed(name)
        for shipped, here in (
            ("/var/lib/deskterm-keys/keys", str(self.keys / "keys")),
            ("/etc/deskterm/keys", str(self.root / "authorized")),
            ("/usr/local/lib/deskterm", str(self.lib)),
            ("/opt/deskterm", str(self.venv)),
            ("/var/lib/deskterm", str(self.data)),
            ("User deskterm-keys\n", f"User {self.keys_account}\n"),
            ("Match User deskterm\n", f"Match User {self.account}\n"),
            ("-u deskterm ", f"-u {self.account} "),
            ("(deskterm)", f"({self.account})"),
            ("AliveInterval 15", "AliveInterval 2"),
            ("AliveCountMax 4", "AliveCountMax 2"),
            ("ConnectionTimeout 30", "ConnectionTimeout 3"),
        ):
            text = text.replace(shipped, here)
        return text

    def settings(self, name: str) -> str:
        """The whole of sshd's settings: a Debian server's, and ours behind them."""
        return "\n".join((
            f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {self.root}/host_key",
            "PidFile none", "UsePAM no", "StrictModes yes", "LogLevel VERBOSE",
            "X11Forwarding yes", "AcceptEnv LANG LC_* *", "PermitRootLogin no",
            "Subsystem sftp internal-sftp", self.text(name),
        ))  # fmt: skip

    def start(self, settings: str) -> None:
        """(Re)start sshd with ``settings``."""
        self.stop()
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        if not (self.root / "host_key").exists():
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.root / "host_key")
        config = self.put(self.root / "sshd_config", settings, 0o600)
        self.sshd = subprocess.Popen(
            [SSHD, "-D", "-f", str(config), "-E", str(self.log)], stdin=subprocess.DEVNULL
        )
        until(self._answers, "sshd listens")

    def stop(self) -> None:
        if self.sshd is not None:
            self.sshd.terminate()
            self.sshd.wait(10)
            self.sshd = None

    def _answers(self) -> bool:
        assert self.sshd is not None and self.sshd.poll() is None, self.log.read_text("utf-8")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def _install(self) -> None:
        """What pip would put under /opt: an environment with deskterm and all it needs."""
        run(interpreter(), "-m", "venv", "--without-pip", self.venv)
        site = next(self.venv.glob("lib/python*/site-packages"))
        shutil.copytree(ROOT / "deskterm", site / "deskterm")
        for file in _needed("deskterm"):
            source, target = Path(str(file.locate())), site / file
            if ".." in file.parts or not source.exists() or target.exists():
                continue  # some are in two packages' lists
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source, target)
            except OSError:
                shutil.copy2(source, target)

    def _clinic(self) -> None:
        self.data.mkdir(mode=0o700)
        with Morning(self.data) as made:
            for prepare in BEFORE.values():  # so that every screen can be opened
                prepare(made)
        with (self.data / "deskterm.toml").open("a", encoding="utf-8") as file:
            file.write(f'keys_file = "{self.keys}/keys"\ngate = "{self.lib}/gate"\n')
            file.write('[desks]\n"127.0.0.1" = "front1"\n')
        for path in (self.data, *self.data.iterdir()):
            shutil.chown(path, self.account, self.account)
            path.chmod(0o700 if path.is_dir() else 0o600)
        self.keys.mkdir()
        shutil.chown(self.keys, self.account, self.keys_account)
        self.keys.chmod(0o2750)
        self.batch("admin", "ssh-keys", "publish")

    def _scripts(self) -> None:
        for name in ("gate", "gate-sudo", "keys-command"):
            self.put(self.lib / name, self.text(name), 0o755)

    def _remove(self) -> None:
        self.stop()
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        for name in reversed(self.accounts):
            change_accounts("/usr/sbin/userdel", "-f", name)
        shutil.rmtree(self.root, ignore_errors=True)

    # Using it

    def batch(self, *words: str, code: int = 0) -> str:
        """A batch command as the account that owns the data, as an administrator would."""
        account = pwd.getpwnam(self.account)
        done = run(
            "/usr/bin/setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}",
            "--clear-groups", "/usr/bin/env", "-i", "LANG=C.UTF-8",
            self.venv / "bin/python", "-I", "-m", "deskterm", "--db", self.database,
            "--as", "mlopez", *words, check=False, cwd="/",
        )  # fmt: skip
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def new_key(self, name: str, kind: str = "ed25519") -> Path:
        path = self.mine / name
        if not path.exists():
            run("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"{name}@front", "-f", path)
        return path

    def enrol(self, name: str, login: str = "mlopez", *options: str) -> Path:
        """A new key, enrolled and published by the command line."""
        key = self.new_key(name)
        shutil.copy(f"{key}.pub", self.data / "new.pub")
        (self.data / "new.pub").chmod(0o644)
        self.batch("admin", "ssh-keys", "add", login, str(self.data / "new.pub"), *options)
        (self.data / "new.pub").unlink()
        return key

    def options(self, key: Path) -> list[str]:
        return ["-F", "/dev/null", "-i", str(key), *(
            word for option in (
                f"Port={self.port}", "IdentitiesOnly=yes", "StrictHostKeyChecking=no",
                "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes",
                "ConnectTimeout=20",
            ) for word in ("-o", option)
        )]  # fmt: skip

    def ssh(self, key: Path, *more: str, account: str = "") -> list[str]:
        """ssh's options before, the command behind ``--`` in ``more``."""
        words, command = list(more), []
        if "--" in words:
            at = words.index("--")
            words, command = words[:at], words[at + 1 :]
        where = f"{account or self.account}@127.0.0.1"
        return ["/usr/bin/ssh", *self.options(key), *words, where, *command]

    def terminal(self, key: Path, *more: str, account: str = "", **options: Any) -> PtyDesk:
        """A clerk's ssh in a terminal of 80 by 24, not yet started."""
        env = {"SSH_AUTH_SOCK": None, "DISPLAY": None, **options.pop("env", {})}
        return PtyDesk(self.ssh(key, *more, account=account), env, **options)

    def desks(self) -> list[int]:
        """The desks that run, as process ids."""
        return [pid for pid in self.processes() if b"\0deskterm\0--as\0" in _read(pid, "cmdline")]

    def processes(self) -> list[int]:
        """Every living process of the account that owns the data.

        One that has ended stays listed until its parent asks; after a hang-up that is init.
        """
        try:
            uid = pwd.getpwnam(self.account).pw_uid
        except KeyError:
            return []
        ids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
        found = ((pid, _read(pid, "status")) for pid in ids)
        return [
            pid for pid, status in found
            if b"\nUid:\t%d\t" % uid in status and b"\nState:\tZ" not in status
        ]  # fmt: skip


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""  # it ended meanwhile


def _needed(name: str) -> Iterator[importlib.metadata.PackagePath]:
    """The files of everything that ``name`` depends on, without itself."""
    done, todo = {name}, [name]
    if name == "deskterm":
        import tomllib

        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        wants: dict[str, list[str]] = {name: project["dependencies"]}
    while todo:
        current = todo.pop()
        lines = wants.get(current) or importlib.metadata.requires(current) or []
        for line in lines:
            need = Requirement(line)
            if need.marker is not None and not need.marker.evaluate({"extra": ""}):
                continue
            key = need.name.lower()
            if key in done:
                continue
            done.add(key)
            todo.append(need.name)
            yield from importlib.metadata.files(need.name) or []

"""The answer to sshd's AuthorizedKeysCommand: may this key sign in, and as whom?

It runs as an account of its own that can read the keys file and nothing else of the clinic's,
once for every sign-in. Whatever is not as it should be, it prints nothing: sshd then refuses.
"""

from __future__ import annotations

import os
import stat
import sys
import time

from deskterm.entry import ssh_keys

KEYS_FILE = "/var/lib/deskterm-keys/keys"
GATE = "/usr/local/lib/deskterm/gate"
_LARGEST = 4 * 2**20  # bytes; some ten thousand keys


def answer(arguments: list[str]) -> int:
    """Print the one line for ``[--keys FILE] [--gate PATH] %u %t %k %f``, or nothing. Always 0."""
    try:
        line = _line(arguments)
    except Exception:
        # Also a fault of our own must end in a refusal, without a word that sshd would parse.
        return 0
    if line:
        print(line, flush=True)
    return 0


def _line(arguments: list[str]) -> str:
    options = {"--keys": KEYS_FILE, "--gate": GATE}
    rest = list(arguments)
    while rest and rest[0] in options:
        name = rest.pop(0)
        options[name] = rest.pop(0)
    account, kind, blob, print_of_it = rest
    text = _read(options["--keys"], account)
    found = ssh_keys.find(text, kind, blob, print_of_it, time.time())
    return ssh_keys.authorized_line(found, options["--gate"]) if found else ""


def _read(path: str, account: str) -> str:
    """The keys file, if it is the account's own and nobody else can have written it."""
    import pwd

    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode) or facts.st_mode & 0o027:
            return ""
        if facts.st_uid != pwd.getpwnam(account).pw_uid or facts.st_size > _LARGEST:
            return ""
        return file.read().decode("ascii")


if __name__ == "__main__":
    sys.exit(answer(sys.argv[1:]))

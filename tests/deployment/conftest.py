"""One server for the whole folder: CI must have it, elsewhere its absence is said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment.server import Server, missing


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A real sshd with our settings, accounts and an installation that they can read."""
    reason = missing()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"CI must prove the sign-in over SSH, but {reason}")
    if reason:
        pytest.skip(f"NOT PROVEN HERE: sign-in over SSH, for {reason}")
    with Server() as running:
        yield running


@pytest.fixture(scope="session")
def key(server: Server) -> Path:
    """Maria's key."""
    return server.enrol("maria")

"""A clinic that others can reach is not opened, and the reason is said."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from deskterm.errors import Unreachable
from deskterm.office import data_files
from deskterm.office.desk import Desk, open_desk


@pytest.mark.parametrize(
    ("end", "mode", "said"),
    [
        ("", 0o640, "read by other accounts"),
        ("", 0o604, "read by other accounts"),
        ("", 0o660, "written by other accounts"),
        (".key", 0o644, "read by other accounts"),
        ("-wal", 0o666, "written by other accounts"),
        ("-queue", 0o620, "written by other accounts"),
        ("/..", 0o770, "written by other accounts"),
        ("/..", 0o755, "read by other accounts"),
    ],
)
def test_modes(desk: Desk, end: str, mode: int, said: str) -> None:
    path = desk.settings.database_path
    target = path.parent if end == "/.." else path.with_name(path.name + end)
    open_desk(desk.settings, login="mlopez").close()
    target.chmod(mode)
    with pytest.raises(Unreachable, match=said) as refused:
        open_desk(desk.settings, login="mlopez")
    assert "copy the clinic and rewrite its audit" in refused.value.message
    assert "chmod" in refused.value.hint and str(target) in refused.value.hint
    open_desk(replace(desk.settings, practice=True), login="mlopez").close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_account_s(desk: Desk) -> None:
    os.chown(desk.settings.database_path, 1, 1)
    with pytest.raises(Unreachable, match="belongs to"):
        open_desk(desk.settings, login="mlopez")


def test_a_network_disk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_files, "filesystem", lambda _: "nfs4")
    with pytest.raises(Unreachable, match="network disk"):
        open_desk(desk.settings, login="mlopez")


def test_a_link_is_judged_by_what_it_leads_to(desk: Desk, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o700)
    link = shared / "clinic.db"
    link.symlink_to(desk.settings.database_path)
    desk.settings.database_path.chmod(0o666)
    with pytest.raises(Unreachable, match="written by other accounts"):
        open_desk(replace(desk.settings, database=str(link)), login="mlopez")

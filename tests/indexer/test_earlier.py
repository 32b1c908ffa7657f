"""A library of an earlier version is read unchanged, and its next job continues it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from search import cli, wiring
from search.catalog import migrations
from search.library import verifying
from search.model import MELODY_SPACE, ClipPart, NotesPart, Query
from search.settings import Settings
from tests.search import earlier

CUT = ("truncated: the header says 16,000 bytes of sound, only 11,956 are there",)
NEWEST = max(file.name[1:5] for file in Path(migrations.__file__).parent.glob("versions/v*.py"))


def opened(folder: Path, *, read_only: bool = False):
    return wiring.library(folder, Settings.from_env({}), read_only=read_only, create=False)


def migrated_to(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(revision)


def facts(folder: Path, *, read_only: bool = False) -> dict[str, tuple[int, tuple[str, ...], bool]]:
    """Id, warnings and kind of each clip; what is like one is found, and a tune by its notes."""
    with opened(folder, read_only=read_only) as library:
        clips = library.reader.clips(range(1, 20))
        (tone,) = (clip.id for clip in clips if clip.path == "tones/0.wav")
        hits = library.search(Query((ClipPart(tone),), k=20)).hits
        assert len(hits) == earlier.TONES_0007
        assert len(library.view().of(MELODY_SPACE)) == 1
        assert library.search(Query((NotesPart("C4 D4 E4 F4 G4 A4 G4 F4"),))).verdict in ("none", "weak", "good")
        return {clip.path: (clip.id, clip.warnings, clip.notes) for clip in clips}


def test_a_library_at_migration_0007_is_read_as_it_is_where_nobody_may_write(tmp_path: Path) -> None:
    """Sounds, warnings and the tune are there; nothing is changed."""
    folder = earlier.unpack_0007(tmp_path)
    before = (folder / "catalog.sqlite").read_bytes()
    clips = facts(folder, read_only=True)
    assert len(clips) == earlier.TONES_0007 + 2
    assert clips["cut.wav"][1] == CUT
    assert [path for path, (_, _, notes) in clips.items() if notes] == ["tune.mid"]
    assert (folder / "catalog.sqlite").read_bytes() == before


def test_a_library_at_migration_0007_moves_on_with_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its files lie elsewhere now: relocated and indexed, it has the same clips at the newest migration."""
    monkeypatch.setenv("SOUNDALIKE_ENCODER", "spectral")
    folder, sounds = earlier.unpack_0007(tmp_path), tmp_path / "sounds"
    earlier.write_sounds(sounds)
    before = facts(folder, read_only=True)
    assert migrated_to(folder) == "0007"
    assert cli.main(["relocate", earlier.FOLDER_0007, str(sounds), "--library", str(folder)]) == 0
    capsys.readouterr()
    assert cli.main(["index", str(sounds), "--library", str(folder), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (summary["unchanged"], summary["indexed"], summary["missing"], summary["failed"]) == (len(before), 0, 0, [])
    assert facts(folder) == before
    assert migrated_to(folder) == NEWEST
    with opened(folder) as library:
        assert verifying.verify(library) == []
        assert [root.path for root in library.roots()] == [str(sounds)]

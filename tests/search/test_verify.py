"""`verify` reports no false result: every kind of snapshot, byte by byte and against the catalog; remedies work."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search import wiring
from search.cli import main
from search.errors import LibraryBusy, LibraryError
from search.library import leasing, maintenance, publishing, verifying
from search.library.library import Library
from search.model import MELODY_SPACE, ClipPart, NotesPart, Query
from search.overview.duplicates import stored as duplicates
from search.overview.maps import drawing
from search.overview.maps import stored as maps
from search.settings import Settings
from search.snapshots.snapshot import MANIFEST, digest_of
from tests.amounts import few
from tests.disks import mounted
from tests.search import earlier

PARTS = {
    publishing.INDEX: "spectral",
    publishing.COLUMNS: MELODY_SPACE,
    publishing.CONTOURS: MELODY_SPACE,
    publishing.NEIGHBOURHOODS: "spectral",
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound library with every kind of snapshot, which nobody changes."""
    folder = earlier.unpack(tmp_path_factory.mktemp("sound"))
    for command in ("reindex", "duplicates"):
        assert main([command, "--library", str(folder)]) == 0
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(sound, tmp_path / "library")
    return tmp_path / "library"


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    with opened(folder) as library:
        yield library


@pytest.fixture(autouse=True)
def plain_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Maps are laid out by two of the dimensions: UMAP compiles itself for most of a minute."""
    monkeypatch.setattr(drawing, "laid_out", lambda vectors, progress: vectors[:, :2].copy())


def opened(folder: Path) -> Library:
    return wiring.library(folder, Settings.from_env({"SOUNDALIKE_DEVICE": "cpu"}))


def newest(library: Library, part: str) -> Path:
    folder = library.spaces.folder(library.spaces.get(PARTS[part])) / part
    return max(folder.iterdir(), key=lambda entry: int(entry.name))


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 4
    file.write_bytes(data)


def heal(folder: Path, problem: str) -> None:
    """Do what a line of `verify` says."""
    said = re.search(r"soundalike ((?:\w+)(?: --again)?)", problem)
    assert said is not None, problem
    assert main([*said.group(1).split(), "--library", str(folder)]) == 0


def test_a_library_of_an_earlier_version_opens_without_encoding(tmp_path: Path) -> None:
    """It is sound, sounds and tunes are found, and what it has in an earlier form is replaced when it is published."""
    folder = earlier.unpack(tmp_path)
    with opened(folder) as library:
        assert verifying.verify(library) == []
        assert len(library.search(Query((ClipPart(5),), k=200)).hits) == earlier.SOUNDS - 1
        assert library.search(Query((NotesPart("C4 D4 E4 F4 G4 A4 G4 F4"),))).verdict in ("none", "weak", "good")
        assert library.duplicates.groups().sequence == 0, "these were found by listening less closely"
        assert library.maps.read() is not None
        for space in library.reader.spaces():
            with library.writer.lease("test", wait_s=5) as lease:
                assert library.publisher.publish(space, lease), "what was never published in this form is published"
                assert not library.publisher.publish(space, lease)
        assert verifying.verify(library) == []
    for part in (publishing.COLUMNS, publishing.CONTOURS):
        for entry in folder.glob(f"spaces/*/{part}/*"):
            assert not entry.name.startswith("0")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("step", few([12, 5]))
def test_a_changed_bit_in_any_file_is_named_and_the_remedy_heals_it(folder: Path, part: str, step: int) -> None:
    """Every file of every kind of snapshot; the line says which folder, and a command that makes it sound again."""
    with opened(folder) as library:
        for file in sorted(newest(library, part).iterdir())[::step]:
            whole = file.read_bytes()
            flip(file)
            problems = verifying.verify(library)
            assert any(str(file.parent) in problem for problem in problems), (file, problems)
            file.write_bytes(whole)
        assert verifying.verify(library) == []
        flip(max(newest(library, part).iterdir(), key=lambda file: file.stat().st_size))
        problems = verifying.verify(library)
    heal(folder, problems[0])
    assert main(["verify", "--library", str(folder)]) == 0


@pytest.mark.parametrize("name", ["duplicates.npz", "map.npz"])
def test_a_damaged_single_file_is_named_and_the_remedy_heals_it(folder: Path, name: str) -> None:
    """Cut, changed or emptied: it reads as if it had never been made, and verify says so."""
    (file,) = folder.rglob(name)
    whole = file.read_bytes()
    for harm in (whole[:-1], b"", whole[: len(whole) // 2] + b"x" + whole[len(whole) // 2 + 1 :]):
        file.write_bytes(harm)
        with opened(folder) as library:
            (problem,) = verifying.verify(library)
            assert str(file) in problem
            assert (library.maps.read() is None) == (name == "map.npz")
    heal(folder, problem)
    assert main(["verify", "--library", str(folder)]) == 0


def change_first(file: Path) -> None:
    """Change the first value of an array's file."""
    values = np.load(file) if file.suffix == ".npy" else np.fromfile(file, "<f2" if file.suffix == ".f16" else "<i2")
    flat = values.reshape(-1)
    if file.suffix == ".f16":
        flat[0] *= -1  # vectors stay of unit length
    else:
        flat[0] = flat[0] ^ 1 if flat.dtype == np.uint8 else flat[0] + 1
    if file.suffix == ".npy":
        np.save(file, values)
    else:
        values.tofile(file)


WRONG = [
    (publishing.INDEX, "vectors.f16", "another vector for 1 segments, the first is"),
    (publishing.COLUMNS, "base_title_blob.npy", "catalog have different titles"),
    (publishing.CONTOURS, "cents.i2", "different tunes of content"),
    (publishing.NEIGHBOURHOODS, "similarities.npy", "does not match the vectors"),
    (publishing.INDEX, "ids.npy", "the index lacks 1 segments"),
    (publishing.COLUMNS, "base_duration_s.npy", "a different duration_s for 1 clips"),
    (publishing.COLUMNS, "base_clip_ids.npy", "the columns lack 1 clips"),
    (publishing.COLUMNS, "base_spans.npy", "catalog have different segments"),
    (publishing.CONTOURS, "tune.npy", "different tunes of content"),
    (publishing.NEIGHBOURHOODS, "smoothed.f16", "does not match the vectors"),
    (publishing.NEIGHBOURHOODS, "ids.npy", "segments that are not among them"),
]


@pytest.mark.parametrize(("part", "name", "said"), few(WRONG, 4))
def test_what_does_not_say_what_the_catalog_says_is_named(folder: Path, part: str, name: str, said: str) -> None:
    """Whole files, right digests, wrong facts: as a defect of the one who wrote them would leave them."""
    with opened(folder) as library:
        place = newest(library, part)
    change_first(place / name)
    manifest = json.loads((place / MANIFEST).read_text())
    manifest["files"][name] = {"size_bytes": (place / name).stat().st_size, "digest": digest_of(place / name)}
    (place / MANIFEST).write_text(json.dumps(manifest))
    with opened(folder) as library:
        problems = verifying.verify(library)
        assert any(said in problem for problem in problems), problems
        assert all("soundalike reindex" in problem for problem in problems)
    heal(folder, problems[0])
    assert main(["verify", "--library", str(folder)]) == 0


@pytest.mark.parametrize("part", PARTS)
def test_a_snapshot_from_after_the_catalog_is_named(folder: Path, part: str) -> None:
    """As when an older copy of the catalog was put in its place by hand."""
    with opened(folder) as library:
        place = newest(library, part)
    later = place.with_name(str(int(place.name) + 1000))
    place.rename(later)
    manifest = (later / MANIFEST).read_text()
    (later / MANIFEST).write_text(manifest.replace(f'"sequence": {place.name},', f'"sequence": {later.name},'))
    with opened(folder) as library:
        problems = verifying.verify(library)
    assert any(later.name in problem for problem in problems), problems
    heal(folder, problems[0])
    assert main(["verify", "--library", str(folder)]) == 0


def test_facts_about_contents_that_the_catalog_does_not_have_are_named(folder: Path) -> None:
    """Pairs and places of contents that are not there, and such as were found after the catalog ends."""
    with opened(folder) as library:
        pairs, file = duplicates.read_or_raise(folder), duplicates.PairsFile(folder)
        assert pairs is not None
        at = library.catalog.sequence()
        space = library.spaces.folder(library.spaces.get("spectral"))
        drawn = maps.read_or_raise(space)
        assert drawn is not None
        for sequence, said in ((at, "contents that are not in the catalog"), (at + 7, f"is at sequence {at + 7}")):
            file.write(replace(pairs, sequence=sequence, longer=pairs.longer + 5000))
            maps.write(space, replace(drawn, sequence=sequence, content_ids=drawn.content_ids + 5000))
            problems = verifying.verify(library)
            assert [said in problem for problem in problems] == [True, True], problems
    for problem in problems:
        heal(folder, problem)
    assert main(["verify", "--library", str(folder)]) == 0


def test_who_writes_duplicates_or_the_map_holds_the_lease(
    library: Library, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While another writes, both say who, and leave the files as they were; so do the commands."""
    monkeypatch.setattr(leasing, "WAIT_S", 0.0)
    files = sorted(library.path.rglob("*.npz"))
    before = [file.read_bytes() for file in files]
    with library.writer.lease("somebody else", wait_s=5):
        for job in (library.duplicates.find, library.maps.draw):
            with pytest.raises(LibraryBusy, match="somebody else"):
                job()
        for command in ("duplicates", "map"):
            assert main([command, "--library", str(library.path)]) != 0
            assert "somebody else" in capsys.readouterr().err
        assert main(["duplicates", "--known", "--library", str(library.path)]) == 0
    assert [file.read_bytes() for file in files] == before
    holders = []

    def progress(done: int, total: int) -> None:
        with pytest.raises(LibraryBusy) as caught, library.writer.lease("late", wait_s=0):
            pass
        holders.append(str(caught.value))

    library.duplicates.find(progress, again=True)
    library.maps.draw(progress=progress, anew=True)
    assert any("duplicates" in holder for holder in holders)
    assert any("map" in holder for holder in holders)


def test_a_failed_backup_leaves_nothing(library: Library, tmp_path: Path) -> None:
    """On a disk that is too small for it; and a backup that is there is not touched."""
    with mounted(tmp_path / "small", "100k") as disk:
        (disk / "other").write_text("stays")
        with pytest.raises(LibraryError):
            maintenance.backup(library, disk / "backup.sqlite")
        assert [entry.name for entry in disk.iterdir()] == ["other"]
    maintenance.backup(library, tmp_path / "backup.sqlite")
    assert [entry.name for entry in tmp_path.glob("*backup*")] == ["backup.sqlite"]


def test_reindex_makes_retired_spaces_sound_too(folder: Path) -> None:
    """Their snapshots are searched while their contents wait to be encoded again."""
    with opened(folder) as library:
        space = library.spaces.get(MELODY_SPACE)
        with library.writer.lease("test", wait_s=5) as lease:
            maintenance.retire(library, space, lease)
        flip(max((library.spaces.folder(space) / publishing.COLUMNS).iterdir()) / "base_added.npy")
        (problem,) = verifying.verify(library)
        with library.writer.lease("test", wait_s=5) as lease:
            for one in library.reader.spaces():
                maintenance.rebuild(library, one, lease)
        assert verifying.verify(library) == []
    assert "soundalike reindex" in problem

"""A library whose folders moved keeps its clips, and all data that people attached to them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from indexer.job import index
from indexer.model import Options, Summary
from indexer.relocating import relocate
from search.errors import UsageError
from search.model import DescribeClip, Feedback, MoveRoot, TakeOutClip
from tests.indexer.conftest import Bench, write_tone

WINDOWS = "C:\\Users\\me\\Sounds"


@pytest.fixture
def filled(bench: Bench) -> Bench:
    """Six clips at sounds/old, of which one is liked, and one has a title that somebody gave it."""
    for number, name in enumerate(("a.wav", "b.wav", "x/a.wav", "x/b.wav", "x/y/c.wav", "ü.wav")):
        write_tone(bench.sounds / "old" / name, 300 + 60 * number, seconds=0.3)
    bench.index(bench.sounds / "old")
    clips, catalog = bench.clips(), bench.library.catalog
    catalog.feedback.add("me", [Feedback(clips["a.wav"].id, "like")])
    with catalog.lease("test", 0) as lease:
        catalog.apply(lease, [DescribeClip(clips["b.wav"].id, "my title", {"tags": "mine"})])
    return bench


def ids(bench: Bench) -> dict[str, int]:
    return {path: clip.id for path, clip in bench.clips().items()}


def say(bench: Bench, old: str, new: str) -> int:
    catalog = bench.library.catalog
    with catalog.lease("test", 0) as lease:
        return relocate(catalog, lease, catalog.roots(), old, new)


def roots(bench: Bench) -> list[str]:
    return [root.path for root in bench.library.roots()]


@pytest.mark.parametrize("into", ["new", "mount/old"])
def test_a_folder_that_moved_is_followed_by_indexing_it(filled: Bench, into: str) -> None:
    """After mv old new, index new: the same clips, ids, titles and likes; none twice, nothing read or encoded."""
    before, encoded = ids(filled), len(filled.encoder.passes)
    (filled.sounds / into).parent.mkdir(exist_ok=True)
    (filled.sounds / "old").rename(filled.sounds / into)

    summary = filled.index(filled.sounds / into.split("/", maxsplit=1)[0])

    assert (summary.unchanged, summary.indexed, summary.linked, summary.missing, summary.failed) == (6, 0, 0, 0, ())
    assert ids(filled) == before
    assert (filled.clips()["b.wav"].title, filled.clips()["b.wav"].metadata) == ("my title", {"tags": "mine"})
    assert roots(filled)[0] == str(filled.sounds / into)
    assert len(filled.encoder.passes) == encoded
    assert "6 clips" in filled.notes.notes[0]


def test_who_says_no_has_both(filled: Bench) -> None:
    """On a terminal it is asked; after a no the folder is one of its own."""
    (filled.sounds / "old").rename(filled.sounds / "new")
    options = Options(workers=1)

    def no(question: str, *, otherwise: bool) -> bool:
        assert otherwise
        assert "Did that folder move?" in question
        return False

    index(filled.library, filled.encoder, [str(filled.sounds / "new")], options, filled.notes, confirm=no)

    assert roots(filled) == [str(filled.sounds / "old"), str(filled.sounds / "new")]


def test_a_copy_and_a_folder_of_other_files_are_no_moves(filled: Bench) -> None:
    """While the old folder is there a copy is a copy; equal names with other bytes are other files."""
    shutil.copytree(filled.sounds / "old", filled.sounds / "copy")
    assert filled.index(filled.sounds / "copy").linked == 6
    shutil.rmtree(filled.sounds / "old")
    for number, name in enumerate(ids(filled)):
        write_tone(filled.sounds / "other" / name, 2_000 + 60 * number, seconds=0.3)

    assert filled.index(filled.sounds / "other").indexed == 6


def test_a_library_that_has_every_clip_twice_is_mended(filled: Bench) -> None:
    """What an older version made of a move: after relocate each clip is there once, with the id that people know."""
    before = ids(filled)
    shutil.copytree(filled.sounds / "old", filled.sounds / "new")
    filled.index(filled.sounds / "new")
    shutil.rmtree(filled.sounds / "old")

    assert say(filled, str(filled.sounds / "old"), str(filled.sounds / "new")) == 6

    assert (ids(filled), roots(filled)) == (before, [str(filled.sounds / "new")])
    assert filled.index(filled.sounds / "new").unchanged == 6
    assert filled.library.catalog.verify() == []


def test_roots_of_windows_are_known_on_another_system(filled: Bench) -> None:
    """A library from a drive C: is used where that is mounted: told, or recognised by its files."""
    before, root = ids(filled), filled.library.roots()[0]
    catalog = filled.library.catalog
    for by_hand in (True, False):
        with catalog.lease("test", 0) as lease:
            catalog.apply(lease, [MoveRoot(root.id, WINDOWS)])
        if by_hand:
            assert say(filled, "c:/users/ME", str(filled.sounds)) == 6
            assert roots(filled) == [str(filled.sounds / "Sounds")]
        else:
            summary = filled.index(filled.sounds / "old")
            assert (summary.unchanged, roots(filled), ids(filled)) == (6, [str(filled.sounds / "old")], before)


def test_a_folder_above_and_one_inside_of_a_root_move_too(filled: Bench) -> None:
    """OLD may be above roots (a mount) or below one (a folder of it); what is outside of it stays."""
    before = ids(filled)
    assert say(filled, str(filled.sounds), "/mnt/elsewhere") == 6
    assert roots(filled) == ["/mnt/elsewhere/old"]
    assert say(filled, "/mnt/elsewhere/", str(filled.sounds)) == 6
    (filled.sounds / "old" / "x").rename(filled.sounds / "moved")

    assert say(filled, str(filled.sounds / "old" / "x"), str(filled.sounds / "moved")) == 3

    after: dict[str, int] = {}
    for clip in filled.library.catalog.clips(list(before.values())):
        after[os.path.relpath(clip.absolute_path, filled.sounds)] = clip.id
    assert after["moved/y/c.wav"] == before["x/y/c.wav"]
    assert after["old/a.wav"] == before["a.wav"]
    assert all(Path(clip.absolute_path).exists() for clip in filled.library.catalog.clips(list(before.values())))


def slowed(bench: Bench) -> Path:
    """A folder of two sounds that are played at a tenth of their speed."""
    folder = bench.sounds / "bats"
    for number in range(2):
        write_tone(folder / "in" / f"{number}.wav", 1_000 + 60 * number, seconds=0.3)
    bench.index(folder, options=Options(workers=1, speed=0.1))
    return folder


def speeds(bench: Bench) -> dict[str, float]:
    return {Path(root.path).name: root.speed for root in bench.library.roots()}


def test_a_folder_keeps_its_speed_wherever_it_moves(filled: Bench) -> None:
    """Followed by indexing, said by relocate, or only a folder of it: what is in it is played as it was."""
    folder = slowed(filled)
    folder.rename(filled.sounds / "moved")
    assert filled.index(filled.sounds / "moved").unchanged == 2
    assert speeds(filled) == {"old": 1.0, "moved": 0.1}
    say(filled, str(filled.sounds / "moved" / "in"), str(filled.sounds / "inside"))
    assert speeds(filled) == {"old": 1.0, "moved": 0.1, "inside": 0.1}


def test_folders_of_two_speeds_do_not_become_one(filled: Bench) -> None:
    """Refused with what to do, for a whole folder and for a part; done that, the speed is that of what came."""
    folder, before = slowed(filled), filled.sounds / "old"
    for old, new in ((folder, before), (before / "x", folder / "x")):
        with pytest.raises(UsageError, match=r"speed (0\.1|1), .* at (0\.1|1); first remove .*: soundalike remove"):
            say(filled, str(old), str(new))
    assert (speeds(filled), len(ids(filled))) == ({"old": 1.0, "bats": 0.1}, 8)
    catalog = filled.library.catalog
    with catalog.lease("test", 0) as lease:
        catalog.apply(lease, [TakeOutClip(clip_id) for path, clip_id in ids(filled).items() if "in/" not in path])
    assert say(filled, str(folder), str(before)) == 2
    assert speeds(filled) == {"old": 0.1}
    assert catalog.verify() == []


def test_a_place_where_nothing_was_is_wrong_use(filled: Bench) -> None:
    """The error names the folders that there are."""
    with pytest.raises(UsageError, match=r"its folders: .*old"):
        say(filled, "/nowhere", "/elsewhere")


def test_index_takes_the_two_places_as_an_option(filled: Bench) -> None:
    """--relocate OLD NEW before the first look: nothing is guessed."""
    (filled.sounds / "old").rename(filled.sounds / "new")
    places = ((str(filled.sounds / "old"), str(filled.sounds / "new")),)
    summary: Summary = filled.index(filled.sounds / "new", options=Options(workers=1, relocate=places))

    assert (summary.unchanged, len(ids(filled)), filled.notes.notes) == (6, 6, [])

"""Saved searches: stored with their sounds, run again, and their hits among new sounds."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import soundalike
from search import cli
from search.catalog.store import Catalog
from search.errors import LibraryError, QueryError
from search.library import saving
from search.library.following import Follower
from search.model import DescribeClip, Mark, NewSearch, SavedMatch, TakeOutClip
from tests.search.catalog_helpers import new_catalog

OLD = Path(__file__).parents[1] / "data" / "library_0012.tar.xz"
WORDS = NewSearch("words", '{"parts": [{"text": "bell"}]}')


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(new_catalog(tmp_path)) as catalog:
        yield catalog


def match(search_id: int, clip_id: int, *, probability: float | None = 0.9) -> SavedMatch:
    return SavedMatch(0, search_id, clip_id, 0.0, 1.0, 0.5, probability)


# --- the store ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("kind")
def test_searches_have_names_of_their_own_and_keep_their_sounds(catalog):
    store = catalog.searches
    saved = store.add(replace(WORDS, name=" some  doors ", sounds=(b"one", b"two"), webhook="http://x", secret="s"))
    assert (saved.name, saved.mark, saved.unseen) == ("some doors", Mark(0, 0, 0), 0)
    assert [store.sound(saved.id, place) for place in range(3)] == [b"one", b"two", None]
    assert store.all() == [saved]
    other = store.add(WORDS)
    for name, why in (("some doors", "already"), ("  ", "1 to 200"), ("x" * 201, "1 to 200"), ("\ud800", "UTF-8")):
        with pytest.raises(QueryError, match=why):
            store.add(replace(WORDS, name=name))
        with pytest.raises(QueryError, match=why):
            store.change(replace(other, name=name))
    for least in (0.0, 1.5, float("nan")):
        with pytest.raises(QueryError, match="above 0 and at most 1"):
            store.change(replace(other, least=least))
    with pytest.raises(QueryError, match="8 MB"):
        store.add(replace(WORDS, name="large", sounds=(bytes((8 << 20) + 1),)))
    assert store.change(replace(other, name="others", least=0.7, webhook="https://y", secret="t"))
    changed = store.all()[0]
    assert (changed.name, changed.least, changed.webhook, changed.secret) == ("others", 0.7, "https://y", "t")
    assert not store.change(replace(other, id=99, name="z"))
    assert "secret=" not in repr(changed)
    assert store.remove(saved.id)
    assert not store.remove(saved.id)
    assert store.sound(saved.id, 0) is None


@pytest.mark.usefixtures("kind")
def test_matches_are_kept_once_by_whoever_looked_first_and_seen_one_by_one(catalog):
    search = catalog.searches.add(WORDS)
    first = catalog.matches.keep(search, Mark(5, 2, 2), [match(search.id, 1), match(search.id, 2, probability=None)])
    assert catalog.matches.keep(search, Mark(6, 3, 3), [match(search.id, 3)]) == []
    (now,) = catalog.searches.all()
    assert (now.mark, now.unseen) == (Mark(5, 2, 2), 2)
    again = catalog.matches.keep(now, Mark(8, 2, 4), [match(search.id, 2, probability=0.6)])
    assert again[0].id > first[1].id
    assert [(one.clip_id, one.probability) for one in catalog.matches.list([search.id])] == [(1, 0.9), (2, 0.6)]
    assert catalog.matches.see(search.id, up_to=first[0].id) == 1
    assert [one.clip_id for one in catalog.matches.list(unseen=True)] == [2]
    assert catalog.matches.list(after=again[0].id) == catalog.matches.list([]) == []
    assert catalog.matches.see(search.id) == 1
    assert catalog.searches.all()[0].unseen == 0
    catalog.matches.fail(now, "no such encoder")
    assert catalog.searches.all()[0].trouble == "no such encoder"


def test_the_newest_matches_alone_are_remembered(catalog, monkeypatch):
    monkeypatch.setattr("search.catalog.searches.MAX_MATCHES", 4)
    search = catalog.searches.add(WORDS)
    catalog.matches.keep(search, Mark(5, 9, 9), [match(search.id, clip) for clip in range(1, 7)])
    assert [one.clip_id for one in catalog.matches.list([search.id])] == [3, 4, 5, 6]


def test_a_library_of_before_has_none_until_it_is_written_to(tmp_path):
    with tarfile.open(OLD) as archive:
        archive.extractall(tmp_path, filter="data")
    with soundalike.open_library(tmp_path / "library", read_only=True) as library:
        assert library.searches.all() == library.matches.list() == []
        assert library.searches.sound(1, 0) is None
        with pytest.raises(LibraryError):
            library.searches.add(WORDS)
    with soundalike.open_library(tmp_path / "library") as library:
        saved = library.searches.add(WORDS)
        assert (saved.mark.clip_id, saved.mark.content_id) == (3, 3)


# --- what is new ----------------------------------------------------------------------------------------------

RATE = 8000


def tone(folder: Path, name: str, frequency: float) -> Path:
    path = folder / f"{name}.wav"
    time_s = np.arange(RATE) / RATE
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * frequency * time_s), RATE)
    return path


def index(folder: Path) -> None:
    assert cli.main(["index", str(folder), "--library", str(folder.parent / "library"), "--encoder", "spectral"]) == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two sounds, and a library of it."""
    folder = tmp_path_factory.mktemp("saved") / "sounds"
    folder.mkdir()
    for name, frequency in (("bell", 880.0), ("buzz", 110.0)):
        tone(folder, name, frequency)
    index(folder)
    return folder


@pytest.fixture
def sounds(made: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    shutil.copytree(made.parent, tmp_path / "own")
    with Catalog.open(tmp_path / "own" / "library" / "catalog.sqlite") as catalog:
        catalog.move_root(1, str(tmp_path / "own" / "sounds"))
    return tmp_path / "own" / "sounds"


def commanded(sounds: Path, capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    status = cli.main([*map(str, arguments), "--library", str(sounds.parent / "library")])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_what_comes_is_told_once_by_command(sounds, capsys, tmp_path):
    """By words and by a sound, whose file is gone by then; what is there already, and what is unlike, is not."""

    def run(*arguments):
        return commanded(sounds, capsys, *arguments)

    example = tone(tmp_path, "example", 880.0)
    assert run("searches", "save", "bells", "bell")[0] == 0
    assert run("searches", "save", "like it", "--audio", example, "--least", "0.9")[0] == 0
    example.unlink()
    assert run("watch", "--once") == (0, "", "")
    tone(sounds, "little bell", 1500.0)
    tone(sounds, "high", 880.0)
    tone(sounds, "low", 60.0)
    index(sounds)
    printed = [json.loads(line) for line in run("watch", "--once", "--json", "--leave")[1].splitlines()]
    assert {(one["search"], one["title"]) for one in printed} == {("bells", "little bell"), ("like it", "high")}
    assert Path(printed[0]["path"]).is_file()
    assert run("searches", "list")[1].splitlines() == ["     1 new  bells", "     1 new  like it"]
    assert "little bell.wav" in run("watch", "bells", "--once")[1]
    assert run("watch", "bells", "--once")[1] == ""
    titles = [hit["title"] for hit in json.loads(run("searches", "run", "like it", "--json")[1])["hits"]]
    assert set(titles[:2]) == {"bell", "high"}
    assert run("searches", "list")[1].splitlines() == ["     0 new  bells", "     0 new  like it"]


def test_a_changed_sound_is_new_and_a_changed_tag_is_not(sounds, capsys):
    """Its content is another; what was called or tagged otherwise was there before."""
    with soundalike.open_library(sounds.parent / "library") as library:
        saved = soundalike.save_search(library, "buzzes", soundalike.Query((soundalike.TextPart("buzz"),)))
        clip = next(clip for clip in library.reader.clips([1, 2]) if clip.title == "buzz")
        with library.writer.lease("test", wait_s=5) as lease:
            library.writer.apply(lease, [DescribeClip(clip.id, "buzz", {}, ("loud",))])
        assert soundalike.new_matches(library, saved) == []
    tone(sounds, "buzz", 140.0)
    index(sounds)
    with soundalike.open_library(sounds.parent / "library") as library:
        (saved,) = library.searches.all()
        assert [one.clip_id for one in soundalike.new_matches(library, saved)] == [clip.id]


def test_they_are_renamed_changed_deleted_and_travel_in_a_backup(sounds, capsys, tmp_path):
    def run(*arguments):
        return commanded(sounds, capsys, *arguments)

    saved = json.loads(run("searches", "save", "a", "bell", "--where", "duration_s < 5", "-k", "3", "--json")[1])
    assert saved["query"] == {
        "parts": [
            {
                "text": "bell",
            }
        ],
        "k": 3,
        "where": "duration_s < 5",
    }
    assert run("searches", "save", "a", "bell")[0] == 2
    assert json.loads(run("searches", "rename", "a", "b", "--json")[1])["name"] == "b"
    hooked = json.loads(run("searches", "change", "b", "--webhook", "http://127.0.0.1:1/x", "--json")[1])
    assert len(hooked["secret"]) == 64
    assert run("searches", "change", "b")[0] == run("searches", "change", "b", "--webhook", "ftp://x")[0] == 2
    assert run("backup", tmp_path / "copy.sqlite")[0] == 0
    assert run("searches", "save", "c", "bell")[0] == 0
    assert json.loads(run("searches", "delete", "c", "--json")[1])["deleted"] is True
    assert run("searches", "delete", "b")[1] == "b: deleted\n"
    assert run("searches", "run", "b")[0] == run("watch", "b")[0] == run("watch")[0] == 2
    assert run("restore", tmp_path / "copy.sqlite")[0] == 0
    (restored,) = json.loads(run("searches", "list", "--json")[1])
    assert (restored["name"], restored["webhook"]) == ("b", "http://127.0.0.1:1/x")
    assert run("watch", "--once") == (0, "", "")


def test_a_search_that_cannot_be_asked_says_why_until_it_can(sounds, capsys):
    """Its example is gone; its space is gone. What came meanwhile is found once it can be asked."""
    with soundalike.open_library(sounds.parent / "library") as library:
        gone = soundalike.save_search(library, "gone", soundalike.Query((soundalike.ClipPart(1),)))
        lost = library.searches.add(NewSearch("lost", '{"parts": [{"text": "bell"}], "space": "clap"}'))
        with library.writer.lease("test", wait_s=5) as lease:
            library.writer.apply(lease, [TakeOutClip(1)])
    tone(sounds, "bell 2", 700.0)
    index(sounds)
    status, out, err = commanded(sounds, capsys, "watch", "--once")
    assert (status, out) == (1, "")
    assert "gone: no clip has the id 1" in err
    assert "lost: " in err
    with soundalike.open_library(sounds.parent / "library") as library:
        library.searches.remove(gone.id)
        saved = next(one for one in library.searches.all() if one.name == "lost")
        assert saved.mark == lost.mark
        fixed = replace(saved, question='{"parts": [{"text": "bell"}]}')
        assert len(soundalike.new_matches(library, fixed)) == 1
        assert library.searches.all()[0].trouble == ""


def test_questions_are_kept_whole(sounds):
    """Each kind of part, weights, passages, aspects; a passage of a large file is cut out of it."""
    loud, long_file = sounds / "bell.wav", sounds.parent / "long.wav"
    soundfile.write(long_file, np.random.default_rng(1).uniform(-0.3, 0.3, 5_000_000), 48_000)
    parts = (
        soundalike.TextPart("bell", -0.5),
        soundalike.ClipPart(2, aspects=soundalike.Aspects(timbre=1.0), changes=("darker",)),
        soundalike.AudioPart(str(loud), 0.25, 0.75, 2.0, speed=0.5),
        soundalike.AudioPart(str(long_file), 10.0, 12.0),
        soundalike.HumPart(str(loud), 0.0, 0.5),
        soundalike.NotesPart("C4 D4 E4"),
        soundalike.SegmentPart(1),
    )
    question, kept = saving.question_of(soundalike.Query(parts, 7, collapse=True, language="en", recall=0.99))
    with soundalike.open_library(sounds.parent / "library") as library:
        saved = library.searches.add(NewSearch("all", json.dumps(question), kept))
        with saving.query_of(library, saved) as query:
            assert (query.k, query.collapse, query.language, query.recall) == (7, True, "en", 0.99)
            for before, after in zip(parts, query.parts, strict=True):
                path = {"path": before.path} if hasattr(before, "path") else {}
                cut = {"start_s": 10.0, "end_s": 12.0} if path.get("path") == str(long_file) else {}
                assert replace(after, **path, **cut) == before
            assert soundfile.info(query.parts[3].path).duration == 2.0
    with pytest.raises(QueryError, match=r"like long.wav#10-20"):
        saving.question_of(soundalike.Query((soundalike.AudioPart(str(long_file)),)))
    with pytest.raises(QueryError, match="cannot keep clips by their ids"):
        saving.question_of(soundalike.Query((soundalike.TextPart("bell"),), among=(1,)))
    with pytest.raises(QueryError, match="sound in a store"):
        saving.question_of(soundalike.Query((soundalike.AudioPart("s3://bucket/a.wav"),)))


def test_two_who_look_at_once_tell_of_each_match_once(sounds):
    with soundalike.open_library(sounds.parent / "library") as library:
        soundalike.save_search(library, "bells", soundalike.Query((soundalike.TextPart("bell"),)))
    tone(sounds, "bell 2", 700.0)
    index(sounds)
    with soundalike.open_library(sounds.parent / "library") as one, Follower(one) as first, Follower(one) as second:
        assert (len(first.look()), len(second.look())) == (1, 0)

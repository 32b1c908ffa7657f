"""The aspects in which hits are like an example, and how they differ from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

import soundalike
from benchmarks.quality import aspects as factorial
from benchmarks.quality import voices
from search.library.library import Library
from soundalike import Aspects, AudioPart, ClipPart, Query, QueryError
from tests.commandline import soundalike as command


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Two envelopes, two spectra and two pitches, each twice: "0_2_3_a" is struck, bright and at 370 Hz."""
    folder = tmp_path_factory.mktemp("aspects")
    (folder / "sounds").mkdir()
    rng = np.random.default_rng(1)
    for take in "ab":
        for levels in ((e, s, p) for e in (0, 2) for s in (0, 2) for p in (1, 3)):
            name = "_".join(map(str, levels))
            soundfile.write(folder / "sounds" / f"{name}_{take}.wav", factorial.sound(*levels, rng), factorial.RATE_HZ)
    with soundalike.open_library(folder / "library", create=True) as opened:
        soundalike.index(opened, [folder / "sounds"], encoder="spectral", facts=False)
        with pytest.raises(QueryError, match="facts --measure"):
            opened.search(Query((ClipPart(1, aspects=Aspects(timbre=1)),)))
        opened.facts.measure()
        yield opened


def clip_of(library: Library, title: str) -> int:
    return int(library.clips.ids(f"title = '{title}'")[0])


def titles(library: Library, part: object, k: int = 8, where: str | None = None) -> list[str]:
    return [hit.title for hit in library.search(Query((part,), k=k, where=where)).hits]


@pytest.mark.parametrize(("aspect", "place"), [("envelope", 0), ("timbre", 1), ("pitch", 2)])
def test_the_aspect_that_is_asked_for_decides(library: Library, aspect: str, place: int) -> None:
    """Of a clip, and of a file that is no clip; inside a filter, too."""
    clip_id = clip_of(library, "0_2_3_a")
    (clip,) = library.reader.clips([clip_id])
    weights = Aspects(**{aspect: 1.0})
    wanted = {"0_2_3"[2 * place]}
    for part in (ClipPart(clip_id, aspects=weights), AudioPart(clip.absolute_path, aspects=weights)):
        assert {title[2 * place] for title in titles(library, part, 7)} == wanted
    narrowed = titles(library, ClipPart(clip_id, aspects=weights), 3, "title ~ '_b'")
    assert all(title.endswith("b") and title[2 * place] in wanted for title in narrowed)


def test_the_same_thing_is_the_other_take(library: Library) -> None:
    """And a longer answer begins with the shorter one; scores go down, and lie from 0 to 1."""
    same = ClipPart(clip_of(library, "2_0_1_a"), aspects=Aspects.parse("same thing"))
    assert titles(library, same, 1) == ["2_0_1_b"]
    assert titles(library, same, 15)[:4] == titles(library, same, 4)
    scores = [hit.score for hit in library.search(Query((same,), k=16)).hits]
    assert scores == sorted(scores, reverse=True)
    assert 0 <= scores[-1] <= scores[0] <= 1.0001


def test_an_imitation_is_asked_by_its_course_and_leaves_plain_questions_alone(library: Library, tmp_path: Path) -> None:
    """What a voice makes of a sound finds sounds that rise and fall as it does; as plain audio it is ranked as ever."""
    rng = np.random.default_rng(5)
    wave = factorial.sound(0, 2, 3, rng)[:: factorial.RATE_HZ // voices.RATE_HZ]
    file = tmp_path / "pssht.wav"
    soundfile.write(file, voices.imitation(wave, voices.UNSEEN[0], rng), voices.RATE_HZ)
    plain = titles(library, AudioPart(str(file)), 16)
    imitated = titles(library, AudioPart(str(file), aspects=Aspects.parse("imitation")), 8)
    assert sum(title.startswith("0") for title in imitated[:4]) > sum(title.startswith("0") for title in plain[:4])
    ask = ("search", "--library", library.path, "--json", "-k", 8)
    asked = json.loads(command(*ask, "--imitate", file).stdout)
    assert [hit["title"] for hit in asked["hits"]] == imitated
    assert titles(library, AudioPart(str(file)), 16) == plain


def test_changes_are_heard(library: Library) -> None:
    example = clip_of(library, "2_2_3_a")
    facts = library.facts.of(library.clips.ids().tolist())
    for change, fact, is_more in (("darker", "centroid_hz", False), ("lower", "pitch_hz", False)):
        hits = library.search(Query((ClipPart(example, changes=(change,)),), k=16)).hits
        assert hits
        assert all((facts[hit.clip_id][fact] > facts[example][fact]) == is_more for hit in hits)
    with pytest.raises(QueryError, match="not a change"):
        titles(library, ClipPart(example, changes=("redder",)))
    assert titles(library, ClipPart(example, changes=("longer",))) == []


def test_what_makes_no_sense_is_refused(library: Library) -> None:
    for text in ("colour=1", "timbre=x", "timbre=-1", "timbre=0"):
        with pytest.raises(QueryError):
            Aspects.parse(text)
    with pytest.raises(QueryError, match="avoided"):
        library.search(Query((ClipPart(1), ClipPart(2, -1.0, Aspects(timbre=1)))))


def test_the_command_line_asks_by_aspects_and_changes(library: Library) -> None:
    where, example = ("--library", library.path, "--json"), clip_of(library, "0_2_3_a")
    asked = command("search", "--clip", example, "--aspects", "pitch=1", "-k", 7, *where)
    assert asked.returncode == 0, asked.stderr
    assert {hit["title"][4] for hit in json.loads(asked.stdout)["hits"]} == {"3"}
    lower = command("search", "--like", example, "--lower", *where)
    assert {hit["title"][4] for hit in json.loads(lower.stdout)["hits"]} == {"1"}
    assert command("search", "rain", "--darker", *where).returncode == 2

"""Every query of every library gives an answer or one of our errors, never another traceback.

Every pair of kinds of parts, each wanted or unwanted, in every sort of library that can come about; and every question
about a library as a whole.
"""

from __future__ import annotations

import functools
import itertools
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from search import wiring
from search.analysis.melody.contours import contour_of_notes
from search.analysis.melody.space import SPEC, encoding_of
from search.engine import tunes
from search.errors import AudioError, QueryError
from search.library.library import Library
from search.model import (
    MELODY_SPACE,
    AddContent,
    AudioEncoding,
    AudioPart,
    ClipPart,
    Content,
    ContentEncoding,
    EncoderSpec,
    FileFacts,
    HumPart,
    NotesPart,
    Query,
    RecommendQuery,
    RemoveClip,
    SegmentPart,
    TextPart,
)
from search.ports import Encoder
from search.settings import Settings
from tests.amounts import few
from tests.search.libraries import Entry, ToyEncoder, axis, fill, settings, spec
from tests.search.melodies import curve_of, tune, voice

READS = spec(can_text=True)
OTHER = spec(name="other", fingerprint="e" * 64, dim=4)
TAGGED = spec(vocabulary=("dog", "horn", "rain"))
SOUNDS = [
    Entry("band1 horn.wav", np.stack([axis(1), axis(0)])),
    Entry("band2 dog.wav", np.stack([axis(2)]), bytes_=b"dog"),
    Entry("band2 dog again.wav", np.stack([axis(2)]), bytes_=b"dog"),
]
LIBRARIES = ("empty", "words", "tags", "plain", "emptied", "tunes alone", "tunes beside", "no windows", "two spaces")


def add_tunes(library: Library, counts: tuple[int, ...] = (80, 80)) -> None:
    """MIDI files of so many notes each; of too few notes no tune is kept."""
    space, root = library.writer.space(SPEC), library.writer.root("/tunes")
    with library.writer.lease("test", wait_s=5) as lease:
        for number, count in enumerate(counts):
            contours = [contour_of_notes(tune(number, count))] if count else []
            content = Content(f"{number:064}", 20.0, 0, 0, "MIDI", "")
            facts = FileFacts(f"band1 tune {number}.mid", 1000, 1)
            changes = [AddContent(root.id, facts, content, f"tune {number}", {}, space.id, encoding_of(contours))]
            library.writer.apply(lease, changes)
        library.publisher.publish(space, lease, always=True)


def remove_all(library: Library) -> None:
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, [RemoveClip(clip.id) for clip in library.reader.clips(range(1, 10))])


def add_space(library: Library) -> None:
    """A second space, of another dimension, in which one of the contents has vectors."""
    space, root = library.writer.space(OTHER), library.writer.root("/sounds")
    content = library.catalog.contents([1])[1]
    encoding = ContentEncoding(np.array([[0.0, 1.0]]), np.eye(1, 4, dtype=np.float16), np.zeros(1, bool))
    with library.writer.lease("test", wait_s=5) as lease:
        facts = FileFacts(SOUNDS[0].path, 1000, 1)
        library.writer.apply(lease, [AddContent(root.id, facts, content, "horn", {}, space.id, encoding)])
        library.publisher.publish(space, lease, always=True)


class NarrowEncoder(ToyEncoder):
    """The first four bands of the eight."""

    def encode_audio(self, waves):
        vectors = super().encode_audio(waves).vectors[:, :4] + 1e-6
        return AudioEncoding(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def load(facts: EncoderSpec, name: str, _settings: Settings) -> Encoder:
    return NarrowEncoder(OTHER) if name == OTHER.name else ToyEncoder(facts)


def made(name: str, folder: Path) -> Library:
    facts = {"words": READS, "tags": TAGGED, "tunes beside": READS}.get(name, spec())
    library = wiring.library(folder, settings(folder), load_encoder=partial(load, facts), create=True)
    if name not in ("empty", "tunes alone"):
        fill(library, SOUNDS, facts)
    match name:
        case "emptied":
            remove_all(library)
        case "tunes alone" | "tunes beside":
            add_tunes(library)
        case "no windows":
            add_tunes(library, (0,))
        case "two spaces":
            add_space(library)
    return library


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, str]:
    """A sound and a hum of a tune that some libraries have."""
    folder = tmp_path_factory.mktemp("files")
    hum = voice(curve_of(tune(0), 2.0, 6.0))
    soundfile.write(folder / "hum.wav", hum, 16_000)
    soundfile.write(folder / "sound.wav", np.sin(np.arange(8000) * 2.0).astype(np.float32), 8000)
    return {name: str(folder / f"{name}.wav") for name in ("hum", "sound")}


@pytest.fixture(scope="module", params=LIBRARIES)
def library(request, tmp_path_factory):
    with made(request.param, tmp_path_factory.mktemp("library")) as library:
        yield library


@pytest.fixture(autouse=True)
def hums_once(monkeypatch):
    """The same hum is read a hundred times: its pitch is found once."""
    monkeypatch.setattr(tunes, "read_hum", _hum_once)


_hum_once = functools.cache(tunes.read_hum)


def parts(files: dict[str, str], weight: float) -> list:
    return [
        TextPart("band1", weight),
        TextPart("band3", weight),
        AudioPart(files["sound"], weight=weight),
        AudioPart(files["sound"], 0.2, 0.7, weight=weight),
        AudioPart(files["sound"], 60.0, weight=weight),
        ClipPart(2, weight),
        SegmentPart(1, weight),
        HumPart(files["hum"], weight=weight),
        HumPart(files["hum"], 60.0, weight=weight),
        NotesPart("C4 D4 E4 F4", weight),
    ]


@pytest.mark.parametrize("collapse", few([False, True]))
@pytest.mark.parametrize("where", few([None, "duration_s > 1e6", 'title ~ "dog"']))
@pytest.mark.parametrize("step", few([2, 1]))
def test_every_pair_of_parts_is_answered_or_refused(library, files, step, where, collapse):
    """Each kind alone, and of the pairs every second, or every one."""
    wanted, unwanted = parts(files, 1.0), parts(files, -1.0)
    pairs = [*itertools.combinations(wanted, 2), *itertools.product(wanted, unwanted)]
    for pair in [*((part,) for part in wanted), *pairs[::step]]:
        query = Query(pair, where=where, collapse=collapse)
        try:
            answer = library.search(query)
        except (QueryError, AudioError):
            continue
        assert len({hit.clip_id for hit in answer.hits}) == len(answer.hits), pair
        assert all(np.isfinite(hit.score) for hit in answer.hits), pair


@pytest.mark.parametrize("where", few([None, "duration_s > 1e6", 'title ~ "dog"']))
def test_every_taste_is_answered_or_refused(library, where):
    clips = [(), (ClipPart(1),), (ClipPart(2),), (ClipPart(1), ClipPart(3, 2.0)), (ClipPart(4),)]
    for likes, dislikes, seen in itertools.product(clips, clips, (frozenset(), frozenset({1, 2, 3, 9}))):
        for diversity in (0.0, 1.0):
            try:
                answer = library.recommend(RecommendQuery(likes, dislikes, seen, where=where, diversity=diversity))
            except QueryError:
                continue
            assert all(np.isfinite(hit.score) for hit in answer.hits)


@pytest.mark.parametrize("where", few([None, "duration_s > 1e6", 'title ~ "dog"']))
def test_every_library_can_be_counted(library, where):
    try:
        counted = library.clips.facets(where)
    except QueryError:
        assert not library.reader.spaces() or library.reader.spaces()[0].is_melody
    else:
        assert counted.clips >= 0
        assert library.clips.facets_of([1, 2, 99]).clips <= 2


@pytest.mark.parametrize("space", [None, MELODY_SPACE])
def test_every_library_can_be_drawn_and_searched_for_duplicates(library, space):
    """Few clips are laid out without UMAP."""
    try:
        library.view().of(space)
    except QueryError:
        return
    drawn = library.maps.draw(space)
    assert drawn is not None
    assert np.isfinite(drawn.xy).all()
    assert library.maps.read(space).clip_ids.tolist() == drawn.clip_ids.tolist()
    if space is None:
        assert library.duplicates.find().current


def test_notes_without_a_word_say_that_there_are_no_tunes(tmp_path):
    """``search --notes "C4 D4 E4 F4" --not-text thunder`` in a library without tunes."""
    with made("words", tmp_path) as library:
        answer = library.search(Query((NotesPart("C4 D4 E4 F4"), TextPart("band3", -1.0))))
    assert (answer.hits, answer.verdict, answer.reason) == ((), "none", tunes.NO_TUNES)

"""A longer answer begins with the shorter one and has the same verdict; pages add up to the whole answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from benchmarks.quality import longer_answers
from benchmarks.quality.longer_answers import measure, questions
from search import wiring
from search.analysis.melody.contours import contour_of_notes
from search.analysis.melody.space import SPEC, encoding_of
from search.model import AddContent, ClipPart, Content, FileFacts, Query, SegmentTags, TextEncoding, TextPart
from tests.amounts import few
from tests.search.libraries import DIM, Entry, ToyEncoder, addition, settings, spec
from tests.search.melodies import tune
from tests.search.vector_helpers import clumped

READS = spec(name="cnn:soundalike-1", can_text=True, vocabulary=tuple(f"Band {number}" for number in range(DIM)))
CLIPS, WORDS = 1_300, ("dog", "door", "slam", "rain", "car", "horn", "old", "laser", "foghorn", "doorbell")


class HashingEncoder(ToyEncoder):
    """Reads any text as some direction."""

    def encode_text(self, texts):
        rows = np.stack([np.random.default_rng(list(text.encode())).normal(size=DIM) for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def read_text(self, texts, language=""):
        vectors = self.encode_text(texts)
        meant = np.exp(4 * vectors)
        return TextEncoding(vectors, (meant / meant.sum(axis=1, keepdims=True)).astype(np.float32))


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Clips in clumps, with neighbourhoods, tags, copies, names that say some of a few words; and tunes."""
    folder = tmp_path_factory.mktemp("longer")
    rng = np.random.default_rng(3)
    rows = clumped(2 * CLIPS, 5, DIM, clumps=40).reshape(CLIPS, 2, DIM)

    def load(_name, _settings):
        return HashingEncoder(READS)

    with wiring.library(folder / "library", settings(folder), load_encoder=load, create=True) as library:
        space, root = library.writer.space(READS), library.writer.root("/sounds")
        tunes = library.writer.space(SPEC)
        with library.writer.lease("test", wait_s=5) as lease:
            changes = []
            for number in range(CLIPS):
                words = " ".join(rng.choice(WORDS, 2))
                same = str(number // 2).encode() if number % 50 < 2 else b""
                change = addition(Entry(f"{words} {number}.wav", rows[number], bytes_=same), root.id, space.id)
                tags = SegmentTags.likeliest(rng.uniform(size=(2, DIM)))
                changes.append(replace(change, encoding=replace(change.encoding, tags=tags)))
            for number in range(30):
                notes = tune(number)
                content = Content(f"{number:064x}", notes.duration_s, 0, 0, "MIDI", "")
                facts = FileFacts(f"laser tune {number}.mid", 1, 0)
                encoding = encoding_of([contour_of_notes(notes)])
                changes.append(AddContent(root.id, facts, content, f"tune {number}", {}, tunes.id, encoding))
            library.writer.apply(lease, changes)
            library.publisher.publish(space, lease, always=True)
            library.publisher.publish(tunes, lease, always=True)
        yield library


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    time = np.arange(12_000) / 8000
    for hz in (200, 1250, 3000):
        soundfile.write(folder / f"{hz}.wav", 0.5 * np.sin(2 * np.pi * hz * time), 8000)
    return sorted(folder.iterdir())


@pytest.mark.thorough
def test_no_list_and_no_verdict_changes_with_how_much_is_asked_for(library, sounds):
    assert library.view().of()[0].neighbourhoods is not None
    asked = list(questions(library, sounds, 26, seed=11))
    assert len({one.kind for one in asked}) == 13
    assert [(one.kind, one.lists, one.verdicts) for one in measure(library, asked, 11)] == [
        (one.kind, 0, 0) for one in asked[:13]
    ]


@pytest.mark.parametrize(
    "question",
    few(
        [
            Query((ClipPart(3),)),
            Query((TextPart("old dog"),)),
            Query((TextPart("horn"), ClipPart(9, -1.0)), where="duration_s < 5"),
            Query((ClipPart(3),), collapse=True),
        ],
    ),
)
def test_pages_end_where_there_is_no_more_and_give_every_clip_once(library, question):
    pages, offset = [], 0
    while offset is not None:
        answer = library.search(replace(question, k=400, offset=offset))
        pages += answer.hits
        offset = answer.next_offset
    ids = [hit.clip_id for hit in pages]
    assert len(ids) == len(set(ids))
    assert ids == [hit.clip_id for hit in library.search(replace(question, k=10_000)).hits]
    if question.parts == (ClipPart(3),) and not question.collapse:
        assert len(ids) == CLIPS - 1


def test_scores_and_certainties_go_down_along_the_whole_answer(library):
    hits = library.search(Query((ClipPart(3),), k=1_000)).hits
    for values in ([hit.score for hit in hits], [hit.probability for hit in hits]):
        assert values == sorted(values, reverse=True)


@pytest.mark.thorough
def test_the_command_counts_changes(library, sounds, monkeypatch):
    """Were the order a matter of how much is asked for, it would say so."""
    asked = list(questions(library, sounds, 2, seed=11))
    monkeypatch.setattr(longer_answers, "_facts_of", lambda hits: [len(hits), *map(id, hits)])
    assert sum(one.lists for one in measure(library, asked, 11)) == 2
    assert "| all" in longer_answers.markdown(measure(library, asked, 11), CLIPS, 11)

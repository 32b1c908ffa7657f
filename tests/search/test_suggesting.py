"""The nearest results if nothing matches, and suggestions of what to ask a library."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from search import wiring
from search.cli import main
from search.errors import QueryError
from search.library.suggesting import suggest
from search.model import Query, SegmentTags, TextEncoding, TextPart
from tests.search.libraries import DIM, Entry, ToyEncoder, addition, axis, fill, open_library, settings, spec

CLASSES = ("Animal", "Dog", "Bark", "Rain", "Thunder", "Cat", "Baby cry", "Silence")
READS = spec(name="cnn:soundalike-1", can_text=True, vocabulary=CLASSES)
HEARD = (
    [("Animal", "Dog", "Bark")] * 5 + [("Animal", "Dog")] * 2 + [("Rain",)] * 4 + [("Rain", "Thunder"), ("Baby cry",)]
)


class Reads(ToyEncoder):
    """Words that name a class, in any case, mean it; others mean nothing."""

    def encode_text(self, texts):
        return np.stack([self._vector(text) for text in texts])

    def read_text(self, texts, language=""):
        vectors = self.encode_text(texts)
        return TextEncoding(vectors, np.where(vectors > 0.9, 0.95, 0.001).astype(np.float32))

    def _vector(self, text):
        lower = [name.lower() for name in CLASSES]
        return axis(lower.index(text.lower())) if text.lower() in lower else np.full(DIM, DIM**-0.5, np.float32)


@pytest.fixture
def library(tmp_path):
    with wiring.library(
        tmp_path / "library", settings(tmp_path), load_encoder=lambda *_: Reads(READS), create=True
    ) as opened:
        space, root = opened.writer.space(READS), opened.writer.root("/sounds")
        with opened.writer.lease("test", wait_s=5) as lease:
            for n, heard in enumerate(HEARD):
                chances = np.where(np.isin(CLASSES, heard), 0.9, 0.001)[np.newaxis]
                change = addition(Entry(f"{n:03d}.wav", axis(CLASSES.index(heard[-1]))[np.newaxis]), root.id, space.id)
                tagged = replace(change.encoding, tags=SegmentTags.likeliest(chances))
                opened.writer.apply(lease, [replace(change, encoding=tagged)])
            opened.publisher.publish(space, lease, always=True)
        yield opened


def ask(library, text, **changes):
    return library.search(Query((TextPart(text),), **changes))


def test_where_nothing_fits_the_answer_says_what_comes_nearest_and_how_much_of_it_there_is(library):
    """Tags that most of the first hits have and few others; each tells of hits that those before it do not."""
    answer = ask(library, "cat")
    assert answer.verdict == "none"
    counts = {one.value: one.count for one in answer.nearest}
    assert len(counts) <= 3
    assert all(len(library.clips.ids(one.where)) == one.count for one in answer.nearest)
    assert not {"Animal", "Dog"} <= set(counts), "each hit is spoken of once"
    first = answer.nearest[0]
    assert answer.reason.startswith(f'no "cat" here; nearest: {first.count} of {first.value}')


def test_what_comes_nearest_is_counted_among_what_passes_the_filter(library):
    (rain,) = ask(library, "cat", where='tag = "Rain" and not tag = "Thunder"').nearest
    assert (rain.value, rain.count) == ("Rain", 4)


def test_what_comes_nearest_does_not_depend_on_how_much_is_asked_for(library):
    assert ask(library, "cat", k=1).nearest == ask(library, "cat", k=12).nearest
    assert ask(library, "cat", k=2, offset=4).nearest == ask(library, "cat").nearest


def test_an_answer_that_fits_says_nothing_of_that(library):
    answer = ask(library, "rain")
    assert (answer.verdict, answer.nearest, answer.reason) == ("good", (), "")


def test_every_suggestion_is_found(library):
    """What is heard most comes first, each of other clips; a class that one clip has is not suggested."""
    found = suggest(library)
    assert [(one.text, one.kind, one.clips) for one in found] == [("Animal", "tag", 7), ("Rain", "tag", 5)]
    assert all(ask(library, one.text).verdict == "good" for one in found)
    assert [one.text for one in suggest(library, where='tag = "Rain"')] == ["Rain"]
    assert len(suggest(library, limit=1)) == 1
    for limit in (0, 51):
        with pytest.raises(QueryError, match="from 1 to 50"):
            suggest(library, limit)


def test_names_are_suggested_where_they_say_what_is_heard(tmp_path):
    """Without their numbers, once each; numbers alone are no names."""
    with open_library(tmp_path) as library:
        names = ["door_slam_01", "door_slam_02", "rain on tin", "0815"]
        fill(library, [Entry(f"{name}.wav", axis(n)[np.newaxis]) for n, name in enumerate(names)])
        found = {(one.text, one.kind) for one in suggest(library)}
        assert found == {("door slam", "name"), ("rain on tin", "name")}


def test_numbers_for_names_give_no_suggestion(tmp_path, capsys):
    with open_library(tmp_path) as library:
        fill(library, [Entry(f"{n:04d}.wav", axis(n)[np.newaxis]) for n in range(5)])
        assert suggest(library) == ()
        assert main(["suggest", "--library", str(library.path)]) == 0
    assert "Nothing to suggest" in capsys.readouterr().out


def test_the_command_prints_a_suggestion_a_line(tmp_path, capsys):
    with open_library(tmp_path) as library:
        fill(library, [Entry(f"{name}.wav", axis(n)[np.newaxis]) for n, name in enumerate(("door slam", "rain"))])
        path = str(library.path)
    assert main(["suggest", "--library", path]) == 0
    assert sorted(capsys.readouterr().out.splitlines()) == ["door slam", "rain"]
    assert main(["suggest", "--library", path, "--json", "-k", "1"]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert set(one) == {"text", "kind", "clips"}

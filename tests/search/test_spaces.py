"""Two encoders in one library: which one is queried, and what each answers to the same queries."""

from __future__ import annotations

import json

import numpy as np
import pytest

from search import wiring
from search.cli import main
from search.errors import QueryError
from search.library import comparing
from search.model import ClipPart, Feedback, Query, RecommendQuery
from tests.search.libraries import DIM, Entry, ToyEncoder, fill, settings, spec

ONE, OTHER = spec(name="one", fingerprint="1" * 64), spec(name="other", fingerprint="2" * 64)
CLIPS = 12


@pytest.fixture
def library(tmp_path):
    """In ``one`` the clips of a third lie together, in ``other`` those at the same place of each third."""
    rng = np.random.default_rng(5)
    with wiring.library(
        tmp_path / "library",
        settings(tmp_path),
        create=True,
        load_encoder=lambda name, _: ToyEncoder(ONE if name == "one" else OTHER),
    ) as opened:
        for facts, group in ((ONE, lambda n: n // 4), (OTHER, lambda n: n % 4)):
            rows = np.eye(DIM)[[group(n) for n in range(CLIPS)]] + 0.02 * rng.standard_normal((CLIPS, DIM))
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            entries = [Entry(f"{n:02d}.wav", rows[n : n + 1].astype(np.float32)) for n in range(CLIPS)]
            fill(opened, entries, facts)
        yield opened


def ask(library, space=None):
    return [hit.title for hit in library.search(Query((ClipPart(1),), k=3, space=space)).hits]


def choose(library, *options):
    assert main(["spaces", "--library", str(library.path), *options]) == 0


def test_every_space_is_asked_until_one_is_chosen_and_again_after_that(library):
    """The choice is kept in the catalog; a question that names a space is asked there all the same."""
    both = ask(library)
    choose(library, "--ask", "other")
    library.refresh()
    assert ask(library) == ask(library, "other")
    assert {"04", "08"} < set(ask(library))
    assert set(ask(library, "one")) == {"01", "02", "03"}
    assert library.spaces.get().name == "other"
    assert [view.space.name for view in library.view().of()] == ["other"]
    liked = RecommendQuery((ClipPart(1),), k=2, diversity=0.0)
    assert {hit.title for hit in library.recommend(liked).hits} == {"04", "08"}
    choose(library, "--ask-all")
    library.refresh()
    assert ask(library) == both
    assert library.spaces.get().name == "one"


def test_the_command_lists_spaces_and_says_which_are_asked(library, capsys):
    choose(library, "--ask", "other", "--json")
    rows = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["asked"]) for row in rows] == [("one", False), ("other", True)]
    choose(library)
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [["one", "1"], ["asked", "other"]]


def test_a_space_that_is_not_there_cannot_be_chosen(library, capsys):
    assert main(["spaces", "--library", str(library.path), "--ask", "nobody"]) == 2
    assert "its spaces: one, other" in capsys.readouterr().err


def test_a_chosen_space_that_was_dropped_is_asked_no_more(library):
    choose(library, "--ask", "other")
    with library.writer.lease("test", wait_s=5) as lease:
        library.catalog.drop_space(library.spaces.get("other").id, lease)
    assert [view.space.name for view in library.refresh().of()] == ["one"]
    assert library.spaces.get().name == "one"


def test_two_spaces_are_compared_by_questions_and_by_likes(library):
    """Clips 0, 4 and 8 were liked: ``other`` has them together, ``one`` far apart."""
    library.feedback.add("anna", [Feedback(clip, "like") for clip in (1, 5, 9)])
    questions = {"first": Query((ClipPart(1),)), "second": Query((ClipPart(2),))}
    found = comparing.compare(library, ("one", "other"), questions, ["anna"], k=3)
    first = found.compared[0]
    assert first.question == "first"
    assert {hit.title for hit in first.only_first} == {"01", "02", "03"} - set(ask(library, "other"))
    assert {"04", "08"} <= {hit.title for hit in first.only_second}
    assert found.share == pytest.approx(np.mean([one.share for one in found.compared]))
    assert found.likes == 3
    one, other = found.reciprocal_ranks
    assert other == pytest.approx(1.0)
    assert one < 0.6


def test_what_cannot_be_compared_is_refused(library):
    for spaces, says in ((("one", "one"), "two spaces"), (("one", "nobody"), "its spaces: one, other")):
        with pytest.raises(QueryError, match=says):
            comparing.compare(library, spaces, {}, [], k=3)


def test_the_command_compares_by_a_file_of_questions_and_a_profile(library, tmp_path, capsys):
    """Each like is a question by example as well; a single like says nothing of which space is better."""
    library.feedback.add("anna", [Feedback(1, "like")])
    (tmp_path / "questions.txt").write_text("00\n\n  03 \n")
    asked = ["compare", "--library", str(library.path), "--spaces", "one", "other", "-k", "3"]
    assert main([*asked, "--queries", str(tmp_path / "questions.txt"), "--profile", "anna", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["question"] for one in found["compared"]] == ["00", "03", "clip 1 (00)"]
    assert (found["likes"], found["reciprocal_ranks"]) == (0, None)
    assert main([*asked, "--profile", "anna"]) == 0
    said = capsys.readouterr().out
    assert "only other: 04, 08" in said or "only other: 08, 04" in said
    assert "nothing says which space is better" in said
    assert main(asked) == 2
    assert main([*asked, "--queries", str(tmp_path / "absent.txt")]) == 2

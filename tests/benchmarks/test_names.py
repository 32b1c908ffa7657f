"""The collection of queries in words: what its rules expect, the names in its libraries, and its figures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import names
from benchmarks.quality.encoding import EncodingCache
from benchmarks.quality.names import NEAR, WANTED, NamedClips, Rule, Tally
from search.settings import Settings
from tests.benchmarks.sounds import ReadingEncoder, write_set


def test_a_rule_wants_all_words_of_an_alternative_and_none_that_it_marks() -> None:
    rule = Rule.parse("door close -car;slam")
    said = {"door close 1": True, "close car door": False, "big slam": True, "door": False}
    assert {name: rule.holds(frozenset(name.split())) for name in said} == said
    assert not Rule.parse("").holds(frozenset({"door"}))


def test_names_that_lie_are_those_of_other_kinds_and_numbers_say_nothing() -> None:
    clips = NamedClips((), tuple(f"{kind}_{take}.ogg" for kind in ("bell", "cat", "dog", "rain") for take in (1, 2)))
    assert clips.called("own") == list(clips.paths)
    kinds = [called.rpartition(" ")[0] for called in clips.called("lies")]
    assert kinds == ["dog", "dog", "cat", "cat", "bell", "bell", "rain", "rain"]
    assert not any(kind in called for called in clips.called("numbers") for kind in kinds)


def test_gains_are_discounted_by_rank_and_scaled_by_the_best_order() -> None:
    gains = np.array([0.0, WANTED, NEAR])
    assert names.ndcg(gains, [1, 2, 0]) == 1.0
    assert names.ndcg(gains, [2, 1]) == pytest.approx((1 + 2 / np.log2(3)) / (2 + 1 / np.log2(3)))
    assert names.reciprocal_rank(gains, [2, 0, 1]) == pytest.approx(1 / 3)


def test_a_verdict_is_right_where_something_is_found_that_is_there_and_nothing_that_is_not() -> None:
    assert Tally(there=["good", "weak", "none", "good"], without=["none", "weak"]).right == (0.75 + 0.5) / 2


def test_the_collection_has_as_many_questions_as_its_page_says() -> None:
    questions = names.read_questions(names.QUESTIONS)
    counted = Counter("own" if question.names == "own" else "others" for question in questions)
    assert counted["own"] >= 150
    assert counted["others"] == 50
    assert len({(one.dataset, one.names, one.text) for one in questions}) == len(questions)


@pytest.mark.shared
def test_every_rule_of_sfx_finds_a_clip_there(shared: Path) -> None:
    clips = names.named_clips(shared / "data", "sfx")
    wanted = [one for one in names.read_questions(names.QUESTIONS) if one.dataset == "sfx" and one.wanted.alternatives]
    assert [one.text for one in wanted if not (one.gains(clips.words) == WANTED).any()] == []


def test_questions_are_asked_of_a_library_with_these_names(tmp_path: Path) -> None:
    (tmp_path / "tones").mkdir()
    write_set(tmp_path / "tones", takes=2)
    asked = tmp_path / "asked.csv"
    asked.write_text("set,names,text,wanted,near\ntones,own,a low,low,\ntones,numbers,a high,nothing,\n")
    report = names.run(
        names.read_questions(asked), tmp_path, ReadingEncoder("reading"), EncodingCache(None), Settings.from_env({})
    )
    assert "| tones | own | 1 | 1.000 / 1.000 | 1.000 / 1.000 |" in report
    assert "| tones | numbers | 0 |" in report

"""The feedback store: the newest opinion on each clip counts; kept by name, removed on request."""

from __future__ import annotations

import time

import pytest

from search.catalog.store import Catalog
from search.errors import LibraryError, QueryError
from search.model import MAX_FEEDBACK, Feedback
from tests.search.catalog_helpers import new_catalog

pytestmark = pytest.mark.usefixtures("kind")


@pytest.fixture
def catalog(tmp_path):
    with Catalog.open(new_catalog(tmp_path)) as catalog:
        yield catalog


def test_opinions_are_kept_by_name_with_their_time(catalog):
    before = time.time()
    catalog.feedback.add("anna", [Feedback(1, "like", 2.0), Feedback(2, "dislike", at=5.0)])
    catalog.feedback.add("bert", [Feedback(1, "seen")])
    newest, oldest = catalog.feedback.get("anna")
    assert (newest.clip_id, newest.opinion, newest.weight) == (1, "like", 2.0)
    assert before <= newest.at <= time.time()
    assert oldest == Feedback(2, "dislike", 1.0, 5.0)
    assert catalog.feedback.get("nobody") == []


def test_a_newer_opinion_replaces_the_older_but_seeing_a_clip_again_does_not(catalog):
    catalog.feedback.add("anna", [Feedback(1, "like"), Feedback(2, "seen")])
    catalog.feedback.add("anna", [Feedback(1, "seen"), Feedback(2, "dislike")])
    assert {one.clip_id: one.opinion for one in catalog.feedback.get("anna")} == {1: "like", 2: "dislike"}
    catalog.feedback.add("anna", [Feedback(1, "dislike")])
    assert {one.opinion for one in catalog.feedback.get("anna")} == {"dislike"}


def test_put_says_all_that_is_to_be_known(catalog):
    catalog.feedback.add("anna", [Feedback(1, "like"), Feedback(2, "like")])
    catalog.feedback.put("anna", [Feedback(3, "like")])
    assert [one.clip_id for one in catalog.feedback.get("anna")] == [3]


def test_a_forgotten_profile_leaves_nothing_behind(catalog):
    catalog.feedback.add("anna", [Feedback(1, "like"), Feedback(2, "seen")])
    catalog.feedback.add("bert", [Feedback(1, "like")])
    assert catalog.feedback.forget("anna") == 2
    assert catalog.feedback.forget("anna") == 0
    assert catalog.feedback.get("anna") == []
    assert len(catalog.feedback.get("bert")) == 1


def test_one_opinion_can_be_taken_back_and_the_others_stay(catalog):
    catalog.feedback.add("anna", [Feedback(1, "like", 2.0, 5.0), Feedback(2, "dislike", 1.0, 6.0)])
    assert catalog.feedback.forget("anna", 2) == 1
    assert catalog.feedback.forget("anna", 2) == 0
    assert catalog.feedback.get("anna") == [Feedback(1, "like", 2.0, 5.0)]


def test_a_full_profile_drops_what_was_seen_first(catalog):
    catalog.feedback.add("anna", [Feedback(0, "like", at=1.0)])
    catalog.feedback.add("anna", [Feedback(i, "seen", at=1.0 + i) for i in range(1, MAX_FEEDBACK + 1)])
    kept = {one.clip_id for one in catalog.feedback.get("anna")}
    assert len(kept) == MAX_FEEDBACK
    assert 0 in kept
    assert 1 not in kept


@pytest.mark.parametrize(
    ("profile", "feedback"),
    [
        ("", Feedback(1, "like")),
        ("x" * 201, Feedback(1, "like")),
        ("shop/anna", Feedback(1, "like")),
        ("\udc80", Feedback(1, "like")),
        ("anna", Feedback(1, "like", 0.0)),
        ("anna", Feedback(1, "like", float("nan"))),
        ("anna", Feedback(1, "adore")),
        ("anna", Feedback(-1, "like")),
        ("anna", Feedback(2**63, "like")),
        ("anna", Feedback(1, "like", at=float("inf"))),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_of_it_kept(catalog, profile, feedback):
    with pytest.raises(QueryError):
        catalog.feedback.add(profile, [Feedback(7, "like"), feedback])
    assert catalog.feedback.get("anna") == []


def test_a_read_only_library_says_so(tmp_path):
    catalog = Catalog.open(new_catalog(tmp_path), read_only=True)
    with catalog, pytest.raises(LibraryError, match=r"read[- ]only"):
        catalog.feedback.add("anna", [Feedback(1, "like")])


def test_opinions_survive_a_backup_and_its_restoring(tmp_path, catalog, kind):
    if kind == "postgresql":
        with pytest.raises(LibraryError, match="pg_dump"):
            catalog.backup(tmp_path / "backup")
        return
    catalog.feedback.add("anna", [Feedback(1, "like")])
    catalog.backup(tmp_path / "backup")
    catalog.feedback.forget("anna")
    with catalog.lease("test", wait_s=1) as lease:
        catalog.restore(tmp_path / "backup", lease)
    assert [one.clip_id for one in catalog.feedback.get("anna")] == [1]

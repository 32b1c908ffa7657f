"""Collections: clips kept together under a name, in the catalog, on the command line, in a backup."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

import soundalike
from search import cli
from search.catalog.store import Catalog
from search.errors import LibraryError, QueryError
from search.model import Collected
from tests.search.catalog_helpers import new_catalog
from tests.search.libraries import Entry, axis, fill, open_library

OLD = Path(__file__).parents[1] / "data" / "library_0009.tar.xz"


@pytest.fixture
def catalog(tmp_path):
    with Catalog.open(new_catalog(tmp_path)) as catalog:
        yield catalog


@pytest.mark.usefixtures("kind")
def test_a_collection_holds_each_clip_once_with_its_newest_passage(catalog):
    store = catalog.collections
    doors = store.add(" doors  and gates ")
    assert (doors.name, doors.clips) == ("doors and gates", 0)
    assert store.change(doors.id, [Collected(1, 0.5, 1.0, at=5), Collected(2, at=6)])
    assert store.change(
        doors.id, [Collected(1, at=7), Collected(3, at=8), Collected(3, 1.0, 2.0, at=8)], removed=[2, 9]
    )
    assert store.collected(doors.id) == [Collected(1, at=7), Collected(3, 1.0, 2.0, at=8)]
    assert [(one.name, one.clips) for one in store.all()] == [("doors and gates", 2)]
    assert store.remove(doors.id)
    assert (store.all(), store.collected(doors.id)) == ([], None)


@pytest.mark.usefixtures("kind")
def test_names_are_unique_and_some_are_none(catalog):
    store = catalog.collections
    store.add("b")
    first = store.add("A")
    assert [one.name for one in store.all()] == ["A", "b"]
    for name, why in (("b", "already"), ("  ", "1 to 200"), ("x" * 201, "1 to 200"), ("\ud800", "UTF-8")):
        with pytest.raises(QueryError, match=why):
            store.add(name)
        with pytest.raises(QueryError, match=why):
            store.rename(first.id, name)
    assert store.rename(first.id, "c")
    assert not store.rename(99, "d")
    assert not store.change(99, [Collected(1)])
    assert not store.remove(99)


def test_a_library_of_before_has_none_until_it_is_written_to(tmp_path):
    """Read as it is; migrated when it is opened for writing."""
    with tarfile.open(OLD) as archive:
        archive.extractall(tmp_path, filter="data")
    with soundalike.open_library(tmp_path / "library", read_only=True) as library:
        assert library.collections.all() == []
        assert library.collections.collected(1) is None
        with pytest.raises(LibraryError):
            library.collections.add("new")
    with soundalike.open_library(tmp_path / "library") as library:
        assert library.collections.add("new").id == 1


def test_they_are_made_filled_and_printed_by_command_and_travel_in_a_backup(tmp_path, capsys):
    with open_library(tmp_path) as library:
        fill(library, [Entry("a.wav", axis(0)[None]), Entry("b.wav", axis(1)[None])])

    def run(*arguments, at=tmp_path / "library"):
        status = cli.main(["collections", *arguments, "--library", str(at)])
        return status, capsys.readouterr()

    assert run("doors")[0] == 2
    assert run("doors", "--add", "99")[0] == 2
    status, printed = run("doors", "--add", "2", "1")
    assert (status, printed.out.count(".wav")) == (0, 2)
    assert [one["clip_id"] for one in json.loads(run("doors", "--remove", "1", "--json")[1].out)] == [2]
    run("doors", "--rename", "gates")
    assert [(one["name"], one["clips"]) for one in json.loads(run("--json")[1].out)] == [("gates", 1)]
    assert cli.main(["backup", str(tmp_path / "copy.tar"), "--library", str(tmp_path / "library")]) == 0
    assert cli.main(["restore", str(tmp_path / "copy.tar"), "--library", str(tmp_path / "restored")]) == 0
    capsys.readouterr()
    assert "1  gates" in run(at=tmp_path / "restored")[1].out
    assert run("gates", "--delete")[1].out == "gates: deleted\n"
    assert "No collections" in run()[1].out


def test_a_search_of_the_command_line_may_be_of_one_list(tmp_path, capsys):
    """As `within` asks over REST: a collection, a folder, what somebody liked, a clip; no other name."""
    with open_library(tmp_path) as library:
        fill(library, [Entry(f"{name}.wav", axis(place)[None]) for place, name in enumerate("abcd")])
        number = library.collections.add("doors").id
        library.collections.change(number, [Collected(3), Collected(4)])
        library.feedback.add("anna", [soundalike.Feedback(2, "like")])

    def found(*within):
        status = cli.main(["search", "--clip", "1", "--json", *within, "--library", str(tmp_path / "library")])
        out = capsys.readouterr().out
        return {hit["clip_id"] for hit in json.loads(out)["hits"]} if status == 0 else status

    assert found() == found("--within", "root:1") == {2, 3, 4}
    assert found("--within", f"collection:{number}") == {3, 4}
    assert found("--within", "liked:anna") == found("--within", "clip:2") == {2}
    assert [found("--within", wrong) for wrong in ("doors", "collection:x", "collection:99", "root:9")] == [2] * 4
    assert found("--within", "root:1", "--exact", "a.wav") == 2

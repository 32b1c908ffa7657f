"""Own tags: what happens to them as files change and move, and libraries of the version before."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from search import wiring
from search.catalog.store import Catalog
from search.cli import main
from search.library import publishing, verifying
from search.library.library import Library
from search.model import ClipPart, DescribeClip, Query, split_tags
from search.settings import Settings
from tests.search.catalog_helpers import FilledCatalog

ARCHIVE = Path(__file__).parents[1] / "data" / "library_without_own_tags.tar.xz"
"""Written by the commit a3786e0: three tones, indexed with ``spectral``; the page gave one the tags "hero, fight"."""


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """That library."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "library"


def opened(folder: Path, *, read_only: bool = False) -> Library:
    settings = Settings.from_env({"SOUNDALIKE_DEVICE": "cpu"})
    return wiring.library(folder, settings, read_only=read_only)


def titles(library: Library, where: str) -> list[str]:
    return [clip.title for clip in library.reader.clips(library.clips.ids(where).tolist())]


def test_own_tags_stay_when_a_file_is_indexed_again_or_moves(tmp_path):
    """They are found by words there, and the keywords of the file no more."""
    filled = FilledCatalog(tmp_path)
    filled.apply(filled.add("a.wav"), DescribeClip(1, "a", {"keywords": "wet; cold"}))
    assert filled.catalog.clips([1])[0].own_tags == ("wet", "cold")
    filled.apply(DescribeClip(1, "a", {"keywords": "wet; cold"}, ("hero",)))
    filled.apply(filled.add("a.wav", seed=7))
    filled.apply(filled.move(1, "b/c.wav"))
    filled.apply(DescribeClip(1, "c", {"keywords": "dry"}))
    assert filled.catalog.clips([1])[0].own_tags == ("hero",)
    found = {word: [match.clip_id for match in filled.catalog.match_words(word, 5)] for word in ("hero", "wet", "dry")}
    assert found == {"hero": [1], "wet": [], "dry": []}
    filled.catalog.close()


def test_tags_are_listed_between_commas_semicolons_and_lines():
    assert split_tags(["a, b;c\nd", " A ,, big  dog ", "e\0f"]) == ("a", "b", "c", "d", "big dog", "e", "f")


def test_a_library_of_the_version_before_has_own_tags_by_what_its_page_wrote(before: Path, caplog) -> None:
    """Nobody may write: it is read as it is. Nothing is encoded, and nothing is said to be wrong."""
    with opened(before, read_only=True) as library:
        for where in ('tag = "hero"', 'own_tag = "FIGHT"'):
            assert titles(library, where) == ["sword"]
        assert library.search(Query((ClipPart(1),))).hits
        assert verifying.verify(library) == []
    assert not caplog.records


def test_a_library_of_the_version_before_is_brought_up_to_date(before: Path) -> None:
    """Its columns are published in the new form with the next job, and tags are set."""
    assert main(["tags", "--clip", "1", "--add", "mine", "--library", str(before)]) == 0
    with opened(before) as library:
        assert titles(library, 'tag = "mine"') == [library.reader.clips([1])[0].title]
        (space,) = library.reader.spaces()
        with library.writer.lease("test", wait_s=5) as lease:
            assert library.publisher.publish(space, lease)
            assert not library.publisher.publish(space, lease)
        assert verifying.verify(library) == []
        newest = max(library.spaces.folder(space).glob(f"{publishing.COLUMNS}/*"), key=lambda entry: int(entry.name))
        assert (newest / "base_own_tag_rows.npy").is_file()


def test_what_was_never_published_in_the_new_form_is_even_if_nothing_changed(before: Path) -> None:
    with opened(before) as library:
        (space,) = library.reader.spaces()
        with library.writer.lease("test", wait_s=5) as lease:
            assert library.publisher.publish(space, lease)
            assert not library.publisher.publish(space, lease)


def test_a_catalog_that_a_migration_left_says_the_same_as_a_new_one(before: Path) -> None:
    with Catalog.open(before / "catalog.sqlite") as catalog:
        assert catalog.verify() == []
        assert [clip.own_tags for clip in catalog.clips([1, 2, 3])].count(("hero", "fight")) == 1

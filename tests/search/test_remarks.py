"""Remarks that people write about clips: what happens to them, and libraries of the version before."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from search import cli, wiring
from search.errors import ChangeRefused
from search.library import verifying
from search.library.library import Library
from search.model import MAX_REMARK_CHARACTERS, DescribeClip
from search.settings import Settings
from tests.search.catalog_helpers import FilledCatalog

OLD = Path(__file__).parents[1] / "data" / "library_0012.tar.xz"
"""Written by the commit 9ec42ec: three tones, indexed with ``spectral``, the tag "hero", the collection "bells"."""


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """That library."""
    with tarfile.open(OLD) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "library"


def opened(folder: Path, *, read_only: bool = False) -> Library:
    return wiring.library(folder, Settings.from_env({"SOUNDALIKE_DEVICE": "cpu"}), read_only=read_only)


def words(filled: FilledCatalog, *asked: str) -> dict[str, list[int]]:
    return {word: [match.clip_id for match in filled.catalog.match_words(word, 5)] for word in asked}


@pytest.mark.usefixtures("kind")
def test_a_remark_stays_whatever_its_file_does_and_words_find_it(tmp_path):
    filled = FilledCatalog(tmp_path)
    filled.apply(filled.add("a.wav"), DescribeClip(1, "a", {}, ("hero",), "  too loud\r\nat the end "))
    assert filled.catalog.clips([1])[0].remark == "too loud\nat the end"
    filled.apply(filled.add("a.wav", seed=7))
    filled.apply(filled.move(1, "b/c.wav"))
    filled.apply(DescribeClip(1, "c", {"artist": "x"}))
    (clip,) = filled.catalog.clips([1])
    assert (clip.remark, clip.own_tags) == ("too loud\nat the end", ("hero",))
    assert words(filled, "loud", "hero") == {"loud": [1], "hero": [1]}
    filled.apply(DescribeClip(1, "c", {}, remark=""))
    assert filled.catalog.clips([1])[0].remark == ""
    assert words(filled, "loud", "hero") == {"loud": [], "hero": [1]}
    filled.catalog.close()


@pytest.mark.usefixtures("kind")
def test_a_remark_that_is_too_long_is_refused_and_what_no_column_holds_is_replaced(tmp_path):
    filled = FilledCatalog(tmp_path)
    filled.apply(filled.add("a.wav"))
    with pytest.raises(ChangeRefused, match="at most 4000 characters; this one has 4001"):
        filled.apply(DescribeClip(1, "a", {}, remark="x" * (MAX_REMARK_CHARACTERS + 1)))
    filled.apply(DescribeClip(1, "a", {}, remark="no\0thing \ud800"))
    assert filled.catalog.clips([1])[0].remark == "no\ufffdthing \ufffd"
    filled.catalog.close()


def test_a_library_of_the_version_before_has_none_and_gets_the_first(before, caplog, capsys):
    """It is read as it is where nobody may write; then it is migrated, and its columns are published anew."""
    with opened(before, read_only=True) as library:
        assert [clip.remark for clip in library.reader.clips([1, 2, 3])] == [""] * 3
        assert library.clips.ids("remark != ''").tolist() == []
        assert verifying.verify(library) == []
    assert not caplog.records
    assert cli.main(["remarks", "--clip", "2", "--set", "hums", "--library", str(before)]) == 0
    with opened(before) as library:
        (space,) = library.reader.spaces()
        with library.writer.lease("test", wait_s=5) as lease:
            assert library.publisher.publish(space, lease)
        assert library.clips.ids("remark ~ 'HUM'").tolist() == [2]
        assert library.clips.ids("own_tag = 'hero'").tolist() == [1]
        assert verifying.verify(library) == []


def test_remarks_are_written_printed_filtered_and_exported_by_command(before, tmp_path, capsys):
    """They travel in a backup."""

    def run(*arguments, at=before):
        status = cli.main([*arguments, "--library", str(at)])
        return status, capsys.readouterr().out

    def remarks(*arguments, at=before):
        return [(one["clip_id"], one["remark"]) for one in json.loads(run("remarks", "--json", *arguments, at=at)[1])]

    assert run("remarks") == (0, "No remarks; write one with: soundalike remarks CLIP --set TEXT\n")
    assert remarks("1", "3", "--set", "for the chase") == [
        (1, "for the chase"),
        (3, "for the chase"),
    ]
    assert run("remarks", "--where", "own_tag = 'hero'", "--set", "cut\nthis") == (0, "1 clip changed\n")
    assert remarks() == [(1, "cut\nthis"), (3, "for the chase")]
    assert run("remarks", "--where", "remark ~ 'chase'")[1].endswith("whistle.wav: for the chase\n")
    csv = run("search", "chase", "--csv")[1].splitlines()
    assert csv[0].endswith(",own_tags,remark")
    assert csv[1].endswith(",for the chase")
    assert json.loads(run("search", "chase", "--json")[1])["hits"][0]["remark"] == "for the chase"
    assert run("backup", str(tmp_path / "copy.sqlite"))[0] == 0
    assert remarks("--clip", "3", "--delete") == [(3, "")]
    assert run("restore", str(tmp_path / "copy.sqlite"))[0] == 0
    assert remarks() == [(1, "cut\nthis"), (3, "for the chase")]
    for wrong in (["--set", "x"], ["--clip", "9", "--set", "x"], ["--clip", "1", "--set", "x" * 4001]):
        assert run("remarks", *wrong)[0] == 2

"""Which files a scan finds, and which root a path belongs to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer.scan import Place, Unreadable, covers, is_absent, locate, walk


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")


def names(root: Path, part: str = "", stops: tuple[str, ...] = ()) -> list[str]:
    return [f.facts.path for f in walk(str(root), part, stops) if not isinstance(f, Unreadable)]


def test_audio_is_found_at_any_depth_and_hidden_names_are_not(tmp_path: Path) -> None:
    """Audio names at any depth in any case; no dot files or folders, no AppleDouble, nothing else."""
    for name in ("a.wav", "B.FLAC", "x/y/z.mp3", "._a.wav", ".hidden.wav", ".git/b.wav", "c.txt", "wav"):
        touch(tmp_path / name)

    assert names(tmp_path) == ["B.FLAC", "a.wav", "x/y/z.mp3"]


def test_links_to_files_and_folders_are_followed_and_loops_end(tmp_path: Path) -> None:
    """A folder is entered once, under its own name where it has one; loops and links to the root end."""
    touch(tmp_path / "tree" / "z" / "a.wav")
    touch(tmp_path / "elsewhere" / "b.wav")
    tree = tmp_path / "tree"
    (tree / "a link to z").symlink_to(tree / "z")
    (tree / "z" / "loop").symlink_to(tree)
    (tree / "out").symlink_to(tmp_path / "elsewhere")
    (tree / "file.wav").symlink_to(tmp_path / "elsewhere" / "b.wav")

    assert sorted(names(tree)) == ["file.wav", "out/b.wav", "z/a.wav"]


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (lambda path: path.symlink_to("nowhere.wav"), "a broken link"),
        (lambda path: path.symlink_to(path), "too many levels of symbolic links"),
        (os.mkfifo, "not a regular file"),
    ],
)
def test_what_cannot_be_read_is_reported_with_its_cause(tmp_path: Path, make, cause: str) -> None:
    """Broken links, links to themselves and pipes are named, and nothing waits for a pipe."""
    make(tmp_path / "bad.wav")

    (found,) = walk(str(tmp_path), "", ())

    assert isinstance(found, Unreadable)
    assert (found.facts.path, found.cause) == ("bad.wav", cause)


def test_names_of_any_bytes_survive(tmp_path: Path) -> None:
    """Quotes, newlines, emoji and bytes that are no UTF-8 come back as the system gave them."""
    wanted = [b"a'b\".wav", b"new\nline.wav", "\N{BELL}.wav".encode(), b"\xff\xfe.wav"]
    for name in wanted:
        touch(tmp_path / os.fsdecode(name))

    assert sorted(os.fsencode(name) for name in names(tmp_path)) == sorted(wanted)


def test_a_part_or_a_single_file_is_walked_alone(tmp_path: Path) -> None:
    """A part of a root gives paths relative to the root; a file gives itself, whatever it is called."""
    for name in ("x/a.wav", "x/b.wav", "y/c.wav", "x/odd name"):
        touch(tmp_path / name)

    assert names(tmp_path, "x") == ["x/a.wav", "x/b.wav"]
    assert names(tmp_path, "x/odd name") == ["x/odd name"]


def test_other_roots_are_not_entered_by_any_name(tmp_path: Path) -> None:
    """An inner root is skipped, also through a link."""
    touch(tmp_path / "inner" / "a.wav")
    touch(tmp_path / "b.wav")
    (tmp_path / "link").symlink_to(tmp_path / "inner")

    assert names(tmp_path, stops=(str(tmp_path / "inner"),)) == ["b.wav"]


def test_a_single_file_makes_the_home_that_it_is_given_a_root(tmp_path: Path) -> None:
    """Only that file is looked at; a root that the library has holds it as ever."""
    file, new_root = tmp_path / "batch" / "deep" / "a.wav", str(tmp_path / "batch")
    touch(file)

    assert locate([str(file)], [], [new_root]) == ([Place(new_root, "deep/a.wav")], [])
    assert locate([str(file)], [str(tmp_path)], [new_root]) == ([Place(str(tmp_path), "batch/deep/a.wav")], [])
    assert locate([str(file)], [], ["/elsewhere"]) == ([Place(str(file.parent), "a.wav")], [])


def test_a_path_inside_a_root_belongs_to_it(tmp_path: Path) -> None:
    """A PATH under a known root is a part of that root, the innermost where several hold it."""
    touch(tmp_path / "a" / "b" / "c" / "x.wav")
    roots = [str(tmp_path / "a"), str(tmp_path / "a" / "b")]

    assert locate([str(tmp_path / "a" / "b" / "c")], roots) == ([Place(roots[1], "c")], [])
    assert locate([str(tmp_path / "a" / "b" / "c" / "x.wav")], roots) == ([Place(roots[1], "c/x.wav")], [])


def test_a_path_above_roots_becomes_a_root_and_they_keep_their_folders(tmp_path: Path) -> None:
    """Indexing the parent of a root looks at both, each by itself."""
    touch(tmp_path / "a" / "x.wav")

    found, _ = locate([str(tmp_path)], [str(tmp_path / "a")])

    assert found == [Place(str(tmp_path)), Place(str(tmp_path / "a"))]


def test_paths_that_overlap_are_walked_once_in_either_order(tmp_path: Path) -> None:
    """A PATH within another adds nothing."""
    touch(tmp_path / "a" / "b" / "x.wav")
    outer, inner = str(tmp_path / "a"), str(tmp_path / "a" / "b")

    assert locate([outer, inner], []) == locate([inner, outer], []) == ([Place(outer)], [])


def test_a_single_file_makes_its_folder_a_root_and_a_path_that_is_nowhere_makes_none(tmp_path: Path) -> None:
    """A file outside all roots is a part of its folder; a path that does not exist is missing."""
    touch(tmp_path / "there" / "x.wav")

    found = locate([str(tmp_path / "there" / "x.wav"), str(tmp_path / "no" / "such")], [])

    assert found == ([Place(str(tmp_path / "there"), "x.wav")], [str(tmp_path / "no" / "such")])


def test_a_neighbour_with_the_same_beginning_is_not_inside(tmp_path: Path) -> None:
    """``/a/bc`` is not under ``/a/b``."""
    touch(tmp_path / "bc" / "x.wav")

    assert locate([str(tmp_path / "bc")], [str(tmp_path / "b")]) == ([Place(str(tmp_path / "bc"))], [])
    assert not covers("b", "bc/x.wav")
    assert covers("b", "b/x.wav")
    assert covers("", "anything")


def test_an_empty_or_absent_folder_is_absent(tmp_path: Path) -> None:
    """An unmounted disk leaves an empty folder or none."""
    touch(tmp_path / "full" / "a.txt")
    (tmp_path / "empty").mkdir()

    assert [is_absent(str(tmp_path / name)) for name in ("full", "empty", "none")] == [False, True, True]

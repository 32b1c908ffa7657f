"""The words of this code: one noun for one meaning, and no word that only its writer understands."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
ROOMS = ("search", "indexer", "benchmarks", "training", "webui", "soundalike")

INSTEAD = {
    "shelf": "library, or the name of what is kept",
    "book": "catalog",
    "books": "catalog",
    "twin": "copy (a file with the same bytes)",
    "twins": "copies",
    "home": "root (a folder of the library), top",
    "homes": "new_roots",
    "tell": "report, progress",
    "told": "reported, printed, output",
    "hear": "encode, listen",
    "heard": "encoded, tagged, tracked",
    "beneath": "base",
    "steering": "feedback, or what it changes",
    "wish": "query, request",
    "nought": "zero",
}
"""Word that is no part of a name -> the words to use instead."""

REMAINING: dict[str, frozenset[str]] = {room: frozenset() for room in ROOMS} | {
    "search": frozenset({"tell", "v0005_beneath"}),
}
"""Names that still have such a word, by room; none is added. ``tell`` is Python's own, a migration keeps its name."""

IN_TESTS = frozenset({"shelf", "book", "twin", "told", "beneath", "steering", "wish", "nought"})
"""The words that tests do without too; a test's own name is a sentence, and a home there is a folder or a page."""

VAGUE = frozenset({"found", "kept", "asked", "wanted", "there", "known"})
"""Words that say how something was come by, and nothing of what it is: no argument, field or attribute is called so."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a module declares: ``names`` are its own, and those of classes, functions, arguments, variables and
    attributes; ``arguments`` are those of functions, fields of classes and attributes that it sets, each with its line.

    ``types`` are its public classes and aliases of types, each with its line and, of an alias, what it stands for.
    """

    names: frozenset[str]
    arguments: tuple[tuple[int, str], ...]
    types: tuple[tuple[int, str, str], ...]


@cache
def declared(file: Path) -> Declared:
    """What a module declares; each is read once."""
    tree = ast.parse(file.read_text("utf-8"))
    names = {file.stem}
    arguments: list[tuple[int, str]] = []
    types = [*aliases(tree)]
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
            arguments.append((node.lineno, node.arg))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
            arguments.append((node.lineno, node.attr))
        if isinstance(node, ast.ClassDef):
            fields = (statement.target for statement in node.body if isinstance(statement, ast.AnnAssign))
            arguments += ((field.lineno, field.id) for field in fields if isinstance(field, ast.Name))
            types += [(node.lineno, node.name, "")] if not node.name.startswith("_") else []
    return Declared(frozenset(names), tuple(arguments), tuple(types))


def aliases(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """The line, the name and the type of each public alias of a module: a name in CamelCase, of what may be a type."""
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                of_type = isinstance(node.value, (ast.Subscript, ast.BinOp, ast.Name, ast.Attribute))
                if of_type and isinstance(target, ast.Name) and re.fullmatch(r"[A-Z]\w*[a-z]\w*", target.id):
                    yield node.lineno, target.id, ast.unparse(node.value)


def names_in_typescript(text: str) -> set[str]:
    """The names that a module of the page declares: variables, functions, classes, types, arguments with a type."""
    declared = re.findall(r"\b(?:const|let|var|function|class|interface|type)\s+(\w+)", text)
    return {*declared, *re.findall(r"[(,]\s*(\w+)\??\s*:", text)}


def words_of(name: str) -> set[str]:
    """The words of a name, split at underscores and capitals, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def test_names_are_split_at_underscores_and_capitals() -> None:
    """Also constants and private names."""
    assert words_of("_told_S") == {"told", "s"}
    assert words_of("TwinOf") == words_of("TWIN_OF") == {"twin", "of"}


@pytest.mark.parametrize("room", ROOMS)
def test_no_name_has_a_word_that_the_glossary_replaces(room: str) -> None:
    """But for those that remain; one that is gone is taken off the list of these."""
    files = [file for file in (PROJECT / room).rglob("*.py") if "node_modules" not in file.parts]
    used = {name: file for file in files for name in declared(file).names if words_of(name) & INSTEAD.keys()}
    added = [
        f"{used[name].relative_to(PROJECT)}: {name}: say {INSTEAD[word]}"
        for name in sorted(used.keys() - REMAINING[room])
        for word in sorted(words_of(name) & INSTEAD.keys())
    ]
    assert not added, "\n".join(added)
    assert not REMAINING[room] - used.keys()


@pytest.mark.parametrize("room", ["search", "indexer", "soundalike"])
def test_arguments_and_fields_are_called_after_what_they_hold(room: str) -> None:
    """Whoever calls a function sees the names of its arguments, and no more."""
    vague = [
        f"{file.relative_to(PROJECT)}:{line}: {name}: say what it holds"
        for file in (PROJECT / room).rglob("*.py")
        for line, name in declared(file).arguments
        if name.strip("_") in VAGUE
    ]
    assert not vague, "\n".join(vague)


def test_a_type_has_a_name_of_its_own() -> None:
    """Whoever reads it in one module thinks of what it means in another. Private ones are read in one module alone; an
    alias may stand in several that stands for the same in all of them.
    """
    places: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for file in (file for room in ("search", "indexer") for file in sorted((PROJECT / room).rglob("*.py"))):
        for line, name, stands_for in declared(file).types:
            places[name].append((f"{file.relative_to(PROJECT)}:{line}", stands_for))
    assert len(places) > 600
    shared = [
        f"{name}: {', '.join(place for place, _ in found)}"
        for name, found in sorted(places.items())
        if len(found) > 1 and (len({of for _, of in found}) > 1 or not found[0][1])
    ]
    assert not shared, "\n".join(shared)


@pytest.mark.parametrize(
    ("line", "is_alias"),
    [
        ("Rows = NDArray[np.float32]", True),
        ("Reader: TypeAlias = str | Path", True),
        ("Row = sqlalchemy.Row", True),
        ("Number: Final = 7", False),
        ("LIMIT = a | b", False),
        ("_Rows = NDArray[np.float32]", False),
        ("Point = namedtuple('Point', 'x y')", False),
    ],
)
def test_an_alias_is_told_by_its_name_and_what_it_is_of(line: str, is_alias: bool) -> None:
    """Not a number, not a constant, not what a module keeps to itself."""
    assert bool(list(aliases(ast.parse(line)))) == is_alias


def test_the_page_uses_the_same_words() -> None:
    """In what its TypeScript declares; a catalogue of messages declares nothing."""
    sources = PROJECT / "webui" / "src"
    files = [
        file for file in (*sources.rglob("*.ts"), *sources.rglob("*.tsx")) if file != sources / "messages" / "zh.ts"
    ]
    replaced = [
        f"{file.relative_to(PROJECT)}: {name}: say {INSTEAD[word]}"
        for file in files
        for name in sorted(names_in_typescript(file.read_text("utf-8")))
        for word in sorted(words_of(name) & INSTEAD.keys())
    ]
    assert files
    assert not replaced, "\n".join(replaced)


def test_what_helps_tests_uses_the_same_words() -> None:
    """Fixtures, helpers and variables."""
    replaced = [
        f"{file.relative_to(PROJECT)}: {name}: say {INSTEAD[word]}"
        for file in (PROJECT / "tests").rglob("*.py")
        if any(
            word in file.stem + file.read_text("utf-8").lower() for word in IN_TESTS
        )  # reading the others takes long
        for name in sorted(declared(file).names)
        for word in sorted(words_of(name) & IN_TESTS)
        if not name.startswith("test_")
    ]
    assert not replaced, "\n".join(replaced)

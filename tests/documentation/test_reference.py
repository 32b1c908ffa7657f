"""The reference pages describe settings and fields as the code does."""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from benchmarks.quality import measure
from docs.tools import fields as field_tables
from docs.tools import rest
from search import plugins
from search.service.config import Limits, ServiceConfig
from search.settings import Settings
from tests.documentation.conftest import session
from tests.documentation.snippets import PROJECT

PAGES = PROJECT / "docs" / "reference"
ROOMS = ("search", "indexer", "webui", "benchmarks", "training", "data")
UNITS = {"": 1, "s": 1, "h": 3600, "MB": 1 << 20}


def rows() -> list[list[str]]:
    """The table of settings: where in the code, environment, options, default, meaning."""
    lines = (PAGES / "settings.md").read_text(encoding="utf-8").splitlines()
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    return table[1:]


def coded(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# --- settings -----------------------------------------------------------------------------------------------


def test_every_setting_is_in_the_table():
    listed = {name for row in rows() for name in coded(row[0])}
    defined = {f"{kind.__name__}.{one.name}" for kind in (Settings, ServiceConfig, Limits) for one in fields(kind)}
    assert listed == defined


def test_every_variable_of_the_environment_is_in_the_table():
    """Those that any module reads or sets, wherever it gets at the environment."""
    listed = {name for row in rows() for name in coded(row[1])}
    read = {name for room in ROOMS for file in (PROJECT / room).rglob("*.py") for name in variables(file)}
    assert {"SOUNDALIKE_LIBRARY", "SOUNDALIKE_NEIGHBOURHOODS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"} <= read
    assert listed == read


def variables(file: Path) -> Iterator[str]:
    """Names in capitals with a ``_``, in a module that speaks of an environment, that look like its variables.

    That of a WSGI request is another one; the headers in it begin with HTTP.
    """
    source = file.read_text(encoding="utf-8")
    if ("environ" not in source and "getenv" not in source) or "WSGIEnvironment" in source:
        return
    texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    yield from (text for text in texts if isinstance(text, str) and re.fullmatch(r"(?!HTTP_)[A-Z]+(_[A-Z]+)+", text))


def test_the_options_in_the_table_are_there():
    known = {option for command in plugins.commands() for option in options(command)}
    for row in rows():
        for option in coded(row[2]):
            assert option in known, option


def options(command) -> Iterator[str]:
    parser = argparse.ArgumentParser()
    command.configure(parser)
    for action in parser._actions:
        yield from action.option_strings


@pytest.mark.parametrize("kind", [Settings, ServiceConfig, Limits])
def test_the_defaults_in_the_table_are_the_codes(kind):
    """Where the code has a plain default; what depends on the machine is described in words."""
    documented = {name: row[3] for row in rows() for name in coded(row[0])}
    for one in fields(kind):
        if one.default is not MISSING and one.name != "decodes":
            written = documented[f"{kind.__name__}.{one.name}"]
            assert plain(written) == one.default or (written == "none" and not one.default), one.name


def plain(cell: str) -> object:
    """``64 MB`` as 67108864, ``on`` as True, ``none`` as None, a name as it is."""
    words = {"on": True, "off": False, "none": None}
    if cell in words:
        return words[cell]
    number = re.fullmatch(r"(\d+(?:\.\d+)?) ?(s|h|MB|)", cell)
    return float(number[1]) * UNITS[number[2]] if number else coded(cell)[0]


# --- fields -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def meanings() -> field_tables.Meanings:
    return field_tables.tables((PAGES / "fields.md").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def document() -> rest.Json:
    return rest.document()


def test_the_fields_of_every_answer_are_explained(document, meanings):
    """Those that the OpenAPI document names, no more and no fewer, object by object."""
    schemas = document["components"]["schemas"]
    answers = {name for name in schemas if name.endswith(("Out", "Problem"))}
    for name in answers:
        assert set(meanings.get(name.removesuffix("Out"), ())) == set(schemas[name]["properties"]), name
    explained = {title for title in meanings if not title.startswith("soundalike ")}
    assert explained == {name.removesuffix("Out") for name in answers} | {rest.REQUESTS}


def test_every_field_of_a_request_is_explained_once(document, meanings):
    """By the OpenAPI document where it says something, else in the table of requests; nothing there is left over."""
    request_fields = {
        name: facts
        for title, schema in document["components"]["schemas"].items()
        if not title.endswith(("Out", "Problem"))
        for name, facts in schema["properties"].items()
    }
    request_fields |= {
        one["name"]: one["schema"] for _, _, call in rest.operations(document) for one in call.get("parameters", ())
    }
    unexplained = {name for name, facts in request_fields.items() if not rest.description(facts)}
    assert unexplained <= set(meanings[rest.REQUESTS]) <= set(request_fields)


@pytest.mark.thorough
def test_the_fields_of_the_command_line_are_explained(home, meanings, tmp_path):
    """What each command really prints, against its section."""
    with session(home, tmp_path) as (shell, _):

        def printed_by(command: str) -> object:
            ((_, done),) = shell.script(f"soundalike {command} --json")
            assert done.status == 0, done.err
            return json.loads(done.out)

        for command in ("search --audio door.wav --text rain -k 2", "recommend --like 17 -k 2"):
            answer = printed_by(command)
            assert set(answer) == set(meanings["Search"]) - {"facets"}
            for hit in answer["hits"]:
                assert set(hit) == set(meanings["Hit"])
                assert {frozenset(tag) for tag in hit["tags"]} == {frozenset(meanings["Tag"])}
                assert {frozenset(via) for via in hit["via"]} == {frozenset(meanings["Via"])}
        for command in ("index ~/Sounds", "info", "verify", "duplicates"):
            title = f"soundalike {command.split()[0]} --json"
            assert set(printed_by(command)) == set(meanings[title]), title
        ((_, made),) = shell.script("soundalike keys add shop")
        assert made.status == 0, made.err
        assert set(printed_by("keys list")[0]) == set(meanings["soundalike keys list --json"])
        assert {frozenset(tag) for tag in printed_by("tags")} == {frozenset(meanings["soundalike tags --json"])}


def test_the_fields_of_a_benchmark_of_quality_are_explained(meanings):
    """And, in the cells of those that hold others, the fields of these."""
    explained = meanings["soundalike bench quality --json OUT"]
    assert set(explained) == {one.name for one in fields(measure.QualityReport)}
    for kind, field in ((measure.EncoderFacts, "encoders"), (measure.SetFacts, "datasets"), (measure.Row, "tables")):
        assert {one.name for one in fields(kind)} <= set(coded(explained[field])), field

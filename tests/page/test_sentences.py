"""The page's catalogues have all messages of the service that the page shows, compared with the service's code."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from search.model.jobs import JobRequest, JobState
from search.model.keys import Scope

SEARCH = Path(__file__).resolve().parents[2] / "search"
CATALOGUES = sorted((SEARCH.parent / "webui" / "src" / "messages").glob("said.*.json"))
SAYS = (
    "service/app.py", "service/service.py", "service/refusals.py", "service/http", "service/jobs", "service/media",
    "service/routes", "audio", "engine", "columns/parsing.py", "columns/meant.py", "columns/ordering.py",
    "columns/filtering.py", "columns/unmeasured.py", "library/lists.py", "library/regions.py",
    "library/understanding.py", "library/saving.py", "library/events.py", "library/merging.py",
    "analysis/melody/hearing.py", "analysis/melody/index.py", "analysis/melody/midi.py", "analysis/melody/notation.py",
    "analysis/melody/playing.py", "overview/facets.py", "overview/maps/layout.py", "overview/duplicates/keeping.py",
    "model/aspects.py", "catalog/jobs.py", "catalog/unmerging.py", "catalog/collections.py", "catalog/searches.py",
    "catalog/merges.py", "catalog/leases.py", "catalog/feedback.py", "catalog/uploads.py", "catalog/blobs.py",
    "catalog/chunks.py", "library/companions.py", "library/paths.py", "library/suggesting.py",
    "../indexer/claiming.py", "../indexer/working.py",
)  # fmt: skip
"""The files and folders whose sentences a person reads on the page: refusals, verdicts, warnings, reasons."""
UNREAD_FILES = (
    "service/routes/embeddings.py", "service/routes/asking.py", "service/routes/making.py", "audio/metadata",
    "audio/names.py", "engine/sentences",
    "audio/stores/__init__.py", "audio/stores/buckets.py", "audio/stores/finding.py", "audio/stores/folders.py",
    "audio/stores/ranges.py",
)  # fmt: skip
"""Of these: what only programs ask for, and names of formats and tags."""
UNREAD = {
    "{}: window and hop must be at least one sample, not {} and {}",  # of an encoder that is written wrongly
    "mov matroska ogg flac wav aiff caf w64 au asf avi ape wv tta tak mpc mpc8 flv voc dsf nistsphere adx ast sox",
    "spectrogram {} {}x{}",
    "track names",
    " has the id ",
    "JobRequest | None",
    "same thing",
    "same kind",
    "str | BinaryIO",
    "same recording",
    "vectors of shape {} do not fit the space {} of {} dimensions",
    "an encoding of {} segments has {} spans and {} silent marks",
    "an encoding of {} segments has tags of shape {}",
    "an encoding has a tag that the vocabulary of the space {} lacks",
    "an encoding for the space {} has vectors that are not finite",
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
}
"""Names of a cache, of types, parts of other sentences, what an encoder that is written wrongly is told."""
UNSAID_CALLS = {"debug", "info", "warning", "error", "exception", "Field", "Tag", "compile", "text"}
UNSAID_NAMES = {"description", "summary", "tags", "help"}
WORDS = 2
"""So many words in a row are a sentence."""


def sentences() -> dict[str, str]:
    """Every sentence of these files, `{}` for what is filled in, and where it stands."""
    found: dict[str, str] = {}
    for name in SAYS:
        place = SEARCH / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            short = path.relative_to(SEARCH).as_posix()
            if not short.startswith(UNREAD_FILES):
                for text, line in texts(ast.parse(path.read_text("utf-8"))):
                    found.setdefault(text, f"search/{short}:{line}")
    return {text: where for text, where in found.items() if text not in UNREAD}


def texts(node: ast.AST) -> Iterator[tuple[str, int]]:
    """The texts below a node that look like sentences; no docstrings, logs, or descriptions of the API."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.Call) and _called(node) in UNSAID_CALLS:
        return
    if isinstance(node, ast.keyword) and node.arg in UNSAID_NAMES:
        return
    if isinstance(node, ast.Dict) and any(
        isinstance(one, ast.Constant) and one.value == "description" for one in node.keys
    ):
        return
    if isinstance(node, ast.Assign | ast.AnnAssign) and _is_of_api(node):
        return
    text = _text(node)
    if text is not None and _is_sentence(text):
        yield text, getattr(node, "lineno", 0)
    if text is None or isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            if not isinstance(node, ast.JoinedStr) or isinstance(child, ast.FormattedValue):
                yield from texts(child)


def _is_sentence(text: str) -> bool:
    """Whether it has two words or more, on one line."""
    words = [word for word in text.replace("{}", " ").split() if word.strip(".,:;()\"`'").isalpha()]
    return len(words) >= WORDS and "\n" not in text


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _is_of_api(node: ast.Assign | ast.AnnAssign) -> bool:
    """Whether what is assigned describes the API, by its name: `ABOUT_FACTS`, `EVENTS`."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(one, ast.Name) and one.id in API_TEXTS for one in targets)


API_TEXTS = {"ABOUT_COLLAPSE", "ABOUT_FACETS", "ABOUT_FACTS", "_EVENTS", "_PAGE", "LANDING", "POLICY"}


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"\{\w+\}", "{}", node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(one.value if isinstance(one, ast.Constant) else "{}" for one in node.values)
    return None


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.name)
def test_every_sentence_of_the_service_has_its_translation_and_no_other_has(catalogue):
    known = json.loads(catalogue.read_text("utf-8"))
    there = sentences()
    missing = {text: where for text, where in there.items() if text not in known}
    assert missing == {}, "say these in the catalogue too"
    assert sorted(set(known) - set(there) - PARTS) == [], "nobody says these any more"


STATES = {*get_args(JobState), *get_args(JobRequest), *get_args(Scope)}
PARTS = {"{} of {}", "damaged: {}", "{}; nearest: {}", "lossless ({})", " was", "faster", "slower", *STATES}
"""Sentences of one word, and words that are filled in."""


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.name)
def test_every_word_that_is_filled_in_has_its_translation(catalogue):
    assert sorted(PARTS - set(json.loads(catalogue.read_text("utf-8")))) == []


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.name)
def test_what_is_filled_in_has_its_place(catalogue):
    for english, there in json.loads(catalogue.read_text("utf-8")).items():
        places = set(map(int, re.findall(r"\{(\d)(?::word|:name)?\}", there)))
        assert places == set(range(1, english.count("{}") + 1)), english

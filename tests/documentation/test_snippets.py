"""Run the snippets of the README and the documentation as they are shown."""

from __future__ import annotations

import argparse
import importlib.util
import re
import shlex
from contextlib import ExitStack

import pytest

from search import plugins
from tests.documentation.conftest import session
from tests.documentation.snippets import PROJECT, RUN, SHOWN, documents, name_of, snippets
from tests.service.conftest import serving

ADDRESS = "http://127.0.0.1:8000"
PRINTED = {
    ("README.md", "python"): r"(.+\.(wav|ogg|flac) \S+ \S+ \S+\n){5}",
    ("docs/guides/recommend.md", "python"): r"(\d+ \S+\.(wav|ogg|flac) \S+ \S+\n){5}",
    ("docs/guides/serve.md", "sh"): r'"state":"done"',
}
"""What the blocks of a page, in a language, print: a pattern."""
WITH_SNIPPETS = [one for one in documents() if any(s.language in RUN and not s.not_run for s in snippets(one))]
THOROUGH = {
    "docs/guides/assistants.md",
    "docs/guides/evaluate.md",
    "docs/guides/events.md",
    "docs/guides/identify.md",
    "docs/guides/index.md",
    "docs/guides/search.md",
    "docs/guides/serve.md",
    "docs/guides/train.md",
    "docs/reference/facts.md",
    "docs/reference/filters.md",
}
"""Pages whose commands are long, and have tests of their own."""


def test_every_block_says_what_it_is():
    """A language that is run, or one that is only shown; and only what would run is excused from running."""
    for document in documents():
        for snippet in snippets(document):
            where = f"{name_of(document)}:{snippet.line}"
            assert snippet.language in RUN | SHOWN, f"{where}: a block of {snippet.language or 'no language'}"
            assert not (snippet.not_run and snippet.language not in RUN), f"{where}: nobody would run it"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "document",
    [
        pytest.param(one, id=name_of(one), marks=[pytest.mark.thorough] if name_of(one) in THOROUGH else [])
        for one in WITH_SNIPPETS
    ],
)
def test_the_snippets_of_a_page_run(document, home, tmp_path):
    """In their order, over a library of the demo collection; commands exit 0, requests are answered without error."""
    to_run = [s for s in snippets(document) if s.language in RUN and not s.not_run]
    with ExitStack() as stack:
        shell, library = stack.enter_context(session(home, tmp_path))
        address = ADDRESS
        printed: dict[str, str] = {}
        if any(ADDRESS in snippet.text for snippet in to_run):
            address = stack.enter_context(serving(library)).url
        for snippet in to_run:
            text = snippet.text.replace(ADDRESS, address).replace("curl -s", "curl --fail-with-body -s")
            runs = [(text, shell.program(text))] if snippet.language == "python" else shell.script(text)
            for command, done in runs:
                assert done.status == 0, f"{name_of(document)}:{snippet.line}: {command}\n{done.out}\n{done.err}"
                printed[snippet.language] = printed.get(snippet.language, "") + done.out
    for (page, language), pattern in PRINTED.items():
        if page == name_of(document):
            assert re.search(pattern, printed[language]), printed[language]


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_commands_that_are_not_run_are_there(document):
    """Options of ``soundalike`` are parsed, modules exist, and there is a reason."""
    for snippet in snippets(document):
        if snippet.language != "sh" or not snippet.not_run:
            continue
        assert len(snippet.not_run) > 10
        for line in snippet.text.replace("\\\n", " ").splitlines():
            match shlex.split(line, comments=True):
                case ["soundalike", *argv]:
                    parse(argv)
                case ["python", "-m", module, *_]:
                    assert importlib.util.find_spec(module), f"{name_of(document)}:{snippet.line}: {module}"


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_what_a_page_names_is_there(document):
    """Commands of ``soundalike``, modules to run and targets of make, in prose as in blocks."""
    text = document.read_text(encoding="utf-8")
    commands = {command.name for command in plugins.commands()}
    for name in re.findall(r"`soundalike ([a-z-]+)", text):
        assert name in commands, name
    for module in re.findall(r"python -m ((?:benchmarks|training|search|webui)[\w.]*)", text):
        assert importlib.util.find_spec(module.rstrip(".")), module
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make ([a-z-]+)", text):
        assert re.search(rf"^(?:[\w-]+ )*{target}(?: [\w-]+)*:", makefile, re.MULTILINE), target


def test_the_tests_that_stand_in_for_a_snippet_are_there():
    """Where a reason names a test or a folder of tests, it exists."""
    for document in documents():
        for snippet in snippets(document):
            for path in re.findall(r"\btests/[\w/.]*\w", snippet.not_run or ""):
                assert (PROJECT / path).exists(), f"{name_of(document)}:{snippet.line}: {path}"


def parse(argv):
    """Exits with 2 for an option that is not there."""
    command = next(one for one in plugins.commands() if one.name == argv[0])
    parser = argparse.ArgumentParser()
    command.configure(parser)
    parser.parse_args(argv[1:])

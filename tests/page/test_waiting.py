"""Assertions about the page must wait: a single check may come before the page has drawn.

Such a test passes a thousand times, and fails on a machine that has other work to do. `make test-page-slowed` finds the
others: those that look at the wrong thing before they look at the right one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LOOKS = frozenset(
    [
        "all",
        "all_inner_texts",
        "all_text_contents",
        "bounding_box",
        "count",
        "get_attribute",
        "inner_html",
        "inner_text",
        "input_value",
        "is_checked",
        "is_disabled",
        "is_enabled",
        "is_focused",
        "is_hidden",
        "is_visible",
        "text_content",
        "title",
    ]
)
"""What a locator or a page says of this moment."""
SCRIPTS = frozenset(["evaluate", "evaluate_all"])
"""They are told by what they look at: notes that a test takes (`window.starts`) are there already."""


def looks(node: ast.AST, constants: dict[str, str]) -> bool:
    """Whether a value is what the page shows at one moment."""
    if isinstance(node, ast.Lambda):
        return False  # it is looked at again and again
    if isinstance(node, ast.Attribute) and node.attr == "url" and isinstance(node.value, ast.Name):
        return node.value.id in ("page", "home")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in LOOKS and not node.args and not node.keywords:
            return True
        if node.func.attr in SCRIPTS and node.args:
            script = node.args[0]
            text = constants.get(script.id, "") if isinstance(script, ast.Name) else ast.unparse(script)
            if "document.query" in text or "getBoundingClientRect" in text or "(rows)" in text:
                return True
    return any(looks(child, constants) for child in ast.iter_child_nodes(node))


def seen(function: ast.AST, constants: dict[str, str]) -> Iterator[str]:
    """The names that stand for such values in a function."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            for names, value in pairs:
                if looks(value, constants):
                    yield from (name.id for name in ast.walk(names) if isinstance(name, ast.Name))


def single_looks(text: str) -> list[str]:
    """The asserts of a module that look at the page once, with their lines."""
    module = ast.parse(text)
    constants = {
        target.id: ast.unparse(node.value)
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = {}
    for function in (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)):
        names = set(seen(function, constants))
        for node in (node for node in ast.walk(function) if isinstance(node, ast.Assert)):
            used = {name.id for name in ast.walk(node.test) if isinstance(name, ast.Name)}
            if used & names or looks(node.test, constants):
                found[node.lineno] = f"{node.lineno}: {ast.unparse(node)}"
    return [found[line] for line in sorted(found)]


@pytest.mark.parametrize("file", sorted(HERE.glob("*.py")), ids=lambda file: file.stem)
def test_what_is_asserted_of_the_page_is_waited_for(file):
    """By `expect`, `wait_for_function`, `fits` or `wait_until`."""
    assert single_looks(file.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("assert page.locator('.row').count() == 3", True),
        ("words = rows.all_inner_texts()\n    assert words == ['rain']", True),
        ("assert page.evaluate(\"() => document.querySelector('.row').offsetTop\") == 0", True),
        ("assert 'filter' in page.url", True),
        ("expect(rows).to_have_count(3)", False),
        ("wait_until(lambda: rows.all_inner_texts() == ['rain'])", False),
        ("before, title = total(service), row.inner_text()\n    assert total(service) == before", False),
        ("assert page.evaluate('() => window.starts') == []", False),
        ("assert [1, 2].count(1) == 1", False),
    ],
)
def test_a_single_look_is_found(line, is_found):
    assert bool(single_looks(f"def test(page, rows, row, service):\n    {line}\n")) is is_found

"""The README's claims: what its commands do in a shell, what `make demo` does, and its figures."""

from __future__ import annotations

import re

import pytest

from tests.documentation.conftest import EACH
from tests.documentation.snippets import PROJECT, snippets

README = PROJECT / "README.md"
REPORTS = PROJECT / "docs" / "figures"
_NUMBER = re.compile(r"(?<![\w.])\d{0,3}(?:,\d{3})*\.?\d+(?![\w.]*\d)")


def test_the_first_commands_run_from_a_shell(home):
    """`soundalike` itself, as it is pasted: the first indexes the folder that the second searches."""
    lines = [line for s in snippets(README) for line in s.text.splitlines() if line.startswith("soundalike")]
    for line in lines[:2]:
        done = home.bash(line)
        assert done.status == 0, done.err
    assert "rain_on_leaves" in done.out


@pytest.mark.timeout(600)
def test_make_demo_does_the_main_job_and_says_how_to_go_on(made_home):
    """The script behind `make demo`: generates, indexes, answers, exits 0."""
    _, first = made_home
    for shown in (f"{25 * EACH} indexed", "rain_on_leaves", "police_siren", "soundalike index ~/Music"):
        assert shown in first.out


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_make_demo_finds_everything_done_when_it_runs_again(made_home):
    home, _ = made_home
    again = home.make_demo()
    assert again.status == 0, again.err
    assert f"{25 * EACH} unchanged" in again.out


def test_readme_is_read_in_two_minutes():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 160


@pytest.mark.parametrize("page", ["README.md", "docs/figures/index.md"])
def test_the_figures_in_tables_stand_in_a_report(page):
    """Every number with a decimal point in a table of figures is, rounded as it is there, one of a report's."""
    printed = {number for report in REPORTS.glob("*.md") if report.name != "index.md" for number in numbers(report)}
    table = [line for line in (PROJECT / page).read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    claimed = [match for line in table for match in _NUMBER.findall(line) if "." in match]
    assert len(claimed) > 15
    for claim in claimed:
        decimals = len(claim.partition(".")[2])
        value = round(float(claim.replace(",", "")), decimals)
        assert any(abs(round(number, decimals) - value) < 1e-9 for number in printed), f"{page}: {claim}"


def numbers(report):
    return {float(match.replace(",", "")) for match in _NUMBER.findall(report.read_text(encoding="utf-8"))}

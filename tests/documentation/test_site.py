"""What the site generates from the code: the picture of the rooms, and pages of documents outside docs."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import pytest

from docs.tools import rooms, site
from tests.documentation.snippets import PROJECT, documents, name_of


@pytest.fixture(scope="module")
def made() -> set[Path]:
    """The files that the build adds."""
    return {PROJECT / "docs" / page for page in site.pages()}


@pytest.fixture(scope="module")
def drawn() -> rooms.Rooms:
    return rooms.read()


def test_the_picture_shows_every_room_and_its_arrows_point_down(drawn):
    """Every package and module at the top of the engine has a box, and no import leads to a floor above."""
    shown = {room for floor in drawn.floors for room in floor}
    inside = {
        path.stem for path in (PROJECT / "search").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    inside = {name for name in inside if not name.startswith((".", "__"))}
    assert shown == {f"search.{name}" for name in inside} | {"soundalike", "indexer", "webui", "benchmarks", "training"}
    floor_of = {room: number for number, floor in enumerate(drawn.floors) for room in floor}
    assert all(floor_of[upper] < floor_of[lower] for upper, lower in drawn.arrows)
    names = [text.text for text in ElementTree.fromstring(rooms.svg(drawn)).iter() if text.get("class") == "name"]
    assert sorted(names) == sorted(room.removeprefix("search.") for room in shown)


def test_a_longer_way_replaces_an_arrow():
    assert rooms.reduced([("a", "b"), ("b", "c"), ("a", "c")]) == {("a", "b"), ("b", "c")}


def test_every_room_says_what_it_is_for(drawn):
    assert all(len(purpose) > 10 for purpose in drawn.purpose.values())


def test_links_of_documents_from_elsewhere_lead_to_pages_of_the_site():
    """`CONTRIBUTING.md` and its like are shown with links that hold below ``docs``."""
    made = site.pages()
    for page in site.OUTSIDE:
        for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", made[page]):
            target = posixpath.normpath(PurePosixPath(page).parent / link)
            assert target in made or (PROJECT / "docs" / target).exists(), f"{page}: {link}"


def test_every_decision_is_in_the_index():
    folder = PROJECT / "docs" / "decisions"
    index = (folder / "index.md").read_text(encoding="utf-8")
    for decision in folder.glob("0*.md"):
        assert f"({decision.name})" in index, decision.name


def test_every_page_is_in_the_menu():
    menu = (PROJECT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (PROJECT / "docs").rglob("*.md"):
        assert page.relative_to(PROJECT / "docs").as_posix() in menu, page


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_links_to_files_lead_somewhere(document, made):
    """As they are followed on the forge, where nothing is generated; what the site makes may be linked by its pages."""
    for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", document.read_text(encoding="utf-8")):
        target = Path(os.path.normpath(document.parent / link))
        assert target.exists() or (target in made and "docs" in document.parts), link

"""What a query in words shows about its hits, in a library whose encoder reads words."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import expect

from search import plugins, wiring
from tests.service.conftest import serving, settings

SHIPPED = "cnn:soundalike-1"
BELLS = 2
PLACES = ("berlin", "cairo", "lima", "oslo", "paris", "quito", "rome", "sofia", "tunis", "zagreb")


@pytest.fixture(scope="module")
def reading_service(sounds, tmp_path_factory):
    """Noises as the shipped encoder hears them, most of them called by places, two said to be bells."""
    folder = tmp_path_factory.mktemp("reading")
    (folder / "sounds").mkdir()
    names = [*(f"bell {n + 1}" for n in range(BELLS)), *PLACES]
    for name, sound in zip(names, sorted(sounds.rglob("*.wav")), strict=False):
        shutil.copy(sound, folder / "sounds" / f"{name}.wav")
    path = folder / "library"
    with wiring.library(path, settings(folder), create=True) as library:
        plugins.job("index")(library, SHIPPED, [str(folder / "sounds")], settings(folder))
    with serving(path, environ={"SOUNDALIKE_ENCODER": SHIPPED}) as running:
        yield running


def test_hits_of_words_have_a_word_and_a_number_or_their_name(page, reading_service):
    """What is called a bell and sounds like noise is found by its name; other hits are judged by their sound."""
    page.goto(f"{reading_service.url}/?q=bell")
    expect(page.locator(".row-title").first).to_have_text(re.compile("^bell"))
    named = page.locator(".row", has_text=re.compile("bell")).locator(".score")
    expect(named).to_have_text(["By its name"] * BELLS)
    others = page.locator(".row", has_not_text=re.compile("bell")).locator(".score")
    expect(others.first).to_have_text(re.compile(r"^(Sure|Likely|Possible|Unlikely) \d+ ?%$"))
    expect(page.get_by_role("heading", name="Nothing sounds like that")).to_have_count(0)


def test_words_for_what_is_not_there_are_told_so(page, reading_service):
    """The closest are shown below, each as unlikely as it is."""
    page.goto(f"{reading_service.url}/?q=church%20organ")
    expect(page.get_by_role("heading", name="Nothing sounds like that")).to_be_visible()
    expect(page.locator(".score-word").first).to_have_text("Unlikely")


def test_words_of_which_names_have_some_are_told_so(page, reading_service):
    """The best hit is called by one of them: that is no match, and not nothing."""
    page.goto(f"{reading_service.url}/?q=church%20organ%20opera%20choir%20zagreb")
    expect(page.locator(".row-title").first).to_have_text("zagreb")
    expect(page.get_by_role("heading", name="Only some of these words are in names")).to_be_visible()


def test_words_for_what_is_heard_promise_it(page, reading_service):
    """No name says static; the encoder hears it."""
    page.goto(f"{reading_service.url}/?q=white%20noise")
    expect(page.locator(".score-word").first).to_have_text(re.compile("Sure|Likely"))


def test_the_language_of_words_is_shown_and_can_be_said(page, reading_service):
    """What was found out is told; what is said is asked in, is in the address, and can be taken back."""
    page.goto(f"{reading_service.url}/?q=Hund")
    language = page.get_by_label("Language of the words")
    expect(language.locator("option:checked")).to_have_text("detected: German")
    with page.expect_request("**/api/v1/search") as asked:
        language.select_option("en")
    assert asked.value.post_data_json["language"] == "en"
    expect(page).to_have_url(re.compile("language=en"))
    page.reload()
    expect(language).to_have_value("en")
    language.select_option("")
    expect(language.locator("option:checked")).to_have_text("detected: German")
    page.goto(f"{reading_service.url}/?part=clip:1")
    expect(page.locator(".row").first).to_be_visible()
    expect(language).to_have_count(0)

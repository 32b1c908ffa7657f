"""The screens for when there is nothing to show: each says why, and what to do."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
import requests
from playwright.sync_api import expect

from tests.amounts import few
from tests.page.conftest import EACH, HURRIED, KINDS, away, settled, write, writing_elsewhere
from tests.service.conftest import serving, wav
from tests.waiting import PATIENCE_S


@pytest.fixture(scope="module")
def filling(tmp_path_factory):
    """A service whose library begins empty, and is emptied before each test."""
    library = tmp_path_factory.mktemp("filling") / "library"
    with serving(library, environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        yield running


@pytest.fixture
def empty(page, filling):
    """The page of an empty library; and its service."""
    for clip in settled(filling).get("/api/v1/clips").json()["clips"]:
        requests.delete(f"{filling.url}/api/v1/clips/{clip['id']}", timeout=PATIENCE_S).raise_for_status()
    assert filling.get("/ready").json()["clips"] == 0
    page.goto(filling.url)
    expect(page.get_by_role("heading", name="The library is empty")).to_be_visible()
    return page


def test_an_empty_library_asks_for_sounds_and_takes_them(empty, tmp_path):
    empty.get_by_role("button", name="Add sounds").click()
    empty.get_by_label("Choose files to add").set_input_files([write(tmp_path / "owl.wav", 3)])
    empty.locator("[data-job]", has_text="owl.wav").get_by_role("button", name="Show the sounds").click()
    expect(empty.locator(".row-title")).to_have_text(["owl"])


@pytest.mark.thorough
def test_an_empty_library_fills_while_one_looks_elsewhere(empty, filling, tmp_path):
    """Its jobs are followed in every view, and after a reload: the sounds are shown once they are there."""
    with writing_elsewhere(filling.library):
        empty.get_by_role("link", name="Library").click()
        empty.get_by_label("Choose files to add").set_input_files(write(tmp_path / "gull.wav", 4))
        expect(empty.locator("[data-job]", has_text="gull.wav")).to_be_visible()
        empty.get_by_role("link", name="Search").click()
        expect(empty.get_by_role("heading", name="The library is empty")).to_be_visible()
    expect(empty.locator(".row-title")).to_have_text(["gull"])
    with writing_elsewhere(filling.library):
        filling.upload(*((f"other {n}.wav", wav(n)) for n in range(4)))
        empty.reload()
        expect(empty.locator(".row-title")).to_have_text(["gull"])
    expect(empty.locator(".row-title")).to_have_count(5)


@pytest.mark.thorough
def test_a_sound_dropped_on_an_empty_library_is_added(empty, filling, tmp_path):
    """There is nothing to compare it with yet, and what is under the hand says so."""
    dropped = list(write(tmp_path / "first.wav", 3).read_bytes())
    empty.evaluate(DRAG, [dropped, "dragover"])
    expect(empty.get_by_text("Drop to add to the library")).to_be_visible()
    empty.evaluate(DRAG, [dropped, "drop"])
    expect(empty).to_have_url(f"{filling.url}/library")
    empty.locator("[data-job]", has_text="first.wav").get_by_role("button", name="Show the sounds").click()
    expect(empty.locator(".row-title")).to_have_text(["first"])
    expect(empty.locator(".chip")).to_have_count(0)


DRAG = """([bytes, kind]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([new Uint8Array(bytes)], 'first.wav', { type: 'audio/wav' }));
  document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer }));
}"""


def test_a_sound_dropped_on_a_library_is_a_question(home, tmp_path):
    home.evaluate(DRAG, [list(write(tmp_path / "first.wav", 3).read_bytes()), "dragover"])
    expect(home.get_by_text("Drop to find sounds like it")).to_be_visible()
    expect(home.get_by_text("Folders are added to the library")).to_be_visible()
    home.evaluate(DRAG, [list((tmp_path / "first.wav").read_bytes()), "drop"])
    expect(home.locator(".chip")).to_have_count(1)


def test_a_service_that_goes_away_is_told_and_its_return_noticed(home):
    """Nothing is lost: what was asked meanwhile is answered when the service is back."""
    home.add_init_script(HURRIED)
    home.reload()
    with away(home, "**/api/v1/**"):
        home.get_by_label("What are you looking for?").fill("bell")
        expect(home.get_by_text("The search service does not answer.")).to_be_visible()
    expect(home.get_by_text("The search service does not answer.")).to_have_count(0)
    expect(home.locator(".row-title").first).to_have_text(re.compile("bell"))


@pytest.mark.thorough
def test_a_key_is_asked_for_and_lets_in(page, locked):
    """A wrong key is refused in words, a right one opens the library, sounds and pictures included."""
    running, secret = locked
    page.goto(f"{running.url}/?q=bell")
    expect(page.get_by_role("heading", name="This library needs a key")).to_be_visible()
    page.get_by_label("API key").fill("wrong")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_text("This key is unknown")).to_be_visible()
    page.get_by_label("API key").fill(secret)
    page.get_by_role("button", name="Enter").click()
    expect(page.locator(".row-title").first).to_have_text(re.compile("bell"))
    with page.expect_response("**/audio") as heard:
        page.get_by_label(re.compile("^Play bell")).first.click()
    assert heard.value.status in (200, 206)
    assert secret not in page.evaluate("document.cookie")


@pytest.mark.thorough
def test_a_file_that_is_no_sound_is_refused_in_the_services_words(home, tmp_path):
    spoiled = tmp_path / "spoiled.wav"
    spoiled.write_bytes(b"not a wave file at all" * 10)
    home.get_by_label("Choose sounds").set_input_files(spoiled)
    expect(home.get_by_role("heading", name="This search cannot be run")).to_be_visible()
    expect(home.get_by_text("unless the file is damaged")).to_be_visible()
    home.get_by_role("button", name="Start over").click()
    expect(home.locator(".row").first).to_be_visible()


@pytest.mark.parametrize(
    ("refusal", "shown"), few([("NotAllowedError", "does not let this page use"), ("NotFoundError", "No microphone")])
)
def test_a_refused_microphone_says_how_to_allow_it(home, refusal, shown):
    home.evaluate(
        f"() => {{ navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '{refusal}')) }}"
    )
    home.get_by_role("button", name="Record").click()
    expect(home.get_by_role("alert")).to_contain_text(shown)
    expect(home.get_by_role("button", name="Try again")).to_be_visible()


def test_an_address_that_makes_no_sense_still_opens(page, service):
    """What cannot be read of an address is left out."""
    page.goto(f"{service.url}/?part=&part=x&part=clip:0&part=0*text:a&part=text:%20&filter=&region=1,2")
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.get_by_role("alert")).to_be_visible()


def test_nothing_is_asked_of_anybody_else(home, service):
    """Every request of a visit goes to the service."""
    others = []
    home.on("request", lambda request: others.append(request.url))
    home.reload()
    home.locator(".row").first.click()
    home.get_by_role("link", name="Library").click()
    home.get_by_role("link", name="Map").click()
    expect(home.locator("#main")).to_be_visible()
    assert others
    assert [url for url in others if not url.startswith((service.url, "data:", "blob:"))] == []


def test_what_can_be_asked_is_suggested_below_the_empty_box(home):
    """By keyboard and pointer; whoever types has their hits alone."""
    box = home.get_by_label("What are you looking for?")
    box.focus()
    shown = home.get_by_role("region", name="What can be asked here")
    first = shown.get_by_role("button").first
    expect(first).to_have_text(re.compile(f"^({'|'.join(KINDS)})$"))
    word = first.inner_text()
    home.keyboard.press("Tab")
    expect(first).to_be_focused()
    home.keyboard.press("Enter")
    expect(box).to_have_value(word)
    expect(box).to_be_focused()
    expect(shown).to_have_count(0)
    expect(home.locator(".row-title")).to_have_text([re.compile(f"^{word}")] * EACH)
    box.fill("")
    expect(shown).to_be_visible()
    home.keyboard.press("Escape")
    expect(shown).to_have_count(0)


def test_in_a_region_nothing_is_suggested(page, service):
    """Nobody knows what would be found there."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.goto(f"{service.url}/?region=-1,-1,1,-1,1,1,-1,1")
    box = page.get_by_label("What are you looking for?")
    box.focus()
    page.clock.run_for(5000)
    expect(box).to_be_focused()
    expect(page.get_by_role("region", name="What can be asked here")).to_have_count(0)
    assert not [url for url in asked if "/suggestions" in url]


@pytest.mark.thorough
def test_whoever_goes_to_the_box_while_the_service_is_gone_keeps_the_page(home):
    """What is suggested there comes when the service is back."""
    home.add_init_script(HURRIED)
    with home.expect_response("**/assets/following*"):  # what is loaded by itself
        home.reload()
    expect(home.locator(".row").first).to_be_visible()
    home.wait_for_load_state("networkidle")
    home.evaluate("() => { window.kept = true; }")
    with away(home, "**/*"):
        home.get_by_label("Order").select_option("title")
        expect(home.get_by_text("The search service does not answer.")).to_be_visible()
        home.get_by_label("What are you looking for?").focus()
    expect(home.get_by_role("region", name="What can be asked here")).to_be_visible()
    assert home.evaluate("() => window.kept")


def test_where_nothing_is_found_what_there_is_can_be_asked(home):
    """A library without tags cannot say what is nearest: it says what it has."""
    home.get_by_label("What are you looking for?").fill("zyxwvu")
    screen = home.locator(".screen")
    expect(screen.get_by_role("heading", name="Nothing sounds like that")).to_be_visible()
    there = screen.get_by_role("region", name="What can be asked here").get_by_role("button").first
    word = there.inner_text()
    there.click()
    expect(home.locator(".row-title")).to_have_text([re.compile(f"^{word}")] * EACH)


@pytest.mark.thorough
def test_what_is_not_found_and_can_be_made_is_offered(home):
    """A simple sound of the words: heard, kept as a file, and said to be generated. Other words are not offered."""
    box = home.get_by_label("What are you looking for?")
    box.fill("two short zyxwvu")
    screen = home.locator(".screen")
    expect(screen.get_by_role("heading", name="Nothing sounds like that")).to_be_visible()
    with home.expect_response("**/api/v1/made?words=two+short+beeps") as said:
        box.fill("two short beeps")
    assert said.value.ok
    offer = screen.get_by_role("region", name="Make one")
    expect(offer).to_contain_text("not in any library")
    with home.expect_response("**/api/v1/made.wav?words=two+short+beeps") as sound:
        offer.get_by_role("button", name="Make one and play it").click()
    assert sound.value.headers["content-type"] == "audio/wav"
    expect(home.get_by_role("region", name="Player")).to_contain_text("two short beeps (generated)")
    with home.expect_download() as kept:
        offer.get_by_role("link", name="Download").click()
    assert kept.value.suggested_filename == "two-short-beeps.wav"
    box.fill("two short zyxwvu")
    expect(offer).to_have_count(0)


def test_the_nearest_that_there_is_can_be_asked(page, service):
    """Tags of the first hits, each with how many sounds have it: a press shows these, filtered as they were."""
    nearest = [{"value": "weather", "count": 10, "where": 'folder = "weather"'}]
    reason = 'no "zyxwvu" here; nearest: 10 of weather'
    none = {"verdict": "none", "hits": [], "took_ms": 1, "reason": reason, "nearest": nearest, "facets": None}
    page.route("**/api/v1/search", lambda route: route.fulfill(json=none))
    page.goto(f"{service.url}/?q=zyxwvu&filter=" + quote('title ~ "rain"'))
    page.get_by_role("region", name="What comes closest").get_by_role("button", name="weather").click()
    expect(page.locator(".summary")).to_have_text(re.compile(f"^{EACH} sounds"))
    expect(page).to_have_url(re.compile("filter=folder"))

"""axe-core finds nothing on any screen, dark or light, wide or narrow (WCAG 2.2 A and AA, and its best practices)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.amounts import few
from tests.page.conftest import PATIENCE_MS, PHONE, TENTH, away, fits, write
from tests.page.hand import AXE, NEXT_FRAME, RUN

COLOURS = ["color-contrast", "link-in-text-block"]


def violations(page):
    """What axe finds in the present state, in dark; and of its rules about colours, in light."""
    if not AXE.exists():
        pytest.skip("axe-core is not here: make page")
    page.evaluate(AXE.read_text("utf-8") + "\n;0")
    return _found(page, "dark", None) + _found(page, "light", COLOURS)


def _found(page, scheme, rules):
    page.emulate_media(color_scheme=scheme)
    page.evaluate(NEXT_FRAME)
    return [f"{scheme}: {one}" for one in page.evaluate(RUN, rules)]


@pytest.fixture
def page(chromium):
    """A page on which nothing moves: a colour on its way has the contrast of neither end.

    axe adds style sheets of its own, which the policy would refuse: here it does not apply.
    """
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, bypass_csp=True, permissions=["microphone"], reduced_motion="reduce"
    )
    made = context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    yield made
    context.close()


@pytest.fixture(params=[1280, PHONE], ids=["wide", "phone"])
def any_width(request, home):
    home.set_viewport_size({"width": request.param, "height": 844})
    return home


def test_the_first_page(any_width):
    expect(any_width.locator(".card").first).to_be_visible()
    assert violations(any_width) == []


@pytest.mark.thorough
def test_an_answer_with_chips_and_the_chosen_sound(any_width, service):
    """Wanted, unwanted and weighted chips, the inspector with its spectrogram, the player, the form to edit."""
    any_width.goto(f"{service.url}/?part=clip:7@0.5-1&part=-2*text:rain&filter=silent = false")
    any_width.locator(".row-title").first.click()
    any_width.get_by_role("button", name="Spectrogram").click()
    any_width.get_by_role("button", name="Edit title and tags").click()
    any_width.locator(".inspector").get_by_role("button", name="Play", exact=True).click()
    expect(any_width.get_by_role("region", name="Player")).to_be_visible()
    assert violations(any_width) == []
    any_width.get_by_label("Close", exact=True).click()
    assert violations(any_width) == []


def test_nothing_is_wider_than_the_narrowest_window(page, service):
    """320 pixels: small phones, and a window of 1280 at 400 % (WCAG 1.4.10, reflow)."""
    page.set_viewport_size({"width": 320, "height": 640})
    for address, shown in (("?q=rain", ".row"), ("library", "#library, .library"), ("map", ".screen, .legend")):
        page.goto(f"{service.url}/{address}")
        expect(page.locator(shown).first).to_be_visible()
        fits(page)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("dialog", name="Settings").get_by_role("button", name="The keys")).to_be_visible()
    fits(page)


@pytest.mark.thorough
def test_filters_on_a_phone(home):
    home.set_viewport_size({"width": 390, "height": 844})
    home.get_by_role("button", name="Filters", exact=True).click()
    expect(home.get_by_label("Close filters")).to_be_visible()
    assert violations(home) == []


@pytest.mark.parametrize("question", few(["?q=zyxwvu", "?filter=duration_s <", "?part=audio:0123456789ab"]))
def test_no_match_and_refused(page, service, question):
    page.goto(f"{service.url}/{question}")
    expect(page.locator(".screen")).to_be_visible()
    assert violations(page) == []


@pytest.mark.thorough
def test_dialogs(home, sounds):
    """The keys, the recorder, the recorder that is refused, the choice of a passage."""
    home.get_by_role("button", name="Keyboard").click()
    assert violations(home) == []
    home.get_by_role("button", name="Close").click()
    home.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError')) }"
    )
    home.get_by_role("button", name="Record").click()
    expect(home.get_by_role("alert")).to_be_visible()
    assert violations(home) == []
    home.get_by_role("button", name="Close").click()
    home.get_by_label("Choose sounds").set_input_files(sounds / "things" / "dog 3.wav")
    home.get_by_label("Choose a passage").click()
    expect(home.locator("dialog canvas").first).to_be_attached()
    assert violations(home) == []


@pytest.mark.thorough
def test_the_recorder_at_work(home):
    home.evaluate(TENTH)
    home.evaluate(
        "() => { const context = new AudioContext(); const to = context.createMediaStreamDestination();"
        " navigator.mediaDevices.getUserMedia = () => Promise.resolve(to.stream) }"
    )
    home.get_by_role("button", name="Record").click()
    expect(home.get_by_role("timer")).to_be_visible()
    assert violations(home) == []


@pytest.mark.thorough
def test_the_library_with_jobs(page, service):
    """Facts, the place to drop, jobs that run, are done, and that failed with reasons and files."""
    running = {
        "id": 2, "kind": "index", "state": "running", "files": ["a.wav", "b.wav"], "created": 1.0, "started": 2.0,
        "finished": None, "clip_ids": [], "reason": None, "failures": [],
        "progress": {"files_done": 1, "files_total": 2, "failed": 0, "audio_s": 3.0, "share": 0.5, "left_s": 9.0},
    }  # fmt: skip
    failed = {
        **running, "id": 1, "state": "failed", "reason": "none of the files could be indexed",
        "failures": [{"file": "a.wav", "cause": "it is no sound"}],
    }  # fmt: skip
    done = {**running, "id": 3, "state": "done"}
    listed = {"total": 3, "offset": 0, "jobs": [done, running, failed]}
    page.route("**/api/v1/jobs?*", lambda route: route.fulfill(json=listed))
    page.route("**/api/v1/jobs/2/events", lambda route: route.abort())
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(f"{service.url}/library")
        expect(page.locator(".job")).to_have_count(3)
        page.get_by_label("Add a folder").fill("/nowhere at all")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_text("no such folder")).to_be_visible()
        assert violations(page) == []


@pytest.mark.thorough
def test_the_map(page, service):
    """Not drawn yet; drawn, with a region and lit hits."""
    nothing = {"fitted": 0, "clip_ids": [], "x": [], "y": [], "group": [], "groups": [], "wheres": []}
    page.route("**/api/v1/map", lambda route: route.fulfill(json=nothing))
    page.goto(f"{service.url}/map")
    expect(page.get_by_role("button", name="Draw the map")).to_be_visible()
    assert violations(page) == []
    colours = {"group": [0, 1, -1], "groups": ["Dog", "Rain"], "wheres": ['tag = "Dog"', 'tag = "Rain"']}
    places = {"clip_ids": [1, 2, 3], "x": [0, 0.5, 1], "y": [0, 1, 0], **colours}
    page.unroute("**/api/v1/map")
    page.route("**/api/v1/map", lambda route: route.fulfill(json={"fitted": 3, **places}))
    page.goto(f"{service.url}/map?q=bell&region=0,0 0,1 1,1")
    expect(page.locator(".legend")).to_be_visible()
    assert violations(page) == []


@pytest.mark.thorough
def test_files_that_were_not_added(any_width, service, tmp_path):
    any_width.goto(f"{service.url}/library")
    any_width.route("**/api/v1/clips", lambda route: route.fulfill(status=422, json={"detail": "not a sound"}))
    names = ["short.wav", f"{'long ' * 40}.wav"]
    any_width.get_by_label("Choose files to add").set_input_files([write(tmp_path / name, 1) for name in names])
    refused = any_width.get_by_role("region", name="Files not added")
    expect(refused.get_by_role("listitem")).to_have_count(2)
    assert violations(any_width) == []
    fits(any_width, "main")


def test_an_empty_library(page, service):
    nothing = {"status": "ready", "clips": 0, "segments": 0, "spaces": [], "melody": False, "unmeasured": 0, "jobs": 0}
    page.route("**/api/v1/ready", lambda route: route.fulfill(json=nothing))
    page.goto(service.url)
    expect(page.get_by_role("heading", name="The library is empty")).to_be_visible()
    assert violations(page) == []


@pytest.mark.thorough
def test_the_key_and_the_service_that_is_gone(home):
    with away(home, "**/api/v1/**"):
        home.get_by_label("What are you looking for?").fill("bell")
        expect(home.get_by_text("The search service does not answer.")).to_be_visible()
        assert violations(home) == []
    home.route("**/api/v1/search", lambda route: route.fulfill(status=401, body="{}"))
    home.reload()
    expect(home.get_by_label("API key")).to_be_visible()
    assert violations(home) == []

"""The collection as a map."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from search import wiring
from tests.service.conftest import SOUNDS, serving, settings


@pytest.fixture(scope="module")
def mapped(made_library, tmp_path_factory):
    """A service whose library has a map already; of six clips, so that it is drawn without UMAP."""
    folder = tmp_path_factory.mktemp("mapped")
    path = Path(shutil.copytree(made_library, folder / "library"))
    with wiring.library(path, settings(folder)) as library:
        library.draw_map()
    with serving(path, environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        yield running


@pytest.fixture
def map_page(page, mapped):
    page.goto(f"{mapped.url}/map")
    page.wait_for_selector(".map canvas")
    expect(page.locator(".legend")).to_contain_text("weather")
    return page


def places(page, service):
    """Every clip's id and where it is drawn, in pixels of the page."""
    drawn = service.get("/api/v1/map").json()
    x, y = drawn["x"], drawn["y"]
    box = page.locator(".map canvas").bounding_box()
    span = max(max(x) - min(x), max(y) - min(y))
    pixels = min(box["width"], box["height"]) / 2 * 1.9 / span
    middle = ((min(x) + max(x)) / 2, (min(y) + max(y)) / 2)
    left, top = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    return {
        clip: (left + (one - middle[0]) * pixels, top - (other - middle[1]) * pixels)
        for clip, one, other in zip(drawn["clip_ids"], x, y, strict=True)
    }


def test_pointing_at_a_sound_names_and_plays_it_and_a_click_opens_it(map_page, mapped):
    clip, (x, y) = next(iter(places(map_page, mapped).items()))
    title = mapped.get(f"/api/v1/clips/{clip}").json()["title"]
    map_page.mouse.move(x, y)
    expect(map_page.locator(".map-tip")).to_have_text(title)
    expect(map_page.get_by_role("region", name="Player")).to_be_visible()
    map_page.mouse.click(x, y)
    expect(map_page.locator(".inspector h2")).to_have_text(title)


def test_a_lasso_filters_and_is_part_of_the_address(map_page, mapped):
    """What is drawn around is what the list shows, also after a reload, and on the way to the list."""
    box = map_page.locator(".map canvas").bounding_box()
    inside = {
        clip: place
        for clip, place in places(map_page, mapped).items()
        if box["x"] + 60 < place[0] < box["x"] + box["width"] / 2 and place[1] < box["y"] + box["height"] - 90
    }
    assert inside
    map_page.get_by_label("Draw around sounds to filter").click()
    corners = [(60, 4), (0.5, 4), (0.5, -90), (60, -90), (60, 4)]
    spots = [
        (
            box["x"] + (across if across > 1 else box["width"] * across),
            box["y"] + (down if down > 0 else box["height"] + down),
        )
        for across, down in corners
    ]
    map_page.mouse.move(*spots[0])
    map_page.mouse.down()
    for spot in spots[1:]:
        map_page.mouse.move(*spot, steps=12)
    map_page.mouse.up()
    expect(map_page).to_have_url(re.compile("region="))
    expect(map_page.locator(".map-tools .summary")).to_have_text(re.compile(rf"{len(inside)} sound"))
    map_page.get_by_role("link", name="Search").click()
    expect(map_page.locator(".summary")).to_have_text(re.compile(rf"^{len(inside)} sound"))
    map_page.get_by_label("What are you looking for?").fill("sound rain wind door bell")
    expect(map_page).to_have_url(re.compile("region="))


def test_the_hits_of_a_question_are_lit(map_page):
    map_page.get_by_label("What are you looking for?").fill("bell")
    expect(map_page.locator(".map-tools .summary")).to_have_text("2 sounds lit")


def pixels(page):
    """What is drawn now, as the browser shows it."""
    page.wait_for_timeout(300)
    return page.locator(".map canvas").screenshot()


def blank(page):
    """Whether the canvas shows nothing but its ground."""
    return page.evaluate(
        """async () => {
            const canvas = document.querySelector(".map canvas");
            const copy = document.createElement("canvas");
            [copy.width, copy.height] = [canvas.width, canvas.height];
            const painter = copy.getContext("2d");
            await new Promise(done => requestAnimationFrame(() => { painter.drawImage(canvas, 0, 0); done(); }));
            return !painter.getImageData(0, 0, copy.width, copy.height).data.some(value => value > 0);
        }"""
    )


def test_the_map_is_there_again_whoever_comes_back_to_it(map_page):
    """By a link, by the back button, and after the graphics driver took the canvas away."""
    first = pixels(map_page)
    map_page.get_by_role("link", name="Search").click()
    expect(map_page.locator(".row").first).to_be_visible()
    map_page.get_by_role("link", name="Map").click()
    expect(map_page.locator(".legend")).to_be_visible()
    assert pixels(map_page) == first
    map_page.get_by_role("link", name="Library").click()
    map_page.go_back()
    expect(map_page.locator(".legend")).to_be_visible()
    assert pixels(map_page) == first
    assert map_page.locator(".map-failure").count() == 0
    map_page.evaluate(
        """() => {
            const lose = document.querySelector(".map canvas").getContext("webgl2").getExtension("WEBGL_lose_context");
            lose.loseContext();
            setTimeout(() => lose.restoreContext(), 50);
        }"""
    )
    map_page.wait_for_timeout(300)
    assert pixels(map_page) == first


def test_filters_light_what_they_leave_and_can_be_taken_away(map_page, mapped):
    plain = pixels(map_page)
    map_page.goto(f"{mapped.url}/map?filter=title ~ %22bell%22")
    expect(map_page.locator(".map-tools .summary")).to_have_text("2 sounds")
    expect(map_page.locator(".legend")).to_be_visible()
    lit = pixels(map_page)
    assert lit != plain
    map_page.get_by_label(re.compile("Remove the filter title")).click()
    expect(map_page.locator(".map-tools .summary")).to_have_text("")
    assert pixels(map_page) != lit


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("part=-1*text:dog", "Add something that you want"),
        ("part=audio:abcdef123456", "not kept in this browser"),
        ("region=nonsense", "region"),
        ("q=zyxwvu", "Nothing in this library sounds like that"),
    ],
)
def test_why_nothing_is_lit_is_told_on_the_map_too(page, mapped, address, told):
    page.goto(f"{mapped.url}/map?{address}")
    expect(page.locator(".map-tools .summary")).to_contain_text(told)


def test_what_pointing_began_ends_with_it(map_page, mapped):
    """Whoever leaves the map hears nothing of it any more."""
    _, (x, y) = next(iter(places(map_page, mapped).items()))
    map_page.mouse.move(x, y)
    player = map_page.get_by_role("region", name="Player")
    expect(player.get_by_label("Pause")).to_be_visible()
    box = map_page.locator(".map canvas").bounding_box()
    map_page.mouse.move(box["x"] + 3, box["y"] + box["height"] / 2)
    expect(player.get_by_label("Play", exact=True)).to_be_visible()
    map_page.mouse.move(x, y)
    expect(player.get_by_label("Pause")).to_be_visible()
    map_page.get_by_label("What are you looking for?").hover()
    expect(player.get_by_label("Play", exact=True)).to_be_visible()


def test_a_map_that_could_not_be_loaded_comes_by_itself(page, mapped):
    """Once the service is back, or has time."""
    page.goto(mapped.url)
    page.wait_for_selector(".row")
    page.route("**/api/v1/**", lambda route: route.abort())
    page.get_by_role("link", name="Map").click()
    expect(page.get_by_role("heading", name="Map")).to_be_attached()
    page.unroute("**/api/v1/**")
    expect(page.locator(".legend")).to_be_visible()
    page.route(
        "**/api/v1/map", lambda route: route.fulfill(status=503, headers={"Retry-After": "1"}, body="{}"), times=1
    )
    page.reload()
    expect(page.locator(".legend")).to_be_visible()


def test_a_map_that_a_job_draws_meanwhile_is_shown(page, made_library, tmp_path):
    path = Path(shutil.copytree(made_library, tmp_path / "library"))
    with serving(path, environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        page.goto(f"{running.url}/library")
        page.get_by_role("button", name="Draw the map").click()
        page.get_by_role("link", name="Map").click()
        expect(page.locator(".legend")).to_be_visible(timeout=60_000)


def test_the_map_is_moved_by_keyboard(map_page):
    """Arrows and plus move what is seen; Enter opens the sound nearest to the middle."""
    canvas = map_page.locator(".map canvas")
    canvas.focus()
    before = canvas.screenshot()
    for key in ("ArrowLeft", "+", "+"):
        map_page.keyboard.press(key)
    map_page.wait_for_timeout(200)
    assert canvas.screenshot() != before
    map_page.keyboard.press("Enter")
    expect(map_page.locator(".inspector")).to_be_visible()


def test_a_map_that_was_never_drawn_is_drawn_on_demand(page, made_library, tmp_path):
    """The job is started from the page, and its end brings the map."""
    path = Path(shutil.copytree(made_library, tmp_path / "library"))
    with serving(path, environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        page.goto(f"{running.url}/map")
        page.get_by_role("button", name="Draw the map").click()
        expect(page.locator(".legend")).to_be_visible(timeout=60_000)
        assert len(running.get("/api/v1/map").json()["clip_ids"]) == len(SOUNDS)

"""The collection as a map."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from search import wiring
from search.analysis.facts.definitions import PLACES as PLACES_OF_FACTS
from tests.amounts import few
from tests.page.conftest import ENDLESS, HURRIED, away, writing_elsewhere
from tests.service.conftest import SOUNDS, serving, settings
from tests.waiting import wait_until

DRAWN_CONTRAST, DIM_CONTRAST = 2.2, 1.4
"""At least so much a point contrasts with the ground, and one that is not what was asked for."""

PAGE = Path(__file__).resolve().parents[2] / "webui" / "src"


@pytest.fixture(scope="module")
def mapped(made_library, tmp_path_factory):
    """A service whose library has a map already; of six clips, so that it is drawn without UMAP."""
    folder = tmp_path_factory.mktemp("mapped")
    path = Path(shutil.copytree(made_library, folder / "library"))
    with wiring.library(path, settings(folder)) as library:
        library.maps.draw()
    with serving(path, environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        yield running


@pytest.fixture
def map_page(page, mapped):
    """The map, drawn; what is heard on it plays on until it is paused."""
    page.add_init_script(ENDLESS)
    page.goto(f"{mapped.url}/map")
    expect(page.locator(".legend")).to_contain_text("weather")
    drawn(page)
    return page


DRAWN = """async () => {
  const canvas = document.querySelector('.map canvas');
  if (!canvas) return 0;
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const painter = copy.getContext('2d');
  await new Promise((done) => requestAnimationFrame(() => { painter.drawImage(canvas, 0, 0); done(); }));
  const pixels = new Uint32Array(painter.getImageData(0, 0, copy.width, copy.height).data.buffer);
  return pixels.reduce((sum, pixel, at) => pixel ? (Math.imul(sum, 31) + pixel + at) | 0 : sum, 0);
}"""
"""A number that stands for what the map shows now; 0 for nothing."""


def drawn(page, *, other_than=0):
    """What the map shows, as a number, once it shows something, and something else than that."""
    other = f"async (other) => {{ const now = await ({DRAWN})(); return [0, other].includes(now) ? null : now; }}"
    return page.wait_for_function(other, arg=other_than).json_value()


def luminance(colour):
    """WCAG's relative luminance of (red, green, blue), 0 to 255."""
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrasts(page, service):
    """How each point contrasts with the ground as one sees them, 1 for not at all; the faintest first."""
    with Image.open(io.BytesIO(page.screenshot())) as seen:
        colours = seen.convert("RGB")
    box = page.locator(".map canvas").bounding_box()
    ground = luminance(colours.getpixel((box["x"] + 2, box["y"] + 2))) + 0.05
    points = [luminance(colours.getpixel(place)) + 0.05 for place in places(page, service).values()]
    return sorted(max(point / ground, ground / point) for point in points)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_all_points_stand_out_and_the_lit_ones_more(page, mapped, theme):
    """Also those that a question leaves dim: the map stays a map."""
    page.emulate_media(color_scheme=theme)
    page.goto(f"{mapped.url}/map")
    expect(page.locator(".legend")).to_contain_text("weather")
    wait_until(lambda: contrasts(page, mapped)[0] > DRAWN_CONTRAST)
    page.goto(f"{mapped.url}/map?part=text:bell")
    expect(page.locator(".map-tools")).to_contain_text("2 sounds lit")
    wait_until(lambda: contrasts(page, mapped)[-3] < DRAWN_CONTRAST < contrasts(page, mapped)[-2])
    assert contrasts(page, mapped)[0] > DIM_CONTRAST


def drawn_again(page, wanted):
    """Wait until the map shows what it showed before."""
    page.wait_for_function(f"async (wanted) => await ({DRAWN})() === wanted", arg=wanted)


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


@pytest.mark.thorough
def test_the_hits_of_a_question_are_lit(map_page):
    map_page.get_by_label("What are you looking for?").fill("bell")
    expect(map_page.locator(".map-tools .summary")).to_have_text("2 sounds lit")


@pytest.mark.thorough
def test_the_map_is_there_again_whoever_comes_back_to_it(map_page):
    """By a link, by the back button, and after the graphics driver took the canvas away."""
    first = drawn(map_page)
    map_page.get_by_role("link", name="Search").click()
    expect(map_page.locator(".row").first).to_be_visible()
    map_page.get_by_role("link", name="Map").click()
    drawn_again(map_page, first)
    map_page.get_by_role("link", name="Library").click()
    expect(map_page.get_by_role("heading", name="Library")).to_be_visible()
    map_page.go_back()
    drawn_again(map_page, first)
    expect(map_page.locator(".map-failure")).to_have_count(0)
    map_page.evaluate(LOSE_THE_CANVAS)
    drawn_again(map_page, first)


LOSE_THE_CANVAS = """async () => {
  const canvas = document.querySelector('.map canvas');
  const happened = (event) => new Promise((done) => canvas.addEventListener(event, done, { once: true }));
  const driver = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
  driver.loseContext();
  await happened('webglcontextlost');
  await new Promise(requestAnimationFrame);
  driver.restoreContext();
  await happened('webglcontextrestored');
}"""


@pytest.mark.thorough
def test_filters_light_what_they_leave_and_can_be_taken_away(map_page, mapped):
    plain = drawn(map_page)
    map_page.goto(f"{mapped.url}/map?filter=title ~ %22bell%22")
    expect(map_page.locator(".map-tools .summary")).to_have_text("2 sounds")
    lit = drawn(map_page, other_than=plain)
    map_page.get_by_label(re.compile("Remove the filter title")).click()
    expect(map_page.locator(".map-tools .summary")).to_have_text("")
    drawn(map_page, other_than=lit)


@pytest.mark.parametrize(
    ("address", "shown"),
    few(
        [
            ("part=-1*text:dog", "Add something that you want"),
            ("part=audio:abcdef123456", "not kept in this browser"),
            ("region=nonsense", "region"),
            ("q=zyxwvu", "Nothing in this library sounds like that"),
        ]
    ),
)
def test_why_nothing_is_lit_is_told_on_the_map_too(page, mapped, address, shown):
    page.goto(f"{mapped.url}/map?{address}")
    expect(page.locator(".map-tools .summary")).to_contain_text(shown)


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_a_map_that_could_not_be_loaded_comes_by_itself(page, mapped):
    """Once the service is back, or has time."""
    page.add_init_script(HURRIED)
    page.goto(mapped.url)
    page.wait_for_selector(".row")
    with away(page, "**/api/v1/**"):
        page.get_by_role("link", name="Map").click()
        expect(page.get_by_role("heading", name="Map")).to_be_attached()
    expect(page.locator(".legend")).to_be_visible()
    page.route(
        "**/api/v1/map", lambda route: route.fulfill(status=503, headers={"Retry-After": "1"}, body="{}"), times=1
    )
    page.reload()
    expect(page.locator(".legend")).to_be_visible()


@pytest.mark.thorough
def test_a_map_that_a_job_draws_meanwhile_is_shown(page, mapped):
    """Who came when there was none sees it once the job is done."""
    nothing = {"fitted": 0, "clip_ids": [], "x": [], "y": [], "group": [], "groups": [], "wheres": []}
    page.route("**/api/v1/map", lambda route: route.fulfill(json=nothing), times=1)
    with writing_elsewhere(mapped.library):
        page.goto(f"{mapped.url}/library")
        page.get_by_role("button", name="Draw the map").click()
        page.get_by_role("link", name="Map").click()
        expect(page.get_by_role("button", name="Draw the map")).to_be_visible()
    expect(page.locator(".legend")).to_be_visible()


def test_the_map_is_moved_by_keyboard(map_page):
    """Arrows and plus move what is seen; Enter opens the sound nearest to the middle."""
    map_page.locator(".map canvas").focus()
    for key in ("ArrowLeft", "+", "+"):
        before = drawn(map_page)
        map_page.keyboard.press(key)
        drawn(map_page, other_than=before)
    map_page.keyboard.press("Enter")
    expect(map_page.locator(".inspector")).to_be_visible()


@pytest.mark.thorough
def test_a_map_that_was_never_drawn_is_drawn_on_demand(page, made_library, tmp_path):
    """The job is started from the page, which shows how far it is; its end brings the map."""
    path = Path(shutil.copytree(made_library, tmp_path / "library"))
    with serving(path, environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        page.goto(f"{running.url}/map")
        with writing_elsewhere(path):
            page.get_by_role("button", name="Draw the map").click()
            expect(page.get_by_role("progressbar", name="Draw the map")).to_be_visible()
        expect(page.locator(".legend")).to_be_visible()
        assert len(running.get("/api/v1/map").json()["clip_ids"]) == len(SOUNDS)


def test_every_fact_can_be_a_colour():
    """By the names that the service has for facts, each once."""
    text = (PAGE / "map" / "colourings.ts").read_text("utf-8")
    _, facts = text.split("OF_FACTS", 1)
    assert sorted(re.findall(r'\["(\w+)"', facts)) == sorted(PLACES_OF_FACTS)


STAND_ALIKE = """() => {
  const places = [...document.querySelectorAll('.legend li')].map((item) => {
    const [dot, name] = ['.dot', 'bdi'].map((one) => item.querySelector(one).getBoundingClientRect());
    const top = item.getBoundingClientRect().top;
    return [dot.top - top, name.top - top].map(Math.round).join();
  });
  return places.length > 2 && new Set(places).size === 1;
}"""


def test_all_items_of_the_legend_stand_alike(map_page):
    """Those that can be pressed, and the others."""
    map_page.wait_for_function(STAND_ALIKE)


@pytest.mark.thorough
def test_the_legend_is_a_filter(map_page):
    """A group is asked alone, and all again."""
    weather = map_page.locator(".legend").get_by_role("button", name="weather")
    weather.click()
    expect(weather).to_have_attribute("aria-pressed", "true")
    expect(map_page.locator(".chosen")).to_contain_text('folder = "weather"')
    expect(map_page.locator(".map-tools .summary")).to_have_text("3 sounds")
    weather.click()
    expect(map_page.locator(".chosen")).to_have_count(0)


@pytest.mark.thorough
def test_what_is_caught_is_listed_beside_the_map_and_opens(map_page):
    """The hits of a question, and what a filter leaves; nothing is listed of a map that nobody asked."""
    caught = map_page.get_by_role("region", name="Sounds", exact=True)
    expect(caught).to_have_count(0)
    map_page.get_by_label("What are you looking for?").fill("bell")
    expect(caught.get_by_role("listitem")).to_have_count(2)
    caught.locator(".row-title").first.click()
    expect(map_page.locator(".inspector h2")).to_have_text(re.compile("^bell"))
    map_page.get_by_label("What are you looking for?").fill("")
    expect(caught).to_have_count(0)
    map_page.locator(".legend").get_by_role("button", name="weather").click()
    expect(caught.get_by_role("listitem")).to_have_count(3)


@pytest.mark.thorough
def test_colours_say_what_is_asked_for_and_each_is_a_filter(map_page, mapped):
    """After a reload too."""
    legend = map_page.locator(".legend")
    legend.get_by_label("Colours say").select_option("Length")
    lengths = legend.get_by_role("button", name=re.compile(r" s$"))
    expect(lengths.first).to_be_visible()
    lengths.first.click()
    expect(map_page.locator(".chosen")).to_contain_text("duration_s")
    map_page.reload()
    expect(lengths.first).to_have_attribute("aria-pressed", "true")
    legend.get_by_label("Colours say").select_option("What you like")
    legend.get_by_role("button", name="Liked", exact=True).click()
    expect(map_page).to_have_url(re.compile("within=liked"))

"""A service that is temporarily busy or failing: the page keeps its state, and repeats the request."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.amounts import few
from tests.page.conftest import EACH, HURRIED, KINDS, held_back, standing_still

BOX = "What are you looking for?"


def refusing(page, pattern, status, times, retry_after="25"):
    """Refuse the first requests to an address; the list that comes back counts all of them."""
    asked = []

    def answer(route):
        asked.append(route.request.url)
        if len(asked) > times:
            route.fallback()
            return
        headers = {"Retry-After": retry_after} if retry_after else {}
        route.fulfill(status=status, headers=headers, json={"title": "refused", "detail": "the test says no"})

    page.route(pattern, answer)
    return asked


@pytest.fixture
def timed(page, service):
    """The search view, whose timers a test can let stand still."""
    page.clock.install()
    page.goto(service.url)
    page.wait_for_selector(".row")
    return page


@pytest.mark.parametrize("status", few([429, 503]))
def test_a_busy_service_is_asked_again_by_itself_and_the_list_stays(timed, status):
    """The page says that the service is busy, keeps its rows, and shows the answer once there is one."""
    asked = refusing(timed, "**/search", status, times=1)
    with standing_still(timed):
        timed.get_by_label(BOX).fill("rain")
        timed.clock.run_for(1000)
        expect(timed.locator(".trouble")).to_contain_text("The service is busy")
        expect(timed.locator(".row").nth(EACH)).to_be_visible()
        expect(timed.get_by_role("heading", name="This search cannot be run")).to_have_count(0)
    expect(timed.locator(".row")).to_have_count(EACH)
    expect(timed.locator(".trouble")).to_have_count(0)
    assert len(asked) == 2


@pytest.mark.thorough
def test_a_service_that_wants_more_patience_than_people_have_is_asked_when_they_like(home):
    """Nobody is kept waiting for an hour: the reason is told, and a button asks again."""
    asked = refusing(home, "**/search", 429, times=1, retry_after="3600")
    home.get_by_label(BOX).fill("rain")
    expect(home.get_by_role("alert")).to_contain_text("the test says no")
    assert len(asked) == 1
    home.get_by_role("button", name="Try again").click()
    expect(home.locator(".row")).to_have_count(EACH)
    expect(home.locator(".trouble")).to_have_count(0)


def test_a_failure_of_the_service_is_not_blamed_on_the_question(home):
    """It is told as the service's own, what is shown stays, and a button asks again."""
    refusing(home, "**/search", 500, times=1)
    home.get_by_label(BOX).fill("rain")
    expect(home.get_by_role("alert")).to_contain_text("The service failed")
    expect(home.get_by_role("heading", name="This search cannot be run")).to_have_count(0)
    expect(home.locator(".row").nth(EACH)).to_be_visible()
    home.get_by_role("button", name="Try again").click()
    expect(home.locator(".row")).to_have_count(EACH)


@pytest.mark.thorough
def test_a_new_question_is_asked_at_once_while_the_older_one_waits(home):
    asked = refusing(home, "**/search", 503, times=1)
    home.get_by_label(BOX).fill("rain")
    expect(home.locator(".trouble")).to_be_visible()
    home.get_by_label(BOX).fill("bell")
    expect(home.locator(".row-title")).to_have_text([re.compile("^bell")] * EACH)
    expect(home.locator(".trouble")).to_have_count(0)
    assert len(asked) == 2


@pytest.mark.thorough
def test_rows_that_cannot_be_fetched_leave_those_that_are_there(page, service):
    """The list stays, and the rest comes when it is asked for again."""
    answer = service.get("/api/v1/clips?sort=-added&limit=20&facets=true").json()
    page.route("**/clips?*offset=0*", lambda route: route.fulfill(json=answer))
    asked = refusing(page, re.compile(r"/clips\?.*offset=20"), 500, times=1)
    page.goto(service.url)
    page.locator(".row").first.wait_for()
    page.locator(".list").evaluate("(list) => list.scrollTo(0, list.scrollHeight)")
    expect(page.get_by_role("alert")).to_contain_text("The rest could not be fetched")
    expect(page.locator(".row").first).to_be_visible()
    expect(page.locator(".summary")).to_have_text(f"{EACH * len(KINDS)} sounds")
    assert len(asked) == 1
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".busy-on")).to_have_count(0)
    expect(page.locator(".trouble")).to_have_count(0)
    page.locator(".list").evaluate("(list) => list.scrollTo(0, list.scrollHeight)")
    expect(page.locator(f".row[aria-rowindex='{EACH * len(KINDS)}']")).to_be_visible()


def test_the_map_lights_few_sounds_until_it_knows_how_many_there_are(page, service):
    """A tenth of the library is lit: before its size is known the fewest, then as many as that is."""
    size = held_back(page, "**/api/v1/ready", "GET")
    page.route("**/api/v1/map", lambda route: route.fulfill(json=MAP))
    with page.expect_request("**/search") as first:
        page.goto(f"{service.url}/map?part=clip:1")
    assert first.value.post_data_json["k"] == 20
    known = size()
    with page.expect_request("**/search") as second:
        known.fulfill(json={**service.get("/api/v1/ready").json(), "clips": 900})
    assert second.value.post_data_json["k"] == 90


COLOURS = {"group": [-1, -1, -1], "groups": [], "wheres": []}
MAP = {"fitted": 3, "clip_ids": [1, 2, 3], "x": [0, 0.5, 1], "y": [0, 1, 0], **COLOURS}


def test_a_slip_in_a_filter_of_ones_own_is_said_beside_it(home):
    """In the words that were typed; what is listed stays."""
    home.get_by_label("Filter of your own").fill("duration_s < ")
    home.get_by_label("Add the filter").click()
    side = home.get_by_role("complementary", name="Filters")
    expect(side.get_by_role("alert")).to_contain_text("duration_s <")
    expect(side.get_by_role("alert")).not_to_contain_text("(duration_s")
    expect(home.locator(".row").first).to_be_visible()
    home.get_by_label("Filter of your own").fill("duration_s < 3")
    home.get_by_label("Add the filter").click()
    expect(home.locator(".summary")).to_have_text("16 sounds")
    expect(side.get_by_role("alert")).to_have_count(0)


def test_a_service_that_hangs_is_told_long_before_twelve_seconds_and_asked_once_more(home):
    """Three seconds, which are a twentieth here; the list stays."""
    held = []
    home.add_init_script(HURRIED)
    home.reload()
    expect(home.locator(".row").first).to_be_visible()
    home.route("**/search", lambda route: route.fallback() if held else held.append(route))
    home.get_by_label(BOX).fill("bell")
    expect(home.get_by_role("alert")).to_contain_text("has not answered for 3 seconds")
    expect(home.locator(".row").nth(EACH)).to_be_visible()
    home.get_by_role("button", name="Try again").click()
    expect(home.locator(".row-title")).to_have_text([re.compile("^bell")] * EACH)
    expect(home.locator(".trouble")).to_have_count(0)

"""Where playback of a sound starts, and starts again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.page.conftest import ENDLESS

NOTED = """(() => {
  window.starts = [];
  window.pauses = [];
  window.players = [];
  const { play, pause } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function () {
    window.starts.push(this.currentTime);
    window.players.push(this);
    return play.call(this);
  };
  HTMLMediaElement.prototype.pause = function () { pause.call(this); window.pauses.push(this.currentTime); };
})()"""
"""Notes where every playing starts and is paused, and by which element."""


def starts(page, count):
    """Where the playings started, once there are so many."""
    page.wait_for_function("(count) => window.starts.length >= count", arg=count)
    return page.evaluate("() => window.starts")


MATCH_S = 0.8


def answer_with_a_late_match(route):
    """The service's answer; what an example finds starts some way into the file."""
    answer = route.fetch()
    found = answer.json()
    if "clip_id" in route.request.post_data_json["parts"][0]:
        for hit in found["hits"]:
            hit["start_s"] = MATCH_S
    route.fulfill(response=answer, json=found)


@pytest.fixture
def endless(page):
    """What plays plays on until it is paused."""
    page.add_init_script(ENDLESS)


@pytest.fixture
def played(page, service):
    """A page on which the first hit plays from its match; and the hit's title."""
    page.add_init_script(NOTED)
    page.route("**/search", answer_with_a_late_match)
    clip = next(one for one in service.get("/api/v1/clips?limit=100").json()["clips"] if one["title"] == "dog 5")
    page.goto(f"{service.url}/?part=clip:{clip['id']}")
    row = page.locator(".row").first
    expect(row).to_contain_text("%")
    title = row.locator(".row-title").inner_text()
    row.get_by_label(f"Play {title}").click()
    expect(page.locator(".player-time")).to_have_text(re.compile(r"^0:0[1-9]"))
    assert starts(page, 1) == [MATCH_S]
    return page, title


@pytest.mark.usefixtures("endless")
def test_a_sound_that_ended_starts_from_its_match_again(played):
    """By the row, and by the player's own button."""
    page, title = played
    for count, button in ((2, f"Play {title}"), (3, "Play")):
        expect(page.get_by_label("Pause", exact=True)).to_be_visible()
        page.get_by_role("slider", name="Position").fill("990")
        page.evaluate("() => { window.players.at(-1).loop = false; }")
        expect(page.get_by_label("Play", exact=True)).to_be_visible()
        page.get_by_label(button, exact=True).click()
        assert starts(page, count) == [MATCH_S] * count


@pytest.mark.thorough
@pytest.mark.usefixtures("endless")
def test_a_paused_sound_goes_on_where_it_was(played):
    page, title = played
    page.get_by_label(f"Pause {title}").click()
    page.get_by_label(f"Play {title}").click()
    assert starts(page, 2)[1] == page.evaluate("() => window.pauses.at(-1)")


@pytest.mark.thorough
@pytest.mark.usefixtures("endless")
def test_the_same_sound_of_another_answer_starts_from_its_own_match(played):
    """Paused in the middle, found again by a new question: it plays from what matched that one."""
    page, title = played
    page.get_by_label(f"Pause {title}").click()
    page.get_by_label("Remove dog 5").click()
    page.get_by_label("What are you looking for?").fill(title)
    row = page.locator(".row", has_text=title).first
    expect(row.get_by_label(re.compile("^matches from 0:00.0"))).to_be_visible()
    expect(page.locator(".busy-on")).to_have_count(0)
    row.get_by_label(f"Play {title}").click()
    assert starts(page, 2)[1] == 0


def test_what_cannot_be_played_does_not_look_like_playing(home):
    """A file that is away is said to be; where the service is gone, that is said and nothing else."""
    gone = False

    def answer(route):
        if gone:
            route.abort()
        elif route.request.url.endswith("/audio"):
            route.fulfill(status=404, json={"detail": "the file is not there now"})
        else:
            route.continue_()

    home.route("**/api/v1/**", answer)
    home.get_by_label(re.compile("^Play ")).first.click()
    expect(home.locator(".toast")).to_contain_text("cannot be played: the file is not there now")
    expect(home.get_by_label(re.compile("^Pause"))).to_have_count(0)
    gone = True
    second = home.locator(".row-title").nth(1).inner_text()
    home.get_by_role("grid", name="Sounds").get_by_label(f"Play {second}").click()
    expect(home.get_by_text("The search service does not answer.")).to_be_visible()
    expect(home.get_by_label(re.compile("^Pause"))).to_have_count(0)
    expect(home.locator(".toast", has_text=second)).to_have_count(0)

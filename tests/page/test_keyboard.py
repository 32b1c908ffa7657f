"""By keyboard: focus is never lost, and everything can be done without a pointer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.amounts import few
from tests.page.conftest import FOLLOW, let_go, standing_still
from tests.waiting import wait_until


@pytest.fixture
def chips(page, service):
    """A question of three words."""
    page.goto(f"{service.url}/?part=text:rain&part=text:bell&part=text:dog")
    expect(page.locator(".chip")).to_have_count(3)
    return page


@pytest.mark.thorough
def test_a_chip_that_is_weighed_or_turned_round_keeps_the_focus(chips):
    weight = chips.locator(".chip").nth(1).get_by_label(re.compile("how much it counts"))
    weight.focus()
    for name in ("much", "a little"):
        chips.keyboard.press("Enter")
        expect(weight).to_have_text(name)
        expect(weight).to_be_focused()
    sign = chips.locator(".chip").nth(1).locator(".chip-sign")
    sign.focus()
    chips.keyboard.press("Enter")
    expect(chips.locator(".chip-not")).to_have_count(1)
    expect(sign).to_be_focused()


@pytest.mark.thorough
def test_a_removed_chip_leaves_the_focus_to_its_neighbour_and_the_last_to_the_box(chips):
    chips.get_by_label("Remove bell").focus()
    for label in ("Remove dog", "Remove rain", "What are you looking for?"):
        chips.keyboard.press("Enter")
        expect(chips.get_by_label(label)).to_be_focused()
    expect(chips.locator(".chip")).to_have_count(0)


@pytest.mark.parametrize("by", few(["the button", "Escape"]))
def test_a_closed_inspector_gives_the_focus_back_to_its_row(home, by):
    """Also where another row was chosen meanwhile: then to that one."""
    home.locator(".row-title").nth(1).click()
    home.keyboard.press("ArrowDown")
    third = home.locator(".row-title").nth(2)
    expect(home.locator(".inspector h2")).to_have_text(third.inner_text())
    if by == "Escape":
        home.keyboard.press("Escape")
    else:
        home.locator(".inspector").get_by_label("Close").focus()
        home.keyboard.press("Enter")
    expect(home.locator(".inspector")).to_have_count(0)
    expect(third).to_be_focused()


@pytest.mark.thorough
def test_what_was_opened_from_the_strip_gives_the_focus_back_to_it(home):
    card = home.locator(".card-title").first
    card.click()
    home.locator(".inspector").get_by_label("Close").click()
    expect(card).to_be_focused()


@pytest.mark.parametrize("by", few(["Close", "Escape"]))
def test_a_closed_dialog_gives_the_focus_back(home, by):
    keys = home.get_by_role("button", name="Keyboard")
    keys.focus()
    home.keyboard.press("Enter")
    expect(home.get_by_role("heading", name="Keyboard")).to_be_visible()
    if by == "Close":
        home.get_by_role("button", name="Close").press("Enter")
    else:
        home.keyboard.press("Escape")
    expect(home.get_by_role("heading", name="Keyboard")).to_have_count(0)
    expect(keys).to_be_focused()


def test_a_row_that_is_scrolled_away_leaves_the_focus_to_the_list(home):
    home.locator(".row-title").first.focus()
    home.locator(".list").evaluate("(list) => list.scrollTo(0, list.scrollHeight)")
    expect(home.locator(".row[aria-rowindex='1']")).to_have_count(0)
    expect(home.locator(".list")).to_be_focused()


def test_space_on_a_title_plays_its_row_and_arrows_go_on_from_there(home):
    """Space plays and pauses what the focus is on; after an arrow Enter means the row that is chosen."""
    first, second = home.locator(".row-title").all()[:2]
    first.click()
    expect(home.locator(".inspector")).to_be_visible()
    home.keyboard.press("Space")
    expect(home.get_by_role("region", name="Player")).to_contain_text(first.inner_text())
    home.keyboard.press("Escape")
    expect(first).to_be_focused()
    home.keyboard.press("ArrowDown")
    home.keyboard.press("ArrowDown")
    home.keyboard.press("Enter")
    expect(home.locator(".inspector h2")).to_have_text(home.locator(".row-title").nth(2).inner_text())
    second.focus()
    home.keyboard.press("Space")
    expect(home.get_by_role("region", name="Player")).to_contain_text(second.inner_text())


@pytest.mark.thorough
def test_whoever_goes_on_at_once_after_closing_a_sound_is_not_called_back(page, service):
    """The focus was given back a moment later: an arrow pressed meanwhile was undone, Enter opened the old sound."""
    page.clock.install()
    page.goto(service.url)
    titles = page.locator(".row-title")
    titles.first.click()
    expect(page.locator(".inspector")).to_be_visible()
    with standing_still(page):
        page.keyboard.press("Escape")
        expect(titles.first).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(page.locator(".list")).to_be_focused()
    expect(page.locator(".list")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".inspector h2")).to_have_text(titles.nth(1).inner_text())


def test_a_dialog_has_the_key_that_follows_the_one_that_opened_it(page, service):
    """It opened a moment later, and that key went to the list below."""
    page.clock.install()
    page.goto(service.url)
    page.locator(".row-title").first.focus()
    with standing_still(page):
        page.keyboard.press("?")
        page.keyboard.press("a")
        expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
        expect(page.get_by_role("button", name="Audition")).to_have_attribute("aria-pressed", "false")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_escape_closes_a_dialog_that_is_still_on_its_way(page, service):
    """Its code is fetched when it is opened: it came when nobody wanted it any more, and stood in the way."""
    held = []

    def hold(route):
        held.append(route)

    page.route("**/assets/settings-*.js", hold)
    page.goto(service.url)
    expect(page.locator(".row").first).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    wait_until(lambda: page.evaluate("1") and held)
    page.keyboard.press("Escape")
    with page.expect_event("requestfinished", lambda one: "settings-" in one.url):
        held[0].continue_()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(1)


@pytest.mark.thorough
def test_keys_for_rows_do_nothing_where_no_row_is_shown(home):
    """In the library M would ask for more like a sound that nobody sees."""
    home.locator(".row-title").first.click()
    home.get_by_role("link", name="Library").click()
    expect(home.get_by_role("heading", name="Library")).to_be_visible()
    for key in ("m", "a", "Space", "Escape"):
        home.keyboard.press(key)
    expect(home).to_have_url(re.compile("/library$"))
    expect(home.get_by_role("region", name="Player")).to_have_count(0)
    home.get_by_role("link", name="Search").click()
    expect(home.locator(".inspector")).to_be_visible()


@pytest.fixture
def picker(home, sounds):
    """The choice of a passage of a dropped file of four seconds."""
    home.get_by_label("Choose sounds").set_input_files(sounds / "things" / "door 4.wav")
    home.get_by_label("Choose a passage").focus()
    home.keyboard.press("Enter")
    expect(home.locator("dialog .cutter-wave canvas").first).to_be_attached()
    expect(home.get_by_role("spinbutton", name="to")).to_have_value("4")
    return home


@pytest.mark.thorough
def test_a_passage_is_chosen_in_numbers(picker):
    """Typed numbers are drawn and asked for; the chip that they are of has the focus then."""
    for label, value in (("from", "1"), ("to", "2.5")):
        picker.get_by_role("spinbutton", name=label).focus()
        picker.keyboard.press("ControlOrMeta+a")
        picker.keyboard.type(value)
        picker.keyboard.press("Enter")
    expect(picker.get_by_text("From 0:01.0 to 0:02.5")).to_be_visible()
    expect(picker.locator("dialog [part*='region ']")).to_have_count(1)
    picker.get_by_role("button", name="Ask for this passage").press("Enter")
    chosen = picker.get_by_label("0:01.0–0:02.5: choose a passage")
    expect(chosen).to_be_focused()
    chosen.press("Enter")
    expect(picker.get_by_role("spinbutton", name="from")).to_have_value("1")
    expect(picker.get_by_role("spinbutton", name="to")).to_have_value("2.5")


@pytest.mark.thorough
def test_a_dialog_that_was_closed_leaves_the_next_one_open(picker):
    """The browser tells a moment later that a dialog was closed, when another one may be open."""
    first = picker.locator("dialog").element_handle()
    picker.get_by_role("button", name="Ask for all of it").press("Enter")
    expect(picker.get_by_role("dialog")).to_have_count(0)
    picker.get_by_label("Choose a passage").press("Enter")
    expect(picker.get_by_role("dialog")).to_be_visible()
    first.evaluate("(dialog) => dialog.dispatchEvent(new Event('close'))")
    picker.evaluate("() => new Promise(requestAnimationFrame)")
    expect(picker.get_by_role("dialog")).to_be_visible()


@pytest.mark.thorough
def test_numbers_that_make_no_passage_are_told_and_change_nothing(picker):
    picker.get_by_role("spinbutton", name="from").fill("3")
    picker.get_by_role("spinbutton", name="from").press("Enter")
    expect(picker.get_by_text("From 0:03.0 to 0:04.0")).to_be_visible()
    picker.get_by_role("spinbutton", name="to").fill("2")
    picker.get_by_role("spinbutton", name="to").press("Enter")
    expect(picker.get_by_role("alert")).to_contain_text("It has to end after it starts")
    expect(picker.get_by_role("spinbutton", name="to")).to_have_value("2")
    expect(picker.get_by_text("From 0:03.0 to 0:04.0")).to_be_visible()


@pytest.mark.thorough
def test_numbers_follow_what_is_dragged(picker):
    expect(picker.locator("dialog .cutter-wave")).to_have_attribute("aria-busy", "false")
    place = picker.locator("dialog .cutter-wave").bounding_box()
    picker.mouse.move(place["x"] + place["width"] * 0.25, place["y"] + 40)
    picker.mouse.down()
    picker.mouse.move(place["x"] + place["width"] * 0.75, place["y"] + 40, steps=8)
    let_go(picker)
    expect(picker.get_by_role("spinbutton", name="from")).to_have_value(re.compile(r"^(1|0\.9|1\.0)"))
    expect(picker.get_by_role("spinbutton", name="to")).to_have_value(re.compile(r"^(3|2\.9|3\.0)"))


@pytest.mark.thorough
def test_a_passage_is_heard_before_it_is_asked_for(picker):
    """From where it starts to where it ends; a second press pauses."""
    picker.evaluate(FOLLOW)
    picker.get_by_role("spinbutton", name="from").fill("1")
    picker.get_by_role("spinbutton", name="from").press("Enter")
    picker.get_by_role("spinbutton", name="to").fill("1.2")
    picker.get_by_role("spinbutton", name="to").press("Enter")
    picker.get_by_role("button", name="Play the passage").press("Enter")
    picker.wait_for_function("() => window.paused.length > 0")
    [[begun, ended]] = picker.evaluate("() => window.paused")
    assert begun == 1
    assert 1.2 <= ended < 4
    expect(picker.get_by_role("button", name="Play the passage")).to_be_focused()


@pytest.mark.thorough
def test_end_and_page_keys_choose_too(home):
    """What Enter means is in sight: the list never moves away from the chosen sound."""
    expect(home.locator(".card").first).to_be_visible()  # the list has its place
    home.keyboard.press("ArrowDown")
    chosen = home.locator(".row-chosen")
    home.keyboard.press("End")
    expect(chosen).to_have_attribute("aria-rowindex", "40")
    expect(chosen).to_be_in_viewport()
    home.keyboard.press("PageUp")
    expect(chosen).not_to_have_attribute("aria-rowindex", "40")
    expect(chosen).to_be_in_viewport()
    home.keyboard.press("Home")
    expect(chosen).to_have_attribute("aria-rowindex", "1")

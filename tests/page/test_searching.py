"""Queries, answers, filters and the keyboard, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.amounts import few
from tests.page.conftest import EACH, KINDS, ask, let_go
from tests.waiting import wait_until


def found(page, title):
    """The row of a title, looked for by its first word."""
    ask(page, title.split()[0])
    return page.locator(".row", has_text=title)


def drag(page, wave, start, end):
    """Draw a passage on a waveform, from one share of its width to another."""
    expect(wave).to_have_attribute("aria-busy", "false")
    place = wave.bounding_box()
    page.mouse.move(place["x"] + place["width"] * start, place["y"] + 40)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * end, place["y"] + 40, steps=8)
    let_go(page)


def typed_passage(page, title, start, end):
    """Open a sound and type a passage of it; the two fields."""
    found(page, title).locator(".row-title").click()
    page.get_by_text("Passage in numbers").click()
    first, last = (page.get_by_role("spinbutton", name=name) for name in ("from", "to"))
    first.fill(start)
    last.fill(end)
    last.press("Tab")
    return first, last


def test_typing_finds_by_words_and_the_address_has_the_question(home):
    """Hits come while typing; the address is the question, so a reload asks the same."""
    home.get_by_label("What are you looking for?").press_sequentially("rain", delay=20)
    expect(home.locator(".row-title")).to_have_text([re.compile("^rain")] * EACH)
    expect(home).to_have_url(re.compile(r"\?q=rain$"))
    home.reload()
    expect(home.locator(".row")).to_have_count(EACH)


def test_enter_makes_chips_and_a_no_is_unwanted(home):
    """ "horn, no bell" becomes a wanted and an unwanted chip; their signs and weights change, and they go."""
    box = home.get_by_label("What are you looking for?")
    box.fill("horn, no bell")
    box.press("Enter")
    expect(home.locator(".chip")).to_have_count(2)
    expect(home.locator(".chip-not .chip-name")).to_have_text("not bell")
    expect(home).to_have_url(re.compile(r"part=-1(\*|%2A)text"))
    home.get_by_label("Not like this; make it wanted").click()
    expect(home.locator(".chip-not")).to_have_count(0)
    home.get_by_label("×1: how much it counts").first.click()
    expect(home).to_have_url(re.compile(r"part=2(\*|%2A)text"))
    home.get_by_label("Remove bell").click()
    expect(home.locator(".chip")).to_have_count(1)
    home.go_back()
    expect(home.locator(".chip")).to_have_count(2)


def test_a_question_of_unwanted_parts_alone_says_what_is_missing(home, service):
    home.goto(f"{service.url}/?part=-1*text:rain")
    expect(home.get_by_role("alert")).to_contain_text("Add something that you want")


def test_more_like_this_asks_by_example_and_back_comes_back(home):
    """The neighbours of a clip are of its kind; the history knows the way back."""
    found(home, "bell 2").get_by_label("More like this").click()
    expect(home.locator(".chip")).to_contain_text("bell 2")
    expect(home.locator(".busy-on")).to_have_count(0)
    for place in range(EACH - 1):
        expect(home.locator(".row-title").nth(place)).to_contain_text("bell")
    expect(home.locator(".score-word").first).to_have_text(re.compile("Sure|Likely|Possible"))
    home.go_back()
    expect(home.get_by_label("What are you looking for?")).to_have_value("bell")


def test_back_on_a_phone_closes_the_open_sound_and_keeps_the_question(page, service):
    """A sound covers the page there; the next Back goes to the question before."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{service.url}/?q=bell")
    page.goto(f"{service.url}/?q=dog")
    page.locator(".row-title").first.click()
    expect(page.locator(".inspector h2")).to_have_text(re.compile("^dog"))
    page.go_back()
    expect(page.locator(".inspector")).to_have_count(0)
    expect(page.get_by_label("What are you looking for?")).to_have_value("dog")
    page.go_back()
    expect(page.get_by_label("What are you looking for?")).to_have_value("bell")


def test_a_file_is_dropped_or_chosen_and_survives_a_reload(home, sounds):
    """A file becomes a chip and finds itself; this browser keeps it under the address."""
    home.get_by_label("Choose sounds").set_input_files(sounds / "things" / "dog 3.wav")
    expect(home.locator(".chip")).to_contain_text("dog 3.wav")
    expect(home.locator(".row-title").first).to_have_text("dog 3")
    home.reload()
    expect(home.locator(".chip")).to_contain_text("dog 3.wav")
    expect(home.locator(".row-title").first).to_have_text("dog 3")


def test_an_address_from_someone_else_says_that_their_sound_is_not_here(page, service):
    page.goto(f"{service.url}/?part=audio:0123456789ab")
    expect(page.get_by_role("alert")).to_contain_text("not kept in this browser")
    expect(page.locator(".chip-lost")).to_contain_text("not here")


def test_a_passage_is_dragged_on_a_waveform_and_asked_for(home):
    """Dragging over the waveform of a hit chooses a passage, a button makes it a part of the question."""
    found(home, "glass 5").locator(".row-title").click()
    wave = home.locator(".inspector .cutter-wave")
    drag(home, wave, 0.2, 0.6)
    home.get_by_role("button", name="Add passage").click()
    expect(home.locator(".chip")).to_contain_text("glass 5")
    expect(home).to_have_url(re.compile(r"clip%3A\d+%401(\.\d+)?-[23]"))
    expect(home.locator(".row-title").first).to_have_text(re.compile("glass"))


@pytest.mark.thorough
def test_the_passage_in_numbers_is_the_one_that_is_marked(home):
    """Dragging moves the numbers, and another sound begins with its own."""
    first, last = typed_passage(home, "glass 5", "0.5", "0.9")
    expect(home.get_by_role("button", name="Add passage")).to_be_visible()
    wave = home.locator(".inspector .cutter-wave")
    drag(home, wave, 0.2, 0.6)
    expect(first).to_have_value(re.compile(r"^1(\.\d+)?$"))
    expect(last).to_have_value(re.compile(r"^[23](\.\d+)?$"))
    found(home, "glass 4").locator(".row-title").click()
    expect(home.locator(".inspector h2")).to_have_text("glass 4")
    home.get_by_text("Passage in numbers").click()
    expect(first).to_have_value("0")


@pytest.mark.thorough
def test_what_is_looked_at_is_of_this_question(home):
    """A sound that the new answer does not have is closed; one that it has too says why it was found now."""
    box = home.get_by_label("What are you looking for?")
    box.fill("bell")
    found(home, "bell 2").locator(".row-title").click()
    expect(home.locator(".inspector h2")).to_have_text("bell 2")
    box.fill("bell 2")
    expect(home.locator(".row-title").first).to_have_text("bell 2")
    expect(home.locator(".inspector h2")).to_have_text("bell 2")
    box.fill("dog")
    expect(home.locator(".row-title").first).to_have_text(re.compile("dog"))
    expect(home.locator(".inspector")).to_have_count(0)


@pytest.mark.thorough
def test_typing_goes_on_in_the_box_while_the_chosen_sound_is_closed(home):
    """The answer to the first letters does not have it any more; the other letters are no shortcuts."""
    box = home.get_by_label("What are you looking for?")
    box.fill("bell")
    found(home, "bell 2").locator(".row-title").click()
    expect(home.locator(".inspector")).to_be_visible()
    box.fill("")
    box.press_sequentially("dog")
    expect(home.locator(".inspector")).to_have_count(0)
    box.press_sequentially(" bark")
    expect(box).to_have_value("dog bark")
    expect(box).to_be_focused()
    expect(home.get_by_role("dialog")).to_have_count(0)


@pytest.mark.thorough
def test_another_answer_with_the_same_sound_keeps_what_is_being_done_with_it(home):
    """A title that is half written, and the passage that was chosen."""
    typed_passage(home, "glass 5", "1.5", "2.5")
    home.get_by_label("Edit title and tags").click()
    title = home.get_by_role("textbox", name="Title")
    title.fill("shards")
    home.get_by_label("things").check()
    expect(home).to_have_url(re.compile("filter="))
    expect(home.locator(".busy-on")).to_have_count(0)
    expect(title).to_have_value("shards")
    expect(home.locator(".passage-tools")).to_contain_text("0:01.5–0:02.5")


ASTRAY = """(row) => {
  const box = (one) => one.getBoundingClientRect();
  const middle = (one) => (box(one).top + box(one).bottom) / 2;
  const parts = [...row.children].filter((part) => box(part).height > 0);
  const is_off = (part) => Math.abs(middle(part) - middle(row)) >= 8 || box(part).right > box(row).right + 1;
  return parts.filter(is_off).map((part) => part.className);
}"""


@pytest.mark.thorough
@pytest.mark.parametrize("width", few([1024, 1280, 1600, 1920, 2560]))
def test_rows_and_filters_can_be_used_beside_the_chosen_sound(home, width):
    """Whatever a row shows lies within it, on one line; filters are there, or a button for them is."""
    home.set_viewport_size({"width": width, "height": 900})
    home.get_by_label("What are you looking for?").fill("bell")
    row = found(home, "bell 2")
    row.locator(".row-title").click()
    expect(home.locator(".inspector h2")).to_have_text("bell 2")
    wait_until(lambda: row.evaluate(ASTRAY) == [], lambda: row.evaluate(ASTRAY))
    if not home.locator(".side").is_visible():
        home.get_by_role("button", name="Filters", exact=True).click()
    home.get_by_label("things").check()
    expect(home).to_have_url(re.compile("filter="))


@pytest.mark.thorough
def test_filters_of_ones_own_narrow_even_on_one_column(home):
    """Two boxes of a facet widen each other; two conditions that were typed both hold."""
    total = EACH * len(KINDS)
    for typed in ("duration_s > 1.5", "duration_s < 3.5"):
        home.get_by_label("Filter of your own").fill(typed)
        home.get_by_role("button", name="Add the filter").click()
        expect(home.get_by_label("Filter of your own")).to_have_value("")
    expect(home.locator(".summary")).to_have_text(f"{2 * len(KINDS)} sounds")
    home.get_by_role("button", name="Clear").click()
    expect(home.locator(".summary")).to_have_text(f"{total} sounds")
    for box in ("1 to 2 s", "things", "5 to 10 s"):
        home.get_by_label(box).check()
        expect(home.locator(".busy-on")).to_have_count(0)
    expect(home.locator(".summary")).to_have_text(f"{2 * (len(KINDS) - 2)} sounds")


@pytest.mark.thorough
def test_what_is_typed_while_a_filter_is_checked_stays(home):
    """The box is emptied of the filter that was added, not of the next one."""
    box = home.get_by_label("Filter of your own")

    def check(route):
        box.fill("duration_s < 3.5")
        route.continue_()

    home.route(re.compile(r"/clips\?.*limit=1&"), check, times=1)
    box.fill("duration_s > 1.5")
    home.get_by_role("button", name="Add the filter").click()
    expect(home).to_have_url(re.compile("filter="))
    expect(box).to_have_value("duration_s < 3.5")
    home.get_by_role("button", name="Add the filter").click()
    expect(home.locator(".summary")).to_have_text(f"{2 * len(KINDS)} sounds")
    expect(box).to_have_value("")


@pytest.mark.thorough
def test_the_passage_of_a_dropped_file_is_chosen_in_a_dialog(home, sounds):
    home.get_by_label("Choose sounds").set_input_files(sounds / "things" / "door 4.wav")
    home.get_by_label("Choose a passage").click()
    wave = home.locator("dialog .cutter-wave")
    drag(home, wave, 0.25, 0.75)
    home.get_by_role("button", name="Ask for this passage").click()
    expect(home.locator(".chip-more").first).to_have_text(re.compile(r"0:0[01].\d–0:0[23].\d"))
    expect(home.locator(".row-title").first).to_have_text(re.compile("door"))


def test_filters_narrow_and_are_part_of_the_address(home):
    """A facet is a filter; two of a column widen each other, a filter of one's own narrows."""
    home.get_by_label("weather").check()
    expect(home.locator(".summary")).to_have_text(f"{2 * EACH} sounds")
    home.get_by_label("Filter of your own").fill('title ~ "wind"')
    home.get_by_role("button", name="Add the filter").click()
    expect(home.locator(".summary")).to_have_text(f"{EACH} sounds")
    expect(home).to_have_url(re.compile("filter=.*filter="))
    home.reload()
    expect(home.locator(".summary")).to_have_text(f"{EACH} sounds")
    home.get_by_role("button", name="Clear").click()
    expect(home.locator(".summary")).to_have_text(f"{EACH * len(KINDS)} sounds")


@pytest.mark.thorough
def test_the_order_of_all_sounds_is_part_of_the_address(home, service):
    """A reload keeps it, the way back undoes it, and what is no order is left out."""
    order = home.get_by_label("Order")
    order.select_option("title")
    expect(home.locator(".row-title").first).to_have_text("bell 1")
    expect(home).to_have_url(re.compile(r"/\?order=title$"))
    home.reload()
    expect(home.locator(".row-title").first).to_have_text("bell 1")
    expect(order).to_have_value("title")
    home.get_by_label("weather").check()
    expect(home.locator(".row-title").first).to_have_text("rain 1")
    home.go_back()
    home.go_back()
    expect(order).to_have_value("-added")
    expect(home.locator(".row-title").first).not_to_have_text("bell 1")
    home.goto(f"{service.url}/?order=size")
    expect(order).to_have_value("-added")
    expect(home.locator(".row").first).to_be_visible()


@pytest.mark.thorough
def test_the_title_says_what_is_asked_and_where_one_is(home):
    """Tabs, bookmarks and the history tell questions apart."""
    expect(home).to_have_title("Soundalike")
    found(home, "bell 2").get_by_label("More like this").click()
    expect(home).to_have_title("like bell 2 · Soundalike")
    home.get_by_role("link", name="Map").click()
    expect(home).to_have_title("like bell 2 · Map · Soundalike")
    home.get_by_role("link", name="Library").click()
    expect(home).to_have_title("Library · Soundalike")
    home.get_by_role("link", name="Search").click()
    home.get_by_label("What are you looking for?").fill("rain, no wind")
    expect(home).to_have_title("like bell 2, rain, no wind · Soundalike")
    home.get_by_label("Remove bell 2").click()
    home.get_by_label("What are you looking for?").press("Enter")
    expect(home).to_have_title("rain, not wind · Soundalike")
    home.get_by_label("What are you looking for?").fill("x" * 200)
    expect(home).to_have_title(f"rain, not wind, {'x' * 44}… · Soundalike")


def test_a_filter_that_does_not_parse_is_told_in_the_services_words(home):
    home.get_by_label("Filter of your own").fill("duration_s <")
    home.get_by_role("button", name="Add the filter").click()
    expect(home.get_by_role("alert")).to_contain_text("duration_s")


@pytest.mark.parametrize("others", few(["", "filter=duration_s%20%3E%201&"]))
def test_a_bad_filter_of_an_address_is_quoted_as_it_stands_there(page, service, others):
    """Beside others it is found out which; all can be taken away."""
    page.goto(f"{service.url}/?{others}filter=duration_s%20%3C")
    alert = page.locator(".screen").get_by_role("alert")
    expect(alert).to_contain_text("duration_s <")
    expect(alert).not_to_contain_text("(duration_s")
    page.get_by_role("button", name="Search without filters").click()
    expect(page.locator(".summary")).to_have_text(f"{EACH * len(KINDS)} sounds")


def test_nothing_sounds_like_that(home):
    home.get_by_label("What are you looking for?").fill("zyxwvu")
    expect(home.get_by_role("heading", name="Nothing sounds like that")).to_be_visible()
    home.get_by_role("button", name="Show all sounds").click()
    expect(home.locator(".row").first).to_be_visible()


def test_a_hit_plays_from_its_match(home):
    """Play starts at the matching passage, and the bar says what plays."""
    found(home, "dog 5").get_by_label("More like this").click()
    expect(home.locator(".chip")).to_contain_text("dog 5")
    row = home.locator(".row").first
    expect(row).to_contain_text("%")  # the answer has come: it says how sure it is
    title = row.get_by_label(re.compile("^Play")).get_attribute("aria-label").removeprefix("Play ")
    row.get_by_label(re.compile("^Play")).click()
    expect(home.get_by_role("region", name="Player")).to_contain_text(title)
    expect(home.locator(".player-time")).to_have_text(re.compile(r"^0:0[1-9]"))


def test_everything_can_be_done_by_keyboard(home):
    """/ types, arrows choose, space plays, enter shows, M asks for more like it, Esc closes, ? tells."""
    home.keyboard.press("/")
    home.keyboard.type("step")
    expect(home.locator(".row")).to_have_count(EACH)
    expect(home).to_have_url(re.compile("q=step$"))
    expect(home.locator(".busy-on")).to_have_count(0)
    home.keyboard.press("ArrowDown")
    home.keyboard.press("ArrowDown")
    expect(home.locator(".row-chosen")).to_have_attribute("aria-rowindex", "2")
    chosen = home.locator(".row-chosen .row-title").inner_text()
    home.keyboard.press("Space")
    # the sound may have ended before a busy machine looks
    expect(home.get_by_role("region", name="Player")).to_contain_text(chosen)
    expect(home.get_by_role("slider", name="Position")).not_to_have_value("0")
    home.keyboard.press("Enter")
    expect(home.locator(".inspector")).to_be_visible()
    home.keyboard.press("s")
    expect(home.locator(".spectrogram")).to_be_visible()
    expect(home.locator(".spectrogram")).to_have_js_property("naturalWidth", 800)
    home.keyboard.press("Escape")
    expect(home.locator(".inspector")).to_have_count(0)
    home.keyboard.press("m")
    expect(home.locator(".chip")).to_have_count(1)
    home.keyboard.press("?")
    expect(home.get_by_role("heading", name="Keyboard")).to_be_visible()


@pytest.mark.thorough
def test_single_letters_can_be_turned_off(home):
    """WCAG 2.1.4: with the switch off a letter does nothing."""
    home.get_by_role("button", name="Keyboard").click()
    home.get_by_label("Single letters are shortcuts").uncheck()
    home.get_by_role("button", name="Close").click()
    home.locator(".list").focus()
    home.keyboard.press("ArrowDown")
    home.keyboard.press("m")
    expect(home.locator(".chip")).to_have_count(0)


@pytest.mark.parametrize("scheme", few(["dark", "light"]))
def test_colours_follow_the_system_until_they_are_chosen(home, scheme):
    home.emulate_media(color_scheme=scheme)
    dark, light = "rgb(18, 20, 24)", "rgb(246, 246, 244)"
    ground = home.locator("body")
    expect(ground).to_have_css("background-color", dark if scheme == "dark" else light)
    switch = home.get_by_role("button", name=re.compile("^Colours"))
    switch.click()
    expect(ground).to_have_css("background-color", dark)
    switch.click()
    expect(ground).to_have_css("background-color", light)


@pytest.mark.thorough
def test_a_waveform_marks_the_passage_that_matched_and_follows_the_width(home):
    """Bars inside the passage are a path of their own; a narrower window draws fewer bars, not thinner ones."""
    row = home.locator(".row").first
    expect(row.locator(".wave path").first).to_have_attribute("d", re.compile("^(M[^M]+){51}"))
    expect(row.locator(".wave-match")).to_have_count(0)  # nobody asked for a passage
    plain = home.evaluate("() => document.querySelector('.row .wave path').getAttribute('d').split('M').length - 1")
    home.set_viewport_size({"width": 800, "height": 800})
    expect(row.locator(".wave path").first).not_to_have_attribute("d", "")
    home.wait_for_function(
        "(before) => document.querySelector('.row .wave path').getAttribute('d').split('M').length - 1 < before",
        arg=plain,
    )
    title = row.locator(".row-title").inner_text()
    home.get_by_label("What are you looking for?").fill(title)
    match = home.locator(".row").filter(has_text=title).first.locator(".wave-match")
    expect(match).to_have_attribute("d", re.compile("^M"))  # of a row that was there before the question


@pytest.mark.thorough
def test_a_file_is_asked_at_another_speed_and_by_its_other_sound_track(home, sounds):
    """Bats, and films in several languages: chosen where the passage is; the chip says so, the address keeps it."""
    home.get_by_label("Choose sounds").set_input_files(sounds / "things" / "door 4.wav")
    expect(home.locator(".row-title").first).to_have_text("door 4")
    home.get_by_label("Choose a passage").click()
    home.get_by_text("Speed and sound track").click()
    home.get_by_role("spinbutton", name="played at").fill("0.1")
    home.get_by_role("spinbutton", name="sound track").fill("1")
    home.get_by_role("button", name="Ask for all of it").click()
    expect(home.get_by_label("@1, 0.1 × speed: choose a passage")).to_be_visible()
    expect(home.get_by_role("alert")).to_contain_text("track 1")  # the file has but one: the service heard of it
    home.get_by_label("@1, 0.1 × speed: choose a passage").click()
    home.get_by_role("spinbutton", name="sound track").fill("")
    home.get_by_role("button", name="Ask for all of it").click()
    expect(home.locator(".row-title").first).to_have_text(re.compile("^(?!door)"))  # slow doors are no doors
    expect(home).to_have_url(re.compile(r"part=audio(%3A|:)[0-9a-f]+x0\.1$"))
    home.reload()
    expect(home.get_by_label("0.1 × speed: choose a passage")).to_be_visible()

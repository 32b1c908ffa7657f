"""Whole flows on the page, from the first press to the outcome, at every width, in both themes, by touch too.

One flow for each thing that the page is for: to audition, keep, get out, see, steer, look after the library, the map,
two languages. What else holds of each is in the other files here.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from tests.page.hand import everywhere
from tests.page.test_audition import NOTED, clip_of
from tests.page.test_many import DRAGGED, saved
from tests.page.test_seeing import long, opened  # noqa: F401 - a fixture
from tests.service.conftest import wav
from tests.waiting import wait_until

BOX = "What are you looking for?"


def asked(hand, address):
    """Go to an address that asks; the hits of its answer, once they are listed."""
    with hand.page.expect_response("**/api/v1/search") as answer:
        hand.page.goto(address)
    expect(hand.page.locator(".list .row").first).to_be_visible()
    expect(hand.page.locator(".busy-on")).to_have_count(0)
    return answer.value.json()["hits"]


def number_of(service, title):
    clips = service.get("/api/v1/clips", params={"where": f'title = "{title}"'}).json()["clips"]
    return clips[0]["id"]


def started(page, hit):
    """Wait until a hit plays from its match."""
    last = "window.starts?.at(-1) ?? []"
    page.wait_for_function(
        f"([clip, from_s]) => {{ const [now, at_s] = {last}; return now === clip && at_s === from_s }}",
        arg=[hit["clip_id"], hit["start_s"]],
    )


@everywhere(390, "light")
def test_audition(hand, measured):
    """What is chosen plays at once from its match, again and again, and from where one points."""
    page = hand.page
    page.add_init_script(NOTED)
    question = number_of(measured, "dog 5")
    hits = asked(hand, f"{measured.url}/?part=clip:{question}@1-3")
    rows = page.locator(".list .row")
    hand.press(page.get_by_role("button", name="Audition"))
    expect(page.get_by_role("button", name="Audition")).to_have_attribute("aria-pressed", "true")
    shown = hand.open(rows.nth(1))
    started(page, hits[1])
    hand.close(shown)
    if hand.touches:
        hand.press(page.get_by_role("button", name="Next sound"))
    else:
        page.keyboard.press("ArrowDown")
    started(page, hits[2])

    hand.press(page.get_by_role("button", name="Again and again: what matched"))
    hand.press(rows.nth(3).get_by_label(re.compile("^Play ")))
    started(page, hits[3])
    page.wait_for_function("(at) => window.seeks.filter((one) => one === at).length > 1", arg=hits[3]["start_s"])
    expect(rows.nth(3).locator(".wave path[d^=M]").first).to_be_attached()
    hand.press_at(rows.nth(3).locator(".waveform"), 0.75)
    length_s = page.evaluate("() => window.player.duration")
    near = "([at, within]) => window.seeks.some((one) => Math.abs(one - at) < within)"
    page.wait_for_function(near, arg=[0.75 * length_s, 0.02 * length_s])
    hand.press_at(page.get_by_role("slider", name="Position"), 0.25)
    page.wait_for_function(near, arg=[0.25 * length_s, 0.1 * length_s])
    assert clip_of(rows.nth(3)) == hits[3]["clip_id"]
    hand.look()


@everywhere(390, "light")
def test_transport(hand, measured):
    """As loud, fast and high as one likes, backwards, equally loud; the question's sound and the hit in turn."""
    page = hand.page
    page.add_init_script(NOTED)
    question = number_of(measured, "dog 5")
    hits = asked(hand, f"{measured.url}/?part=clip:{question}@1-3")
    hand.press(page.locator(".list .row").nth(1).get_by_label(re.compile("^Play ")))
    started(page, hits[1])
    player = page.get_by_role("region", name="Player")
    hand.press(player.get_by_role("button", name="Again and again"))
    more = player.get_by_role("button", name="Loudness and speed")
    if more.is_visible():
        hand.press(more)
    hand.press_at(player.get_by_role("slider", name="Volume"), 0.5)
    expect(player.locator(".transport-level")).to_have_text(re.compile(r"^−(2|3)\d dB$"))
    page.wait_for_function("() => window.player.volume < 0.1 && window.player.volume > 0.01")
    player.get_by_role("combobox", name="Speed").select_option("0.5")
    hand.press(player.get_by_role("button", name="Keep the pitch"))
    page.wait_for_function("() => window.player.playbackRate === 0.5 && !window.player.preservesPitch")
    hand.press_at(player.get_by_role("slider", name="Volume"), 0.999)
    page.wait_for_function("() => window.player.volume === 1")
    loudness = measured.get(f"/api/v1/clips/{hits[1]['clip_id']}/facts").json()["facts"]["loudness"]
    hand.press(player.get_by_role("button", name="Equally loud"))
    wanted = min(1.0, 10 ** ((-23 - loudness) / 20))
    page.wait_for_function("(gain) => Math.abs(window.player.volume - gain) < 0.01", arg=wanted)

    turn = player.get_by_role("button", name="Backwards", exact=True)
    hand.press(turn)
    expect(player.locator(".player-title")).to_contain_text("(backwards)")
    hand.press(turn)
    expect(player.locator(".player-title")).not_to_contain_text("(backwards)")
    hand.press(player.get_by_role("button", name="A/B"))
    expect(player.locator(".player-title")).to_have_text("A: dog 5")
    page.wait_for_function(
        "(clip) => { const [now, at_s] = window.starts.at(-1); return now === clip && at_s >= 1 && at_s <= 3 }",
        arg=question,
    )
    hand.look()
    hand.press(player.get_by_role("button", name="A/B"))
    expect(player.locator(".player-title")).to_have_text(hits[1]["title"])


@everywhere(390, "light")
def test_keeping_lists(hand, own):
    """Liked, disliked and collected sounds are lists to ask in; each removal can be undone."""
    page, name = hand.page, f"bin {hand.name}"
    page.goto(f"{own.url}/?q=bell")
    with page.expect_response("**/feedback/**"):
        hand.press(page.locator(".row", has_text="bell 2").get_by_label("Like bell 2"))
    shown = hand.open(page.locator(".row", has_text="bell 3"))
    with page.expect_response("**/feedback/**"):
        hand.press(shown.get_by_role("button", name="Dislike"))
    hand.close(shown)
    bar = hand.select(3)
    hand.press(bar.get_by_role("button", name="Collect", exact=True))
    field = page.get_by_label("Collection, a new one or one that is there")
    field.fill(name)
    hand.press(bar.locator("form").get_by_role("button", name="Collect"))
    expect(field).to_have_count(0)
    with hand.filters() as side:
        hand.unfold(side, "Lists")
        expect(side.get_by_role("button", name="Liked 1", exact=True)).to_be_visible()
        expect(side.get_by_role("button", name="Disliked 1", exact=True)).to_be_visible()
        hand.press(side.get_by_role("button", name=f"{name} 3", exact=True))
        expect(side.locator(".chosen")).to_contain_text(name)
    expect(page.locator(".list .row")).to_have_count(3)
    hand.press(hand.select(1).get_by_role("button", name="Take out"))
    expect(page.locator(".list .row")).to_have_count(2)
    hand.press(page.locator(".toast", has_text="taken out").get_by_role("button", name="Undo"))
    expect(page.locator(".list .row")).to_have_count(3)
    with hand.filters() as side:
        hand.press(side.get_by_role("button", name=f"Delete the collection {name}"))
        expect(side.locator(".chosen")).to_have_count(0)
        hand.press(page.locator(".toast", has_text="is deleted").get_by_role("button", name="Undo"))
        expect(side.get_by_role("button", name=f"{name} 3", exact=True)).to_be_visible()
        hand.look()


@everywhere(390, "light")
def test_keeping_words(hand, own):
    """Own tags complete themselves, are a facet and found; a remark is marked; what was removed comes back."""
    page, tag = hand.page, f"hero{hand.width}{hand.theme}"
    page.goto(f"{own.url}/?q=glass")
    shown = hand.open(page.locator(".row", has_text="glass 4"))
    hand.press(shown.get_by_role("button", name="Edit title and tags"))
    shown.get_by_label("Your tags").fill(tag)
    shown.get_by_label("Remark").fill("clicks at the end")
    hand.press(shown.get_by_role("button", name="Save", exact=True))
    expect(shown.locator(".remark")).to_have_text("clicks at the end")
    expect(shown.locator(".own-tags")).to_contain_text(tag)
    hand.close(shown)
    expect(page.locator(".row", has_text="glass 4").locator(".row-remark")).to_have_count(1)
    bar = hand.select(1)
    hand.press(bar.get_by_role("button", name="Tags"))
    bar.get_by_label("Tags, separated by commas").fill(tag[:-1])
    expect(page.locator("#many-tags-known option")).to_have_attribute("value", tag)
    hand.press(bar.get_by_role("button", name="Select none"))

    page.get_by_label(BOX).fill("")
    with hand.filters() as side:
        hand.press(side.get_by_role("group", name="Your tags").get_by_text(tag, exact=True))
        expect(page).to_have_url(re.compile("filter="))
    expect(page.locator(".row-title")).to_have_text(["glass 4"])
    shown = hand.open(page.locator(".row"))
    hand.press(shown.get_by_role("button", name="Edit title and tags"))
    hand.press(shown.get_by_role("button", name="Remove", exact=True))
    expect(page.locator(".row")).to_have_count(0)
    hand.press(page.locator(".toast").get_by_role("button", name="Undo").last)
    expect(page.locator(".row-title")).to_have_text(["glass 4"])
    hand.press(page.get_by_role("button", name="Asked before"))
    before = page.get_by_role("region", name="Asked before")
    expect(before.locator("li").filter(has_text="glass")).to_have_count(1)
    hand.look()
    hand.press(before.get_by_role("button", name="glass", exact=True))
    expect(page.get_by_label(BOX)).to_have_value("glass")
    expect(page.locator(".row")).to_have_count(5)


@everywhere(390, "light")
def test_keeping_searches(hand, own):
    """A saved search tells of what came since, and marks it once."""
    page, word = hand.page, f"carillon{hand.width}{hand.theme}"
    page.goto(own.url)
    hand.ask(word)
    hand.press(page.get_by_role("button", name="Save this search"))
    page.get_by_label("Name of the search").fill(f"my {word}")
    hand.press(page.get_by_role("button", name="Save", exact=True))
    expect(page.locator(".toast", has_text="Saved")).to_be_visible()
    own.wait(own.upload((f"{word}.wav", wav(hand.width + len(hand.theme)))).json()["id"], "done")

    def unseen():
        searches = own.get("/api/v1/searches").json()["searches"]
        return [one["unseen"] for one in searches if one["name"] == f"my {word}"] == [1]

    wait_until(unseen)
    page.goto(own.url)
    if hand.touches:
        expect(page.locator(".filters-button")).to_contain_text("new")
    else:
        hand.press(page.get_by_role("button", name="New matches of saved searches"))
    with hand.filters() as side:
        hand.unfold(side, "Saved searches")
        saved_one = side.locator(".list-row", has_text=word)
        expect(saved_one).to_contain_text("1 new")
        hand.press(saved_one)
    new = page.locator(".row", has=page.locator(".new-count"))
    expect(new).to_have_count(1)
    expect(new).to_contain_text(word)
    hand.look()
    with hand.filters() as side:
        hand.press(side.get_by_role("button", name=f"Delete the search my {word}"))
        expect(side.locator(".list-row", has_text=word)).to_have_count(0)
    page.goto("about:blank")  # whoever leaves meant it


@everywhere(390, "light")
def test_getting_many_out(hand, service, sounds, tmp_path):
    """Copied, listed, as archives and projects; a passage of an archive has the samples of its source."""
    page = hand.page
    page.goto(f"{service.url}/?order=title")
    expect(page.locator(".card").first).to_be_visible()  # the list has its place
    bar = hand.select(2)
    hand.press(bar.get_by_role("button", name="Copy paths"))
    expect(page.locator(".toast")).to_have_text("2 paths copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == "things/bell 1.wav\nthings/bell 2.wav"
    hand.press(bar.get_by_role("button", name="Export"))
    assert saved(page, "Playlist", tmp_path).startswith("#EXTM3U\n#EXTINF:1,bell 1\n")
    table = list(csv.DictReader(saved(page, "CSV", tmp_path).splitlines()))
    assert [row["path"] for row in table] == ["things/bell 1.wav", "things/bell 2.wav"]
    assert "<ITEM" in saved(page, "REAPER", tmp_path)
    assert "bell 2" in saved(page, "EDL", tmp_path)
    names = {}
    for button in ("Files", "Passages"):
        with page.expect_download() as download:
            hand.press(bar.get_by_role("button", name=button))
        with zipfile.ZipFile(download.value.path()) as archive:
            names[button] = archive.namelist()
            first = soundfile.read(io.BytesIO(archive.read(names[button][0])), dtype="int16")[0]
        assert np.array_equal(first, soundfile.read(sounds / "things" / "bell 1.wav", dtype="int16")[0])
        assert names[button][-1] == "licences.csv"
    hand.press(bar.get_by_role("button", name="Select all"))
    expect(bar).to_contain_text("40 sounds selected")
    hand.look()
    hand.press(bar.get_by_role("button", name="Select none"))
    expect(bar).to_have_count(0)


@everywhere(390, "light")
def test_getting_a_passage_out(hand, service, sounds):
    """What is marked on the waveform, with handles, sample by sample; where there is a mouse it can be dragged out."""
    page = hand.page
    page.goto(f"{service.url}/?q=glass")
    shown = hand.open(page.locator(".row", has_text="glass 5"))
    hand.drag(shown.locator(".cutter-wave"), (0.2, 0.4), (0.6, 0.4))
    expect(shown.get_by_role("button", name="Add passage")).to_be_visible()
    expect(shown.locator(".passage-tools")).to_contain_text(re.compile(r"0:0[01]\.\d–0:0[23]\.\d"))
    shown.get_by_label("Handles").fill("0.1")
    shown.get_by_label("Handles").press("Tab")
    link = shown.get_by_role("link", name="Download passage")
    expect(link).to_have_attribute("href", re.compile(r"handles=0\.1|0\.1"))
    with page.expect_download() as download:
        hand.press(link)
    start_s, end_s = map(float, re.findall(r"\d+\.\d{3}", download.value.suggested_filename))
    samples, rate_hz = soundfile.read(download.value.path(), dtype="int16")
    source, _ = soundfile.read(sounds / "things" / "glass 5.wav", dtype="int16")
    first = round(start_s * rate_hz)
    assert len(samples) == pytest.approx((end_s - start_s) * rate_hz, abs=rate_hz / 500)
    near = [
        at for at in range(max(0, first - 16), first + 17) if np.array_equal(samples, source[at : at + len(samples)])
    ]
    assert near
    hand.look()
    if not hand.touches:
        dragged = link.evaluate(DRAGGED)
        assert dragged.split(":", 2)[1] == download.value.suggested_filename

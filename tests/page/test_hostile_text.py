"""Untrusted titles, tags and file names are shown as text, and break nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.page.conftest import LONG_TITLE, MIRRORED, PHONE, SCRIPT_TITLE, fits
from tests.service.conftest import serving, wav
from tests.waiting import PATIENCE_S

BRACKETED = "]]>\"'--><svg onload=alert(1)>{{7*7}}${7*7}"


@pytest.fixture(scope="module")
def hostile(made_page_library, tmp_path_factory):
    """A service whose clips are called what an attacker likes."""
    import requests

    path = Path(shutil.copytree(made_page_library, tmp_path_factory.mktemp("hostile") / "library"))
    with serving(path, environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        ids = [clip["id"] for clip in running.get("/api/v1/clips?limit=5").json()["clips"]]
        for clip, title in zip(ids, (SCRIPT_TITLE, LONG_TITLE[:500], MIRRORED, BRACKETED), strict=False):
            changes = {"title": title, "metadata": {"keywords": title, "comment": LONG_TITLE[:4000]}}
            requests.patch(f"{running.url}/api/v1/clips/{clip}", json=changes, timeout=PATIENCE_S).raise_for_status()
        job = running.upload(("<img src=x onerror=alert(1)>.wav", wav(11))).json()
        running.wait(job["id"], "done")
        running.titles = [SCRIPT_TITLE, LONG_TITLE[:500].strip(), MIRRORED, BRACKETED]
        yield running


@pytest.mark.parametrize("width", [PHONE, 1280])
def test_hostile_names_are_text_and_the_layout_holds(page, hostile, width):
    """No script runs, no element comes of a name, nothing is wider than the window."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{hostile.url}/")
    page.get_by_label("Order").select_option("added")
    expect(page.locator(".row-title").first).to_have_text(SCRIPT_TITLE)  # the order asked for has come
    expect(page.locator(".row").nth(3)).to_be_visible()
    titles = page.locator(".row-title")
    for place, title in enumerate(hostile.titles):
        expect(titles.nth(place)).to_have_text(title)
    for place in range(4):
        page.locator(".row-title").nth(place).click()
        expect(page.locator(".inspector h2")).to_have_text(hostile.titles[place])
        for part in (":root", "body", ".inspector"):
            fits(page, part)
        page.get_by_label("Close", exact=True).click()
    expect(page.locator("#app img[src=x], #app script, #app svg[onload]")).to_have_count(0)
    expect(page).to_have_title("Soundalike")
    page.wait_for_function(ARE_AS_HIGH)


ARE_AS_HIGH = "() => new Set([...document.querySelectorAll('.row')].map((row) => row.offsetHeight)).size === 1"


def test_a_name_that_turns_the_writing_round_does_not_reach_beyond_itself(page, hostile):
    """Each name stands in an element that isolates its direction."""
    page.goto(f'{hostile.url}/?filter=title ~ "abc"')
    title = page.locator(".row-title bdi")
    expect(title).to_have_text(MIRRORED)
    expect(title).to_have_css("unicode-bidi", "isolate")


def test_a_hostile_question_is_text_too(page, hostile):
    """Words of an address become a chip, a filter and a message, and nothing else."""
    page.goto(f"{hostile.url}/?part=text:{SCRIPT_TITLE}&filter={SCRIPT_TITLE}")
    expect(page.locator(".chip-name")).to_have_text(SCRIPT_TITLE)
    expect(page.locator(".refusal")).to_be_visible()
    expect(page).to_have_title(f"{SCRIPT_TITLE[:60]}… · Soundalike")
    page.goto(f"{hostile.url}/?q={MIRRORED}%0A")
    expect(page).to_have_title("abc gnp.exe · Soundalike")


def test_a_hostile_file_name_of_a_job_is_text(page, hostile):
    page.goto(f"{hostile.url}/library")
    expect(page.locator(".job-name").first).to_contain_text("<img src=x onerror=alert(1)>.wav")

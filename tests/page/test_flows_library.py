"""Flows of managing the library, from the first press to the outcome, at every width and in both themes."""

from __future__ import annotations

import re
import shutil

import numpy as np
import requests
import soundfile
from playwright.sync_api import expect

from tests.page.conftest import RATE_HZ, settled, write
from tests.page.hand import WINDOWS, everywhere
from tests.page.test_library import LOSE_AN_ANSWER
from tests.service.test_jobs import broken_wav
from tests.waiting import PATIENCE_S


def seed(hand, more=0):
    """The colour of a noise that no other window uploads."""
    return 300 + 2 * hand.width + 10 * more + (hand.theme == "dark")


def write_phrase(path, hand):
    """Notes that are no other sound's: what is measured of them, and how long they are, is each window's own.

    Noises of one colour and length are called the same where one's file is gone, as in `test_folders`.
    """
    rng = np.random.default_rng(seed(hand))
    at_s = np.arange(round((0.35 + 0.02 * WINDOWS.index((hand.width, hand.theme))) * RATE_HZ)) / RATE_HZ
    notes = zip(rng.uniform(200, 6000, 6), rng.uniform(3, 25, 6), strict=True)
    sound = [0.5 * np.sin(2 * np.pi * pitch_hz * at_s) * np.exp(-fall * at_s) for pitch_hz, fall in notes]
    soundfile.write(path, np.concatenate(sound), RATE_HZ)
    return path


def choose(hand, button, files):
    """Press a button that lets one choose files."""
    with hand.page.expect_file_chooser() as chooser:
        hand.press(hand.page.get_by_role("button", name=button, exact=True))
    chooser.value.set_files(files)


@everywhere(390, "light")
def test_folders(hand, own, tmp_path):
    """A folder is added by its path, scanned again, its missing sounds are seen; taken out and taken back."""
    page, name = hand.page, f"field {hand.name}"
    sounds = tmp_path / name
    gone = write(sounds / "heron.wav", seed(hand))
    write(sounds / "stork.wav", seed(hand, 1))
    page.goto(f"{own.url}/library")
    folders = page.get_by_role("region", name="Folders")
    folders.get_by_label("Add a folder").fill(str(tmp_path / "nowhere"))
    hand.press(folders.get_by_role("button", name="Add", exact=True))
    expect(folders.get_by_role("alert")).to_contain_text("no such folder")
    folders.get_by_label("Add a folder").fill(str(sounds))
    hand.press(folders.get_by_role("button", name="Add", exact=True))
    line = folders.get_by_role("listitem").filter(has_text=name)
    expect(line).to_contain_text("2 sounds · looked through")
    gone.unlink()
    hand.press(line.get_by_role("button", name=f"Scan again: {name}"))
    hand.press(line.get_by_role("button", name="1 missing"))
    expect(page.locator(".row .row-title")).to_have_text(["heron"])
    with hand.filters() as side:
        expect(side.locator(".chosen")).to_contain_text(name)
    page.go_back()
    hand.press(line.get_by_role("button", name=f"Remove {name}"))
    expect(line).to_have_count(0)
    hand.press(page.locator(".toast").get_by_role("button", name="Undo"))
    expect(line).to_have_count(1)
    hand.look()


@everywhere(1440, "dark")
def test_duplicates(hand, own, tmp_path):
    """Found, told with their sizes, merged into the one to keep, and unmerged; told beside the sound, too."""
    page, name = hand.page, f"twin {hand.name}"
    first = write_phrase(tmp_path / f"{name} a.wav", hand)
    second = shutil.copy(first, tmp_path / f"{name} b.wav")
    page.goto(f"{own.url}/library")
    choose(hand, "Files", [first, second])
    expect(page.locator("[data-job]", has_text="2 files").first).to_have_class(re.compile("job-done"))
    hand.press(page.get_by_role("button", name="Find duplicates", exact=True))
    group = page.get_by_role("region", name="Duplicates").locator("li:has(ul)", has_text=name)
    expect(group.locator("li")).to_have_count(2)
    expect(group).to_contain_text(re.compile(r"worth keeping.*; \d+ KB"))
    hand.press(group.get_by_role("button", name=f"Keep this one: {name} b"))
    expect(group).to_have_count(0)
    merges = page.get_by_role("region", name="Merges")
    expect(merges).to_contain_text(f"{name} a")
    hand.look()
    hand.press(merges.get_by_role("button", name=f"Undo the merge into {name} b"))
    expect(group.locator("li")).to_have_count(2)
    hand.press(group.get_by_role("link", name=f"{name} b"))
    expect(page.locator(".chip")).to_contain_text(f"{name} b")
    shown = hand.open(page.locator(".row", has_text=f"{name} a"))
    hand.press(shown.get_by_role("button", name="Find duplicates"))
    expect(shown.locator(".copies li", has_text=f"{name} b")).to_be_visible()
    expect(shown.locator(".copies li", has_text="worth keeping")).to_have_count(1)
    for clip in own.get("/api/v1/clips", params={"where": f'title ~ "{name}"'}).json()["clips"]:
        requests.delete(f"{own.url}/api/v1/clips/{clip['id']}", timeout=PATIENCE_S).raise_for_status()


@everywhere(390, "dark")
def test_uploads(hand, own, tmp_path):
    """What is chosen at once is one job, and no copies when an answer is lost; failures outlive a reload."""
    page, name = hand.page, f"lost {hand.name}"
    page.add_init_script(LOSE_AN_ANSWER)
    page.goto(f"{own.url}/library")
    expect(page.locator(".facts")).to_be_visible()
    before = own.get("/api/v1/jobs").json()["total"]
    choose(hand, "Files", [write(tmp_path / f"{name} {n}.wav", seed(hand, 3 + n)) for n in range(2)])
    expect(page.locator("[data-job]").first).to_contain_text("2 files")
    expect(page.get_by_text("Sending")).to_have_count(0)
    settled(own)
    assert own.get("/api/v1/clips", params={"where": f'title ~ "{name}"'}).json()["total"] == 2
    assert own.get("/api/v1/jobs").json()["total"] == before + 1
    broken = tmp_path / f"breaks {hand.name}.wav"
    broken.write_bytes(broken_wav())
    choose(hand, "Files", [broken])
    failed = page.locator(".job-failed", has_text=broken.name)
    expect(failed).to_be_visible()
    page.reload()
    expect(failed).to_be_visible()
    hand.look()
    hand.press(page.get_by_role("button", name="Clear the list"))
    expect(failed).to_have_count(0)
    hand.press(page.locator(".toast").get_by_role("button", name="Undo"))
    expect(failed).to_be_visible()


@everywhere(1024, "light")
def test_settings(hand, service):
    """Density, colours, how sounds are heard and the keys in one place; a reload keeps them."""
    page = hand.page
    page.goto(service.url)
    expect(page.locator(".row").first).to_be_visible()
    hand.press(page.get_by_role("button", name="Settings"))
    dialog = page.get_by_role("dialog", name="Settings")
    for name in ("Low rows", "Audition", "Equally loud"):
        hand.press(dialog.get_by_text(re.compile(f"^{name}")))
    other = {"light": "dark", "dark": "light"}[hand.theme]
    dialog.get_by_label("Colours").select_option(other)
    expect(page.locator(":root")).to_have_attribute("data-theme", other)
    hand.look()
    dialog.get_by_label("Colours").select_option("auto")
    hand.press(dialog.get_by_role("button", name="The keys"))
    keys = page.get_by_role("dialog", name="Keyboard")
    expect(keys).to_be_visible()
    hand.press(keys.get_by_role("button", name="Close"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    expect(page.locator(".list-compact")).to_be_visible()
    expect(page.get_by_role("button", name="Audition")).to_have_attribute("aria-pressed", "true")

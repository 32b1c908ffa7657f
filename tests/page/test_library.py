"""Adding sounds, following the jobs that index them, editing and removing clips."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.page.conftest import write
from tests.service.conftest import noise, serving


@pytest.fixture(scope="module")
def own(made_page_library, tmp_path_factory):
    """A service that the tests of this file may change, each its own clips."""
    copy = shutil.copytree(made_page_library, tmp_path_factory.mktemp("own") / "library")
    with serving(Path(copy), environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        yield running


def test_files_become_sounds_while_one_looks(page, own, tmp_path):
    """The job is shown live, a file that is no sound is named with its cause, and the new clips are found."""
    good = [write(tmp_path / f"owl {n}.wav", 20 + n) for n in range(3)]
    broken = tmp_path / "broken.wav"
    broken.write_bytes(good[0].read_bytes()[:44] + b"\0" * 8)
    no_sound = tmp_path / "readme.txt"
    no_sound.write_text("no sound")
    spoiled = tmp_path / "spoiled.wav"
    spoiled.write_bytes(b"not a wave file at all")
    before = own.get("/ready").json()["clips"]
    page.goto(f"{own.url}/library")
    page.get_by_label("Choose files to add").set_input_files([*good, no_sound, spoiled])
    expect(page.get_by_text("left out: no sound")).to_be_visible()
    expect(page.get_by_text("spoiled.wav was refused")).to_be_visible()
    for n in range(3):
        expect(page.locator(".job-done", has_text=f"owl {n}.wav")).to_be_visible(timeout=60_000)
    expect(page.locator(".facts dd").first).to_have_text(str(before + 3))
    page.get_by_role("link", name="Search").click()
    page.get_by_label("What are you looking for?").fill("owl")
    expect(page.locator(".row")).to_have_count(3)


def test_a_dropped_folder_is_indexed_with_what_lies_below(page, own):
    """A drop with a folder in it: its files are found below, hidden ones are left."""
    page.goto(f"{own.url}/library")
    expect(page.locator(".facts")).to_be_visible()
    page.evaluate(DROP_A_FOLDER)
    expect(page.locator(".job-done", has_text="2 files")).to_be_visible(timeout=60_000)


DROP_A_FOLDER = """async () => {
  const samples = new Int16Array(16000).map((_, at) => 9000 * Math.sin(at / 9) * Math.sin(at / 900));
  const wave = (shift) => {
    const header = new DataView(new ArrayBuffer(44));
    const text = (at, word) => [...word].forEach((c, n) => header.setUint8(at + n, c.charCodeAt(0)));
    text(0, 'RIFF'); header.setUint32(4, 36 + samples.byteLength, true); text(8, 'WAVEfmt ');
    header.setUint32(16, 16, true); header.setUint16(20, 1, true); header.setUint16(22, 1, true);
    header.setUint32(24, 16000, true); header.setUint32(28, 32000, true); header.setUint16(32, 2, true);
    header.setUint16(34, 16, true); text(36, 'data'); header.setUint32(40, samples.byteLength, true);
    return new Blob([header, samples.map((one) => one / shift)]);
  };
  const entry = (name, shift) => ({ isFile: true, name, file: (done) => done(new File([wave(shift)], name)) });
  const folder = (name, some) => {
    let left = [some, []];
    return { isFile: false, isDirectory: true, name,
             createReader: () => ({ readEntries: (done) => done(left.shift()) }) };
  };
  const root = folder('field', [entry('one.wav', 1), entry('.hidden.wav', 3), folder('deep', [entry('two.wav', 2)])]);
  const transfer = { types: ['Files'], files: [], items: [{ webkitGetAsEntry: () => root }] };
  const event = new Event('drop', { bubbles: true, cancelable: true });
  Object.defineProperty(event, 'dataTransfer', { value: transfer });
  document.body.dispatchEvent(event);
}"""


def test_a_job_is_paused_resumed_and_cancelled(page, own, tmp_path):
    """The buttons do what they say; a paused job stays paused until it is resumed."""
    import soundfile

    long = tmp_path / "long.wav"
    soundfile.write(long, noise(31, 240.0), 16_000)
    files = [("files", (f"long {n}.wav", long.read_bytes())) for n in range(6)]
    page.goto(f"{own.url}/library")
    job = own.post("/api/v1/clips", files=files).json()
    page.reload()
    card = page.locator(f'[data-job="{job["id"]}"]')
    card.get_by_role("button", name="Pause").click()
    expect(card.get_by_role("button", name="Resume")).to_be_visible(timeout=30_000)
    assert own.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "paused"
    card.get_by_role("button", name="Resume").click()
    expect(card.get_by_role("button", name="Pause")).to_be_visible()
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_have_class(re.compile("job-(cancelled|done)"), timeout=30_000)


def test_titles_and_tags_are_edited_and_found(page, own):
    """What is typed is what the clip is found by from then on."""
    page.goto(f"{own.url}/?q=glass")
    page.locator(".row-title", has_text="glass 1").click()
    page.get_by_role("button", name="Edit title and tags").click()
    page.get_by_label("Title", exact=True).fill("shattered bottle")
    page.get_by_label("Your tags, separated by commas").fill("foley, smash")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="shattered bottle")).to_be_visible()
    time.sleep(0.6)  # a search looks at the catalog at most twice a second
    for word in ("smash", "shattered"):
        page.get_by_label("What are you looking for?").fill(word)
        expect(page.locator(".row-title")).to_have_text(["shattered bottle"])


def test_a_clip_is_removed_after_a_second_word(page, own):
    page.goto(f"{own.url}/?q=horn")
    page.locator(".row-title", has_text="horn 2").click()
    page.get_by_role("button", name="Edit title and tags").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Really remove").click()
    expect(page.locator(".inspector")).to_have_count(0)
    expect(page.locator(".row-title")).to_have_count(4)


def test_duplicates_of_a_clip_are_named_with_the_one_worth_keeping(page, own, sounds):
    """The job that listens is started from the page, its findings are shown."""
    copy = sounds / "things" / "bell 1.wav"
    job = own.upload(("bell again.wav", copy.read_bytes())).json()
    own.wait(job["id"], "done")
    time.sleep(0.6)
    page.goto(f"{own.url}/?q=again")
    page.locator(".row-title", has_text="bell again").click()
    page.get_by_role("button", name="Find duplicates").click()
    expect(page.locator(".copies li", has_text="bell 1")).to_be_visible(timeout=60_000)
    expect(page.locator(".copies li", has_text="worth keeping")).to_have_count(1)

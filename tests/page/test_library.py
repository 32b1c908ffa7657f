"""Adding sounds, following the jobs that index them, editing and removing clips."""

from __future__ import annotations

import io
import re
import shutil

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.amounts import few
from tests.page.conftest import HURRIED, held_back, settled, standing_still, write, writing_elsewhere
from tests.service.conftest import wav
from tests.service.test_jobs import broken_wav
from tests.waiting import wait_until


def is_upload(response) -> bool:
    return response.request.method == "POST" and response.url.endswith("/api/v1/clips")


@pytest.mark.thorough
def test_files_become_sounds_while_one_looks(page, fresh, tmp_path):
    """The job is shown live, a file that is no sound is named with its cause, and the new clips are found."""
    good = [write(tmp_path / f"owl {n}.wav", 20 + n) for n in range(3)]
    broken = tmp_path / "broken.wav"
    broken.write_bytes(good[0].read_bytes()[:44] + b"\0" * 8)
    no_sound = tmp_path / "readme.txt"
    no_sound.write_text("no sound")
    spoiled = tmp_path / "spoiled.wav"
    spoiled.write_bytes(b"not a wave file at all")
    before = fresh.get("/ready").json()["clips"]
    page.goto(f"{fresh.url}/library")
    page.get_by_label("Choose files to add").set_input_files([*good, no_sound, spoiled])
    expect(page.get_by_text("left out: no sound")).to_be_visible()
    refused = page.get_by_role("region", name="Files not added")
    expect(refused.get_by_role("listitem")).to_have_text([re.compile("^spoiled.wav: .*")])
    expect(page.locator(".facts dd").first).to_have_text(str(before + 3))
    page.get_by_role("link", name="Map").click()
    page.get_by_role("link", name="Library").click()
    expect(refused).to_be_visible()
    refused.get_by_role("button", name="Dismiss").click()
    expect(refused).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(refused).to_be_visible()
    refused.get_by_role("button", name="Dismiss").click()
    expect(refused).to_have_count(0)
    page.get_by_role("link", name="Search").click()
    page.get_by_label("What are you looking for?").fill("owl")
    expect(page.locator(".row")).to_have_count(3)


@pytest.mark.thorough
def test_what_is_dropped_at_once_is_one_job_though_a_file_of_it_is_refused(page, fresh, tmp_path):
    """The refused one is found by halves; what follows joins the job of what was sent, also when that has ended."""
    files = [write(tmp_path / f"crow {n}.wav", 40 + n) for n in range(8)]
    files[5].write_bytes(b"not a wave file at all")
    before = fresh.get("/api/v1/jobs").json()["total"]
    page.goto(f"{fresh.url}/library")
    page.get_by_label("Choose files to add").set_input_files(files)
    expect(page.get_by_role("region", name="Files not added").get_by_role("listitem")).to_contain_text("crow 5.wav")
    expect(page.get_by_role("button", name="Stop sending")).to_have_count(0)
    jobs = fresh.get("/api/v1/jobs").json()
    assert jobs["total"] - before == 1
    assert sorted(jobs["jobs"][0]["files"]) == [file.name for file in files if file != files[5]]
    expect(page.locator("[data-job]").first).to_contain_text("7 files")


@pytest.mark.thorough
def test_jobs_that_ended_are_cleared_and_stay_away(page, fresh, tmp_path):
    """Failures outlive a reload until then, and can be taken back; what runs stays."""
    broken = write(tmp_path / "breaks.wav", 70)
    broken.write_bytes(broken_wav())
    page.goto(f"{fresh.url}/library")
    page.get_by_label("Choose files to add").set_input_files(broken)
    expect(page.locator(".job-failed")).to_contain_text("breaks.wav")
    page.reload()
    expect(page.locator(".job-failed")).to_contain_text("breaks.wav")
    page.get_by_role("button", name="Clear the list").click()
    expect(page.locator("[data-job]")).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".job-failed")).to_contain_text("breaks.wav")
    page.get_by_role("button", name="Clear the list").click()
    expect(page.get_by_role("button", name="Clear the list")).to_have_count(0)
    page.goto("about:blank")  # whoever leaves meant it
    wait_until(lambda: fresh.get("/api/v1/jobs").json()["total"] == 0)
    page.goto(f"{fresh.url}/library")
    expect(page.locator(".facts")).to_be_visible()
    expect(page.locator("[data-job]")).to_have_count(0)
    page.get_by_role("button", name="Find events", exact=True).click()
    expect(page.locator("[data-job]")).to_contain_text("Find events")


LOSE_AN_ANSWER = """(() => {
  const fetch = window.fetch;
  let lost = false;
  window.fetch = async (url, init) => {
    const answer = await fetch(url, init);
    if (lost || init?.method !== 'POST' || !String(url).endsWith('/clips')) return answer;
    lost = true;
    throw new TypeError('the connection broke');
  };
})()"""


@pytest.mark.thorough
def test_files_whose_answer_was_lost_are_sent_again_and_are_no_copies(page, own, tmp_path):
    """The service took them, and the connection broke before it could say so."""
    page.add_init_script(HURRIED)
    page.add_init_script(LOSE_AN_ANSWER)
    page.goto(f"{own.url}/library")
    expect(page.locator(".facts")).to_be_visible()
    files = [write(tmp_path / f"lost answer {n}.wav", 90 + n) for n in range(2)]
    page.get_by_label("Choose files to add").set_input_files(files)
    expect(page.locator("[data-job]").first).to_contain_text("2 files")
    expect(page.get_by_text("Sending")).to_have_count(0)
    settled(own)
    assert own.get("/api/v1/clips?where=title ~ %22lost answer%22").json()["total"] == 2


AWAY = [
    ("the service does not answer", lambda route: route.abort("connectionrefused")),
    ("slow down", lambda route: route.fulfill(status=429, headers={"Retry-After": "60"}, json={"detail": "slow down"})),
    ("free some space", lambda route: route.fulfill(status=503, json={"detail": "free some space"})),
]


@pytest.mark.parametrize(("why", "answer"), few(AWAY), ids=["gone", "busy", "full"])
def test_sending_waits_for_a_service_that_is_away_or_busy(page, own, tmp_path, why, answer):
    """It says why, and goes on by itself; every file is sent once."""
    names = [f"{why} {n}.wav" for n in range(3)]
    files = [write(tmp_path / name, 50 + n) for n, name in enumerate(names)]
    page.clock.install()
    page.goto(f"{own.url}/library")
    expect(page.locator(".facts")).to_be_visible()
    page.route("**/api/v1/clips", answer, times=1)
    with standing_still(page):
        page.get_by_label("Choose files to add").set_input_files(files)
        expect(page.get_by_text(f"Sending waits: {why}. 0 of 3 files done")).to_be_visible()
    expect(page.get_by_text("Sending")).to_have_count(0)
    expect(page.get_by_role("region", name="Files not added")).to_have_count(0)
    sent = [name for job in own.get("/api/v1/jobs?limit=100").json()["jobs"] for name in job["files"]]
    assert [sent.count(name) for name in names] == [1, 1, 1]


@pytest.mark.thorough
def test_sending_goes_on_once_the_key_is_entered(page, locked, tmp_path):
    """The screen that asks for the key says that files wait for it."""
    running, secret = locked

    def enter_the_key():
        page.get_by_label("API key").fill(secret)
        page.get_by_role("button", name="Enter").click()
        expect(page.locator(".facts")).to_be_visible()

    def forget_the_key(route):
        page.context.clear_cookies()
        route.fallback()

    page.goto(f"{running.url}/library")
    enter_the_key()
    page.route("**/api/v1/clips", forget_the_key, times=1)
    files = [write(tmp_path / f"{n}.wav", n) for n in range(2)]
    page.get_by_label("Choose files to add").set_input_files(files)
    expect(page.get_by_text("2 files on the way to the library")).to_be_visible()
    enter_the_key()
    expect(page.locator("[data-job]")).to_contain_text("2 files")


@pytest.mark.thorough
def test_what_cannot_be_sent_is_listed_with_its_cause(page, own, tmp_path):
    """A file that is gone by then, one over which the connection breaks every time, and what a person stopped."""
    page.add_init_script(HURRIED)
    page.goto(f"{own.url}/library")
    refused = page.get_by_role("region", name="Files not added").get_by_role("listitem")
    gone, there, cursed = (write(tmp_path / f"{name}.wav", 60) for name in ("gone", "there", "cursed"))

    def lose(route):
        gone.unlink()
        route.abort()

    page.route("**/api/v1/clips", lose, times=1)
    page.get_by_label("Choose files to add").set_input_files([gone, there])
    expect(refused).to_have_text([re.compile("^gone.wav: It can no longer be read")])
    expect(page.locator("[data-job]", has_text="there.wav")).to_be_visible()
    expect(page.get_by_text("Sending")).to_have_count(0)
    page.route("**/api/v1/clips", lambda route: route.abort())
    page.get_by_label("Choose files to add").set_input_files(cursed)
    expect(refused.nth(1)).to_have_text(re.compile("^cursed.wav: The connection broke"))
    on_the_way = held_back(page, "**/api/v1/clips", "POST")
    page.get_by_label("Choose files to add").set_input_files([there, cursed])
    on_the_way()
    page.get_by_role("button", name="Stop sending").click()
    expect(refused.nth(3)).to_have_text("cursed.wav: Sending was stopped.")
    expect(page.get_by_text("Sending waits")).to_have_count(0)


TOO_LARGE = "It is larger than the service takes."


@pytest.mark.parametrize(
    ("status", "said", "shown"),
    few([(403, "only reads", "only reads"), (413, "4 B", TOO_LARGE), (500, "failed", "failed")]),
)
def test_what_the_service_never_takes_is_told_of_each_file(page, own, tmp_path, status, said, shown):
    page.goto(f"{own.url}/library")
    page.route("**/api/v1/clips", lambda route: route.fulfill(status=status, json={"detail": said}))
    page.get_by_label("Choose files to add").set_input_files([write(tmp_path / f"{n}.wav", n) for n in range(2)])
    refused = page.get_by_role("region", name="Files not added").get_by_role("listitem")
    expect(refused).to_have_text([f"0.wav: {shown}", f"1.wav: {shown}"])


@pytest.mark.thorough
def test_a_chosen_folder_keeps_its_folders(page, own, tmp_path):
    """Files of one name stay apart, hidden ones (macOS adds them) are left; folders filter, and are found by name."""
    for name in ("kicks/01.wav", "snares/01.wav", "kicks/._01.wav", ".trash/02.wav"):
        write(tmp_path / "pack" / name, len(name))
    page.goto(f"{own.url}/library")
    with page.expect_response(is_upload) as sent:
        page.get_by_label("Choose a folder to add").set_input_files(tmp_path / "pack")
    job = sent.value.json()
    assert sorted(job["files"]) == ["pack/kicks/01.wav", "pack/snares/01.wav"]
    expect(page.locator(f'[data-job="{job["id"]}"]')).to_have_class(re.compile("job-done"))
    page.get_by_role("link", name="Search").click()
    expect(page.get_by_role("complementary", name="Filters").get_by_text("pack/snares", exact=True)).to_be_visible()
    page.get_by_label("What are you looking for?").fill("kicks")
    expect(page.locator(".row-title")).to_have_text(["01"])
    expect(page.locator(".row").first).to_contain_text("pack/kicks")


@pytest.mark.parametrize("view", few(["library", ""]))
def test_a_dropped_folder_is_indexed_with_what_lies_below(page, own, view):
    """A drop with a folder in it, wherever: its files are found below, hidden ones are left."""
    page.goto(f"{own.url}/{view}")
    expect(page.locator(".facts, .row").first).to_be_visible()
    with page.expect_response(is_upload) as sent:
        page.evaluate(DROP_A_FOLDER)
    job = sent.value.json()
    assert job["files"] == ["field/one.wav", "field/deep/two.wav"]
    expect(page.locator(f'[data-job="{job["id"]}"]')).to_have_class(re.compile("job-done"))


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


def test_a_job_that_has_done_nothing_yet_has_an_empty_bar(page, service):
    """What says "0 of 1" looked full."""
    job = {
        "id": 2, "kind": "index", "state": "running", "files": ["a.wav"], "created": 1.0, "started": 2.0,
        "finished": None, "clip_ids": [], "reason": None, "failures": [],
        "progress": {"files_done": 0, "files_total": 1, "failed": 0, "audio_s": 0, "share": 0, "left_s": None},
    }  # fmt: skip
    page.route("**/api/v1/jobs?*", lambda route: route.fulfill(json={"total": 1, "offset": 0, "jobs": [job]}))
    page.route("**/api/v1/jobs/2/events", lambda route: route.abort())
    page.goto(f"{service.url}/library")
    card = page.locator(".job")
    expect(card.locator(".job-progress")).to_have_text("0 of 1")
    with Image.open(io.BytesIO(card.get_by_role("progressbar").screenshot())) as drawn:
        colours = np.asarray(drawn.convert("RGB"), int)
    assert np.all(np.ptp(colours, axis=2) < 40), "it is grey, nothing of it has the accent's colour"


def test_a_job_is_paused_resumed_and_cancelled(page, own):
    """The buttons do what they say; a paused job stays paused until it is resumed."""
    with writing_elsewhere(own.library):
        job = own.upload(*((f"long {n}.wav", wav(n)) for n in range(2))).json()
        page.goto(f"{own.url}/library")
        card = page.locator(f'[data-job="{job["id"]}"]')
        with page.expect_response("**/pause"):
            card.get_by_role("button", name="Pause").click()
    expect(card.get_by_role("button", name="Resume")).to_be_visible()
    assert own.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "paused"
    with writing_elsewhere(own.library):
        card.get_by_role("button", name="Resume").click()
        expect(card.get_by_role("button", name="Pause")).to_be_visible()
        with page.expect_response("**/cancel"):
            card.get_by_role("button", name="Cancel").click()
    expect(card).to_have_class(re.compile("job-cancelled"))


@pytest.mark.thorough
def test_what_is_saved_late_changes_nothing_of_the_sound_that_was_opened_meanwhile(home):
    saving = held_back(home, "**/api/v1/clips/*", "PATCH")
    first, second = home.locator(".row-title").all()[:2]
    title = second.inner_text()
    first.click()
    edit = home.get_by_role("button", name="Edit title and tags")
    edit.click()
    home.get_by_role("button", name="Save", exact=True).click()
    save = saving()
    second.click()
    expect(home.locator(".inspector h2")).to_have_text(title)
    edit.click()
    expect(home.get_by_label("Title", exact=True)).to_have_value(title)
    saved = home.request.get(save.request.url).json() | {"title": "saved late"}
    save.fulfill(json=saved)
    expect(home.get_by_text("Saved", exact=True)).to_be_visible()
    expect(home.get_by_label("Title", exact=True)).to_have_value(title)
    expect(home.locator(".inspector h2")).to_have_text(title)


@pytest.mark.thorough
def test_titles_and_tags_are_edited_and_found(page, fresh):
    """What is typed is what the clip is found by from then on."""
    page.goto(f"{fresh.url}/?q=glass")
    page.locator(".row-title", has_text="glass 1").click()
    page.get_by_role("button", name="Edit title and tags").click()
    page.get_by_label("Title", exact=True).fill("shattered bottle")
    page.get_by_label("Your tags, separated by commas").fill("foley, smash")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="shattered bottle")).to_be_visible()
    for word in ("smash", "shattered"):
        page.get_by_label("What are you looking for?").fill(word)
        expect(page.locator(".row-title")).to_have_text(["shattered bottle"])
    expect(page.locator(".row-tags .tag").first).to_have_text("foley")
    page.get_by_label("What are you looking for?").fill("")
    page.get_by_role("group", name="Your tags").get_by_label("foley").check()
    expect(page.locator(".row-title")).to_have_text(["shattered bottle"])


@pytest.mark.thorough
def test_a_clip_that_is_removed_leaves_the_focus_to_the_list(page, fresh):
    page.goto(f"{fresh.url}/?q=horn")
    page.locator(".row-title", has_text="horn 2").click()
    page.get_by_role("button", name="Edit title and tags").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".inspector")).to_have_count(0)
    expect(page.locator(".row-title")).to_have_count(4)
    expect(page.locator(".list")).to_be_focused()


@pytest.mark.thorough
def test_a_removed_clip_stops_playing_and_leaves_the_strip(page, fresh):
    """What is no more is neither heard nor recommended."""
    page.goto(fresh.url)
    card = page.locator(".card").first
    title = card.locator(".card-title").inner_text()
    card.get_by_label(f"Play {title}").click()
    expect(page.get_by_role("region", name="Player")).to_contain_text(title)
    card.locator(".card-title").click()
    page.get_by_role("button", name="Edit title and tags").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("region", name="Player")).to_have_count(0)
    expect(page.locator(".card", has_text=title)).to_have_count(0)
    expect(page.locator(".card").first).to_be_visible()


@pytest.mark.thorough
def test_duplicates_of_a_clip_are_named_with_the_one_worth_keeping(page, own, sounds, tmp_path):
    """The job that listens is started from the page, its findings are shown."""
    copy = shutil.copy(sounds / "things" / "bell 1.wav", tmp_path / "bell again.wav")
    page.goto(f"{own.url}/library")
    page.get_by_label("Choose files to add").set_input_files(copy)
    page.get_by_role("link", name="Search").click()
    page.get_by_label("What are you looking for?").fill("again")
    page.locator(".row-title", has_text="bell again").click()
    page.get_by_role("button", name="Find duplicates", exact=True).click()
    expect(page.locator(".copies li", has_text="bell 1")).to_be_visible()
    expect(page.locator(".copies li", has_text="worth keeping")).to_have_count(1)


def test_the_duplicates_that_were_found_are_shown(page, service):
    """Each group with the clip worth keeping; none is said too, once they were looked for."""
    clips = service.get("/api/v1/clips?limit=2").json()["clips"]
    one, other = (
        {"clip_id": clip["id"], "kind": kind, "offset_s": 0, "gain_db": None, "similarity": 1}
        for clip, kind in zip(clips, ("kept", "copy"), strict=True)
    )
    group = {"keep": clips[0]["id"], "why": "the longest", "clips": [one, other]}
    listed = {"total": 1, "offset": 0, "current": True, "groups": [group]}
    page.route("**/api/v1/duplicates*", lambda route: route.fulfill(json=listed))
    page.goto(f"{service.url}/library")
    shown = page.get_by_role("region", name="Duplicates")
    expect(shown.get_by_role("heading")).to_have_text("1 group of duplicates")
    expect(shown.get_by_role("link", name=clips[1]["title"])).to_be_visible()
    expect(shown).to_contain_text("worth keeping: the longest")
    expect(shown.locator("li li").first).to_contain_text(clips[0]["path"].rpartition("/")[0])  # where it lies
    expect(shown.locator("li li").first).to_contain_text(re.compile(r"; \d+ KB"))

"""Failed files stay on the page until they are indexed or cleared, and waiting jobs say what they wait for."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import expect

from tests.commandline import soundalike
from tests.page.conftest import settled, write, writing_elsewhere
from tests.waiting import PATIENCE_S


@pytest.mark.thorough
def test_what_failed_on_the_command_line_is_tried_again_and_cleared(page, own, tmp_path):
    """With where it lies and why, after a reload too; what a job could not index is among it."""
    folder = tmp_path / "mine"
    write(folder / "good.wav", 51)
    broken = [folder / "takes" / f"broken {number}.wav" for number in range(2)]
    broken[0].parent.mkdir()
    for one in broken:
        one.write_text("no sound")
    assert soundalike("index", folder, "--library", own.library).returncode == 1
    page.goto(f"{own.url}/library")
    page.reload()
    failed = page.get_by_role("region", name="Files that could not be indexed")
    lines = failed.get_by_role("listitem")
    expect(failed.get_by_role("heading")).to_have_text("2 files could not be indexed")
    expect(lines.first).to_contain_text("mine/takes/broken 0.wav: ")
    write(broken[0], 52)
    failed.get_by_role("button", name="Try again").click()
    expect(failed.get_by_role("heading")).to_have_text("1 file could not be indexed")
    expect(lines).to_contain_text(["mine/takes/broken 1.wav"])
    card = page.locator(".job").first
    expect(card.locator(".failures li")).to_contain_text("mine/takes/broken 1.wav: ")
    with page.expect_response("**/retry"):
        card.get_by_role("button", name="Try again").click()
    settled(own)  # it is as it was before, and looked at
    expect(card.locator(".job-state")).to_have_text("done")
    expect(card.locator(".failures li")).to_contain_text("mine/takes/broken 1.wav: ")
    failed.get_by_role("button", name="Clear").click()
    expect(failed).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(lines).to_have_count(1)
    write(broken[1], 53)
    card.get_by_role("button", name="Try again").click()
    expect(failed).to_have_count(0)
    expect(card.locator(".job-state")).to_have_text("done")
    expect(card.get_by_role("button", name="Try again")).to_have_count(0)
    card.get_by_role("button", name="Clear: ").click()
    expect(card.filter(has_text="broken")).to_have_count(0)


def test_what_waits_says_for_what(page, own, tmp_path):
    """The folder that waits to be scanned, and its job: until the one before it is done."""
    for name in ("first", "second"):
        write(tmp_path / name / f"{name}.wav", 53)
        requests.post(
            f"{own.url}/api/v1/roots", json={"path": str(tmp_path / name)}, timeout=PATIENCE_S
        ).raise_for_status()
    settled(own)
    page.goto(f"{own.url}/library")
    folders = page.get_by_role("region", name="Folders")
    with writing_elsewhere(own.library):
        folders.get_by_role("button", name="Scan again: first").click()
        expect(folders.get_by_role("button", name="Scanning: first")).to_be_disabled()
        folders.get_by_role("button", name="Scan again: second").click()
        expect(folders.get_by_role("button", name="Waiting to be scanned: second")).to_be_disabled()
        card = page.locator(".job-queued")
        expect(card).to_contain_text("Scan second")
        expect(card).to_contain_text("Waiting for this to finish: Scan first")
    expect(folders.get_by_role("button", name="Scan again: second")).to_be_enabled()

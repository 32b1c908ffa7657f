"""Earlier queries, completion and removal of tags, and the choice of which duplicate to keep."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import expect

from tests.page.conftest import HURRIED, PHONE, ask, fits
from tests.page.test_accessibility import page as still_page  # noqa: F401 - a fixture
from tests.page.test_accessibility import violations
from tests.page.test_many import many, tagged
from tests.waiting import PATIENCE_S, wait_until


@pytest.mark.parametrize("width", [PHONE, 1440])
def test_what_was_asked_is_asked_again(still_page, service, width):  # noqa: F811
    """The last first, a question that was typed on once; it can be forgotten, and that be undone."""
    page = still_page
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{service.url}/?part=text:bell")
    expect(page.locator(".row").first).to_be_visible()
    page.goto(f"{service.url}/?q=ra")
    expect(page.locator(".row").first).to_be_visible()
    ask(page, "rain")
    page.get_by_role("button", name="Asked before").click()
    shown = page.get_by_role("region", name="Asked before").locator("li")
    expect(shown).to_have_text(["rain", "bell"])
    fits(page)
    assert violations(page) == []
    shown.get_by_role("button", name="bell").click()
    expect(page.locator(".chip")).to_contain_text("bell")
    expect(page.get_by_role("region", name="Asked before")).to_have_count(0)
    page.get_by_role("button", name="Asked before").click()
    expect(shown).to_have_text(["bell", "rain"])
    page.get_by_role("button", name="Forget all").click()
    expect(shown).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(shown).to_have_count(2)


@pytest.mark.thorough
def test_tags_complete_themselves_and_are_taken_away(page, own):
    """Completion knows the tags of the library; what is taken away comes back by undo."""
    page.goto(f"{own.url}/?order=title")
    first = own.get("/api/v1/clips?sort=title&limit=1").json()["clips"][0]["id"]
    one = f"{own.url}/api/v1/clips/{first}"
    requests.patch(one, json={"own_tags": ["hero", "wet"]}, timeout=PATIENCE_S).raise_for_status()
    page.reload()
    page.locator(".row-title").first.click()
    page.locator(".row-title").nth(1).click(modifiers=["Shift"])
    many(page).get_by_role("button", name="Tags").click()
    field = page.get_by_label("Tags, separated by commas")
    field.fill("wet, he")
    expect(page.locator("#many-tags-known option")).to_have_attribute("value", "wet, hero")
    field.fill("hero")
    many(page).get_by_role("button", name="Take away").click()
    expect(page.locator(".toast", has_text="1 sound without these tags")).to_be_visible()
    assert [clip["own_tags"] for clip in tagged(own)] == [["wet"]]
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast", has_text="Tags are as they were")).to_be_visible()
    assert [clip["own_tags"] for clip in tagged(own)] == [["hero", "wet"]]
    requests.patch(one, json={"own_tags": []}, timeout=PATIENCE_S).raise_for_status()


@pytest.mark.thorough
@pytest.mark.parametrize("width", [PHONE, 1440])
def test_a_remark_is_written_shown_found_and_taken_back(still_page, own, width):  # noqa: F811
    """Its row has a mark; undo brings back what was."""
    page = still_page
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{own.url}/?order=title")
    page.locator(".row-title").first.click()
    page.get_by_role("button", name="Edit title and tags").click()
    page.get_by_label("Remark").fill("clicks at the\nend")
    assert violations(page) == []
    page.get_by_role("button", name="Save", exact=True).click()
    shown = page.locator(".inspector .remark")
    expect(shown).to_have_text("clicks at the\nend")
    expect(page.locator(".row-remark")).to_have_count(1)
    assert violations(page) == []
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(shown).to_have_count(0)
    expect(page.locator(".row-remark")).to_have_count(0)
    assert own.get('/api/v1/clips?where=remark != ""').json()["total"] == 0


def test_one_duplicate_is_kept_and_the_others_go(page, own):
    """At once on the page, and back by undo."""
    clips = own.get("/api/v1/clips?limit=2").json()["clips"]
    one, other = (
        {"clip_id": clip["id"], "kind": kind, "offset_s": 0, "gain_db": None, "similarity": 1, "bandwidth_hz": None}
        for clip, kind in zip(clips, ("kept", "copy"), strict=True)
    )
    group = {"keep": clips[0]["id"], "why": "the longest", "clips": [one, other]}
    listed = {"total": 1, "offset": 0, "current": True, "groups": [group]}
    page.route("**/api/v1/duplicates*", lambda route: route.fulfill(json=listed))
    page.goto(f"{own.url}/library")
    shown = page.get_by_role("region", name="Duplicates").locator("li li")
    expect(shown).to_have_count(2)
    page.get_by_role("button", name=f"Keep this one: {clips[1]['title']}").click()
    heading = page.get_by_role("region", name="Duplicates").get_by_role("heading")
    expect(heading).to_have_text("No duplicates")
    expect(shown).to_have_count(0)
    expect(page.locator("main button:focus")).to_have_count(1)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(shown).to_have_count(2)
    expect(heading).to_have_text("1 group of duplicates")
    expect(page.get_by_role("region", name="Merges")).to_have_count(0)


def test_all_groups_of_duplicates_can_be_looked_at(page, service):
    """Ten at first, and ten more by each press."""
    first, second = (clip["id"] for clip in service.get("/api/v1/clips?limit=2").json()["clips"])
    copy = {"kind": "copy", "offset_s": 0, "gain_db": None, "similarity": 1, "bandwidth_hz": None}
    clips = [{**copy, "clip_id": first, "kind": "kept"}, {**copy, "clip_id": second}]
    groups = [{"keep": 1_000 + number, "why": "the longest", "clips": clips} for number in range(23)]

    def answer(route):
        limit = int(parse_qs(urlsplit(route.request.url).query)["limit"][0])
        route.fulfill(json={"total": 23, "offset": 0, "current": True, "groups": groups[:limit]})

    page.route("**/api/v1/duplicates*", answer)
    page.goto(f"{service.url}/library")
    section = page.get_by_role("region", name="Duplicates")
    shown = section.locator("li:has(ul)")
    expect(shown).to_have_count(10)
    section.get_by_role("button", name="Show 10 more").click()
    expect(shown).to_have_count(20)
    section.get_by_role("button", name="Show 3 more").click()
    expect(shown).to_have_count(23)
    expect(section.get_by_role("button", name=re.compile("^Show"))).to_have_count(0)


@pytest.mark.thorough
def test_a_merge_can_be_undone_when_its_message_is_long_gone(page, own):
    """What was merged is listed with the library, each with a button."""
    one, other = own.get("/api/v1/clips?limit=2").json()["clips"]
    answer = requests.post(
        f"{own.url}/api/v1/merges", json={"keep": one["id"], "clips": [other["id"]]}, timeout=PATIENCE_S
    )
    answer.raise_for_status()
    page.goto(f"{own.url}/library")
    merges = page.get_by_role("region", name="Merges")
    expect(merges).to_contain_text("1 merge can be undone")
    expect(merges).to_contain_text(other["title"])
    merges.get_by_role("button", name=f"Make final: the merge into {one['title']}").click()
    expect(merges).to_have_count(0)
    expect(page.locator("main button:focus")).to_have_count(1)
    expect(page.locator(".toast")).to_contain_text("will be final in a moment")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(merges).to_have_count(1)
    merges.get_by_role("button", name=f"Undo the merge into {one['title']}").click()
    expect(merges).to_have_count(0)
    assert own.get(f"/api/v1/clips/{other['id']}").status_code == 200


@pytest.mark.thorough
def test_a_merge_is_made_final(page, fresh):
    one, other = fresh.get("/api/v1/clips?limit=2&sort=-id").json()["clips"]
    asked = {"keep": one["id"], "clips": [other["id"]]}
    made = requests.post(f"{fresh.url}/api/v1/merges", json=asked, timeout=PATIENCE_S).json()
    page.add_init_script(HURRIED)
    page.goto(f"{fresh.url}/library")
    merges = page.get_by_role("region", name="Merges")
    with page.expect_response(f"**/merges/{made['id']}") as answered:
        merges.get_by_role("button", name=f"Make final: the merge into {one['title']}").click()
    assert answered.value.status == 204
    expect(merges).to_have_count(0)
    assert fresh.get("/api/v1/merges").json()["total"] == 0


def test_a_merge_is_made_final_by_who_leaves_the_page(page, fresh):
    one, other = fresh.get("/api/v1/clips?limit=2&sort=title").json()["clips"]
    asked = {"keep": one["id"], "clips": [other["id"]]}
    requests.post(f"{fresh.url}/api/v1/merges", json=asked, timeout=PATIENCE_S).raise_for_status()
    page.goto(f"{fresh.url}/library")
    merges = page.get_by_role("region", name="Merges")
    merges.get_by_role("button", name=f"Make final: the merge into {one['title']}").click()
    expect(merges).to_have_count(0)
    assert fresh.get("/api/v1/merges").json()["total"] == 1
    page.goto("about:blank")
    wait_until(lambda: fresh.get("/api/v1/merges").json()["total"] == 0)

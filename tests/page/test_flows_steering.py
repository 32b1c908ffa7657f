"""Flows of filters, the map and two languages, at every width and in both themes."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.page.conftest import ENDLESS
from tests.page.hand import everywhere
from tests.page.test_flows import asked
from tests.page.test_map import drawn, mapped, places  # noqa: F401 - a fixture


def share_of(slider):
    """Where its thumb is."""
    return slider.evaluate("(one) => (one.valueAsNumber - one.min) / (one.max - one.min)")


@everywhere(1024, "light")
def test_steering_by_filters(hand, measured):
    """With, without, from and to; how many are likely, and where that ends in the list."""
    page = hand.page
    page.goto(f"{measured.url}/?filter=duration_s+%3E%3D+1.01+and+duration_s+%3C%3D+3600")
    expect(page.locator(".row").first).to_be_visible()
    with hand.filters() as side:
        hand.unfold(side, "Ranges")
        first = side.get_by_role("slider", name="Length from")
        expect(first).to_have_attribute("aria-valuetext", "1.0 s")
        if hand.touches:
            hand.press_at(first, share_of(first) + 0.08)
        else:
            first.press("PageUp")
        expect(first).not_to_have_attribute("aria-valuetext", "1.0 s")
        expect(page.locator(".busy-on")).to_have_count(0)
    where = page.evaluate("new URLSearchParams(location.search).getAll('filter')")
    kept = measured.get("/api/v1/clips", params={"where": where[0]}).json()["total"]
    assert 0 < kept < 40
    expect(page.locator(".summary")).to_have_text(re.compile(rf"^{kept} sound"))
    with hand.filters() as side:
        hand.press(side.get_by_role("button", name="Clear"))
        expect(page.locator(".summary")).to_have_text("40 sounds")
        expect(side.get_by_role("group", name="Folder").locator(".facet-count")).to_have_text(["30", "10"])
        hand.press(side.get_by_role("group", name="Folder").get_by_text("weather", exact=True))
    expect(page.locator(".summary")).to_have_text("10 sounds")
    with hand.filters() as side:
        hand.press(side.get_by_role("button", name="Without weather"))
    expect(page.locator(".summary")).to_have_text("30 sounds")
    asked(hand, f"{measured.url}/?part=clip:7")
    likely = measured.post("/api/v1/search", json={"parts": [{"clip_id": 7}], "k": 50, "facets": True}).json()["likely"]
    expect(page.locator(".summary")).to_contain_text(f"{likely['clips']} likely, then less")
    cut = page.locator(f'.row[data-place="{likely["clips"]}"]')
    page.locator(".list").evaluate("(list, share) => list.scrollTo(0, share * list.scrollHeight)", likely["clips"] / 39)
    expect(cut).to_contain_text("less likely from here")
    with hand.filters() as side:
        expect(side.get_by_text(f"Of the {likely['clips']} likely sound")).to_be_visible()
        hand.look()


@everywhere(1920, "dark")
def test_the_map(hand, mapped):  # noqa: F811
    """What is asked is listed beside it; a sound is named, heard and opened; a group, a colour and a lasso filter."""
    page = hand.page
    page.add_init_script(ENDLESS)
    page.goto(f"{mapped.url}/map")
    expect(page.locator(".legend")).to_contain_text("weather")
    drawn(page)
    clip, (x, y) = next(iter(places(page, mapped).items()))
    title = mapped.get(f"/api/v1/clips/{clip}").json()["title"]
    if hand.touches:
        page.touchscreen.tap(x, y)
    else:
        page.mouse.move(x, y)
    expect(page.locator(".map-tip")).to_contain_text(title)
    expect(page.get_by_role("region", name="Player")).to_contain_text(title)
    if hand.touches:
        page.touchscreen.tap(x, y)
    else:
        page.mouse.click(x, y)
    shown = page.get_by_role("complementary", name="The chosen sound")
    expect(shown.locator("h2")).to_have_text(title)
    hand.close(shown)

    hand.ask("bell")
    caught = page.get_by_role("region", name="Sounds", exact=True)
    expect(caught.get_by_role("listitem")).to_have_count(2)
    expect(page.locator(".map-tools .summary")).to_have_text("2 sounds lit")
    hand.press(caught.locator(".row-title").first)
    expect(shown.locator("h2")).to_have_text(re.compile("^bell"))
    hand.close(shown)
    hand.look()
    hand.ask("")
    legend = page.locator(".legend")
    hand.press(legend.get_by_role("button", name="weather"))
    expect(caught.get_by_role("listitem")).to_have_count(3)
    hand.press(legend.get_by_role("button", name="weather"))
    legend.get_by_label("Colours say").select_option("Length")
    hand.press(legend.get_by_role("button", name=re.compile(r" s$")).first)
    expect(page.locator(".map-asked")).to_contain_text("duration_s")
    hand.press(page.locator(".map-asked").get_by_label(re.compile("^Remove the filter")))
    expect(page.locator(".map-asked")).not_to_contain_text("duration_s")
    hand.press(page.get_by_role("button", name="Draw around sounds to filter"))
    hand.drag(page.locator(".map canvas"), (0.1, 0.15), (0.9, 0.15), (0.9, 0.7), (0.1, 0.7), (0.1, 0.2))
    expect(page).to_have_url(re.compile("region="))
    expect(page.locator(".map-tools .summary")).to_have_text(re.compile(r"^\d sounds?$"))


@everywhere(1440, "dark")
def test_two_languages(hand, service):
    """Chosen in the settings: Chinese at once and after a reload, with its numbers and dates; and back."""
    page = hand.page
    page.goto(f"{service.url}/?part=clip:7")
    expect(page.locator(".row").first).to_be_visible()
    hand.press(page.get_by_role("button", name="Settings"))
    page.get_by_label("Language").select_option("zh")
    dialog = page.get_by_role("dialog", name="设置")
    expect(dialog).to_be_visible()
    hand.press(dialog.get_by_role("button", name="关闭"))
    expect(page.locator(":root")).to_have_attribute("lang", "zh-CN")
    expect(page.locator(".summary")).to_contain_text("毫秒")
    page.reload()
    expect(page.locator(":root")).to_have_attribute("lang", "zh-CN")
    side = page.get_by_role("complementary", name="筛选")
    if hand.touches:
        hand.press(page.locator(".filters-button"))
    expect(side.get_by_role("group", name="添加时间")).to_contain_text("年")
    expect(side.get_by_role("group", name="时长")).to_contain_text(re.compile(r"\d+ 到 \d+ 秒"))
    if hand.touches:
        hand.press(side.get_by_role("button", name="关闭筛选"))
    hand.press(page.locator(".row-title").first)
    shown = page.get_by_role("complementary", name="当前声音")
    expect(shown.get_by_role("button", name="更多相似声音")).to_be_visible()
    expect(shown.locator(".cutter-wave")).to_have_attribute("aria-busy", "false")
    hand.look()
    hand.press(shown.get_by_role("button", name="关闭", exact=True))
    hand.press(page.get_by_role("button", name="设置"))
    page.get_by_role("dialog").get_by_label("语言").select_option("en")
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
    expect(page.locator(":root")).to_have_attribute("lang", "en")

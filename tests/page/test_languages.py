"""The page in Chinese: by the browser's language or by choice; every message fits and is marked as Chinese."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import requests
from playwright.sync_api import expect

from tests.page.conftest import ENDLESS, PATIENCE_MS, PHONE, away, fits, served_copy
from tests.page.test_accessibility import violations
from tests.waiting import PATIENCE_S

CATALOGUE = "**/assets/zh-*.js"
ENGLISH = re.compile(r"\b(the|and|of|sounds?|by|first|to|settings|search)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def rained(made_page_library, tmp_path_factory):
    """A service of which one sound has a Chinese title."""
    with served_copy(made_page_library, tmp_path_factory.mktemp("rained")) as running:
        requests.patch(f"{running.url}/api/v1/clips/1", json={"title": "雨声"}, timeout=PATIENCE_S).raise_for_status()
        yield running


@pytest.fixture(params=[PHONE, 1440], ids=["phone", "wide"])
def chinese(request, chromium):
    """A page in a browser that speaks Chinese; nothing moves on it."""
    context = chromium.new_context(
        locale="zh-CN",
        viewport={"width": request.param, "height": 844},
        bypass_csp=True,
        reduced_motion="reduce",
    )
    made = context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    yield made
    context.close()


def looks_right(page) -> None:
    """Everything is within the page's width, and axe finds nothing."""
    fits(page)
    assert violations(page) == []


def words_of(page, selector: str) -> str:
    return page.locator(selector).first.inner_text()


@pytest.mark.thorough
def test_from_a_question_in_chinese_to_english_again(chinese, rained):
    """Ask, see when and how many, play, look at the sound, and change the language: it stays after a reload."""
    page = chinese
    page.add_init_script(ENDLESS)
    page.goto(rained.url)
    root = page.locator(":root")
    expect(root).to_have_attribute("lang", "zh-CN")
    expect(root).to_have_attribute("dir", "ltr")
    expect(page.locator(".summary")).to_have_text("40 个声音")
    if page.viewport_size["width"] == 390:
        page.get_by_role("button", name="筛选", exact=True).click()
    today = datetime.now(UTC)
    expect(page.get_by_role("group", name="添加时间")).to_contain_text(f"{today.year}年{today.month}月{today.day}日")
    expect(page.get_by_role("group", name="时长")).to_contain_text("1 到 2 秒")
    looks_right(page)
    if page.viewport_size["width"] == 390:
        page.get_by_role("button", name="关闭筛选").click()

    page.get_by_label("想找什么声音？").fill("雨声")
    row = page.locator(".row").first
    expect(row).to_contain_text("雨声")
    expect(page.locator(".summary")).to_have_text(re.compile(r"(个声音|在前)，[\d.]+ 毫秒$"))
    expect(page).to_have_title("雨声 · Soundalike")
    row.get_by_label("播放 雨声").click()
    player = page.get_by_role("region", name="播放器")
    expect(player.get_by_role("button", name="暂停")).to_be_visible()
    looks_right(page)
    row.locator(".row-title").click()
    chosen = page.get_by_role("complementary", name="当前声音")
    expect(chosen.get_by_role("button", name="更多相似声音")).to_be_visible()
    expect(chosen.locator(".cutter-wave")).to_have_attribute("aria-busy", "false")
    expect(chosen.locator(".inspector-path")).to_contain_text(re.compile(r"[\d.]+ 秒"))
    looks_right(page)
    chosen.get_by_role("button", name="关闭", exact=True).click()

    page.get_by_role("button", name="设置").click()
    dialog = page.get_by_role("dialog", name="设置")
    expect(dialog.get_by_label("语言")).to_have_value("auto")
    looks_right(page)
    dialog.get_by_label("语言").select_option("en")
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
    expect(root).to_have_attribute("lang", "en")
    page.reload()
    expect(page.get_by_label("What are you looking for?")).to_have_value("雨声")
    expect(root).to_have_attribute("lang", "en")


@pytest.mark.thorough
def test_every_room_speaks_chinese_and_fits(chinese, service):
    """No English word is left of those that every room has, beside names and addresses."""
    page = chinese
    page.goto(f"{service.url}/library")
    expect(page.get_by_role("heading", name="音库")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("声音")
    looks_right(page)
    names = r"soundalike index \S+|\bsounds /\S*"  # a command; the folder with its path
    assert not ENGLISH.search(re.sub(names, "", words_of(page, "main")))
    page.goto(f"{service.url}/map")
    expect(page.get_by_role("heading", name="地图尚未绘制")).to_be_visible()
    looks_right(page)
    assert not ENGLISH.search(words_of(page, "main"))
    page.get_by_role("button", name="键盘").click()
    expect(page.get_by_role("dialog", name="键盘")).to_be_visible()
    looks_right(page)
    assert not ENGLISH.search(words_of(page, "dialog"))
    page.keyboard.press("Escape")
    page.goto(f"{service.url}/?part=-1*text:rain")
    expect(page.get_by_role("alert")).to_have_text("请加上想要的内容：目前的条件都是不想要的。")
    page.goto(f"{service.url}/?part=clip:9999")
    expect(page.get_by_role("alert")).to_have_text("检索条件中的一个声音已不在音库中。")
    page.goto(f"{service.url}/?filter=duration_s > 9999")
    expect(page.get_by_role("heading", name="没有声音符合这些筛选条件")).to_be_visible()
    looks_right(page)
    assert not ENGLISH.search(words_of(page, "main"))


def test_whoever_reads_english_fetches_no_chinese(home):
    """And it comes when it is chosen, without anything being loaded anew."""
    fetched = "() => performance.getEntriesByType('resource').filter((one) => /assets.zh-/.test(one.name)).length"
    assert home.evaluate(fetched) == 0
    home.get_by_role("button", name="Settings").click()
    home.get_by_label("Language").select_option("zh")
    expect(home.get_by_role("dialog", name="设置")).to_be_visible()
    expect(home.locator(".summary")).to_have_text("40 个声音")
    assert home.evaluate(fetched) == 1


def test_a_catalogue_that_does_not_come_leaves_english(chromium, service):
    context = chromium.new_context(locale="zh-CN")
    page = context.new_page()
    with away(page, CATALOGUE):
        page.goto(service.url)
        expect(page.locator(".summary")).to_have_text("40 sounds")
        expect(page.locator(":root")).to_have_attribute("lang", "en")
    context.close()

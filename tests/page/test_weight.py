"""The cost of the first page load, as far as it does not depend on the machine (see `benchmarks.serving.page`)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from search import plugins, wiring
from tests.amounts import few
from tests.page.conftest import KINDS
from tests.service.conftest import Server, serving, settings

CLIPS = 200
MOST_BYTES = 100_000
MOST_REQUESTS = 10


@pytest.fixture(scope="module")
def many(made_page_library, sounds, tmp_path_factory) -> Iterator[Server]:
    """A service of 200 clips: the sounds of the shared one, and copies of them, which need not be decoded."""
    folder = tmp_path_factory.mktemp("many")
    library = Path(shutil.copytree(made_page_library, folder / "library"))
    for place in range(CLIPS // (5 * len(KINDS)) - 1):
        shutil.copytree(sounds, folder / "more" / f"copies {place + 1}")
    with wiring.library(library, settings(library)) as opened:
        plugins.job("index")(opened, "spectral", [str(folder / "more")], settings(library))
    with serving(library, environ={"SOUNDALIKE_ENCODER": "spectral"}) as running:
        yield running


@pytest.mark.parametrize("asked", few(["", "?q=rain", "?part=clip:1"]))
@pytest.mark.parametrize("of", few(["service", "many"]))
def test_the_first_page_is_small_and_asks_little(request, page, of, asked):
    """At most 10 requests and 100 KB as they come over the wire, everything that is shown at first included."""
    url = request.getfixturevalue(of).url
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    finished: list[float] = []
    client.on("Network.loadingFinished", lambda event: finished.append(event["encodedDataLength"]))
    page.goto(f"{url}/{asked}")
    expect(page.locator(".row").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert 0 < len(finished) <= MOST_REQUESTS
    assert sum(finished) <= MOST_BYTES


def test_a_second_visit_fetches_no_file_again(page, service):
    """Files are kept for good: their names change when they do."""
    page.goto(service.url)
    expect(page.locator(".row").first).to_be_visible()
    with page.context.expect_page() as opened:
        page.evaluate("() => { open(location.href) }")
    again = opened.value
    expect(again.locator(".row").first).to_be_visible()
    sizes = again.evaluate(
        "() => performance.getEntriesByType('resource').filter((one) => one.name.includes('/assets/'))"
        ".map((one) => one.transferSize)"
    )
    assert sizes
    assert sum(sizes) == 0

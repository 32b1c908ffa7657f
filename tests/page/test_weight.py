"""What the first page costs, as far as the machine has no part in it (`benchmarks.serving.page` has the rest)."""

from __future__ import annotations

from playwright.sync_api import expect

MOST_BYTES = 250_000
MOST_REQUESTS = 12


def test_the_first_page_is_small_and_asks_little(page, service):
    """At most 12 requests and 250 KB as they come over the wire, everything that is shown at first included."""
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    finished: list[float] = []
    client.on("Network.loadingFinished", lambda event: finished.append(event["encodedDataLength"]))
    page.goto(service.url)
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

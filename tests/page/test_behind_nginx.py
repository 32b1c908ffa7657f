"""The page behind a real nginx: below a path, with TLS, and with a key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from search import wiring
from tests.nginx import Certificate, address, guided, needs_nginx, needs_openssl, nginx
from tests.page.conftest import EACH, PATIENCE_MS, Complaints, ask, settings, write
from tests.service.conftest import serving

pytestmark = [needs_nginx, needs_openssl]


@pytest.fixture
def below(made_page_library, tmp_path):
    """Where nginx shows the page, and a key."""
    path = Path(shutil.copytree(made_page_library, tmp_path / "library"))
    with wiring.library(path, settings(path)) as library:
        key = library.keys.add("someone", ["read", "write"])
    with address() as listening:
        root = f"https://127.0.0.1:{listening.getsockname()[1]}/sounds/"
        options = ("--require-keys", "--trusted-proxy", "127.0.0.1", "--public-url", root)
        certificate = Certificate.made_in(tmp_path)
        ssl = "listen 80 ssl; ssl_certificate x; ssl_certificate_key x;"
        configuration = guided(1).replace("listen 80;", ssl)
        with (
            serving(path, *options, environ={"SOUNDALIKE_ENCODER": "spectral"}) as server,
            nginx(tmp_path, listening, server.url, configuration, certificate),
        ):
            yield root, key


@pytest.fixture
def page(chromium):
    """A page that takes the certificate; nothing may be complained about."""
    context = chromium.new_context(ignore_https_errors=True)
    made = context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    complaints = Complaints(made)
    yield made
    context.close()
    assert complaints.found == []


@pytest.mark.thorough
def test_everything_is_found_below_the_path(page, below, tmp_path):
    """Files of the page, questions, pictures, sounds, likes, events of jobs, addresses, and going back."""
    root, key = below
    left = []
    page.on("request", lambda request: left.append(request.url) if not request.url.startswith(root) else None)
    page.goto(root)
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Enter").click()
    page.wait_for_selector(".row")
    ask(page, "rain")
    expect(page.locator(".row")).to_have_count(EACH)
    expect(page).to_have_url(f"{root}?q=rain")

    page.locator(".row-title").first.click()
    page.wait_for_selector(".inspector")
    with page.expect_response("**/audio") as played:
        page.locator(".row").first.get_by_role("button", name="Play").click()
    assert played.value.status in (200, 206)

    page.get_by_role("link", name="Library").click()
    expect(page).to_have_url(f"{root}library?q=rain")
    with page.expect_response("**/events") as events:
        page.get_by_label("Choose files to add").set_input_files(write(tmp_path / "thunder.wav", 8))
    assert events.value.status == 200
    page.reload()
    expect(page.get_by_role("link", name="Library")).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="Soundalike").click()
    expect(page).to_have_url(root)
    page.go_back()
    expect(page).to_have_url(f"{root}library?q=rain")
    assert [url for url in left if not url.startswith(("blob:", "data:"))] == []

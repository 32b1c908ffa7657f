"""``make screenshots``: take the README's screenshots (``docs/images``) of a served demo library."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from search.errors import UsageError
from webui.browser import launch

if TYPE_CHECKING:
    from playwright.sync_api import Page

START_S = 120.0
COLOURS = 256
"""Size of the pictures' palette: the page has few colours, and so the files stay small."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One screenshot: its address, the window's size and colour scheme, and what to do before it is taken."""

    name: str
    address: str
    width: int
    height: int
    scheme: Literal["dark", "light"]
    prepare: Callable[[Page], None]


def _answer(page: Page) -> None:
    page.wait_for_selector(".row")
    page.locator(".row-title").nth(1).click()
    page.wait_for_selector(".inspector .cutter-wave canvas", state="attached")
    page.get_by_role("button", name="Spectrogram").click()
    picture = page.locator(".spectrogram").element_handle()
    while picture is not None and not picture.evaluate("(one) => one.complete"):
        page.wait_for_timeout(200)
    page.wait_for_timeout(1500)


def _map(page: Page) -> None:
    draw = page.get_by_role("button", name="Draw the map")
    page.wait_for_selector(".legend, .screen")
    if draw.is_visible():
        draw.click()
    page.wait_for_selector(".legend", timeout=180_000)
    page.wait_for_timeout(1500)


def _list(page: Page) -> None:
    page.wait_for_selector(".row")
    page.wait_for_timeout(2500)


PICTURES = (
    Picture("search", "?part=clip:30&part=-0.5*text:helicopter", 1440, 900, "dark", _answer),
    Picture("browse", "", 1440, 900, "light", _list),
    Picture("map", "map", 1440, 900, "dark", _map),
    Picture("phone", "?part=clip:30", 390, 844, "dark", _list),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Take all screenshots. Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m webui.screenshots", description=__doc__)
    parser.add_argument("--library", type=Path, required=True, help="the library to show")
    parser.add_argument("--out", type=Path, required=True, help="where the pictures go")
    args = parser.parse_args(argv)
    from playwright.sync_api import sync_playwright

    args.out.mkdir(parents=True, exist_ok=True)
    with _served(args.library) as url, sync_playwright() as playwright:
        browser = launch(playwright)
        for picture in PICTURES:
            page = browser.new_page(
                viewport={"width": picture.width, "height": picture.height}, color_scheme=picture.scheme
            )
            page.goto(url + picture.address)
            picture.prepare(page)
            file = args.out / f"{picture.name}.png"
            page.screenshot(path=file)
            page.close()
            _shrink(file)
            print(file)
        browser.close()
    return 0


@contextmanager
def _served(library: Path) -> Iterator[str]:
    """Serve the library within the block. Yield the address."""
    command = [sys.executable, "-m", "search.cli", "serve", "--library", str(library), "--port", "0"]
    with tempfile.NamedTemporaryFile(suffix=".log") as log:
        process = subprocess.Popen(command, stderr=log)  # noqa: S603 - our own command
        try:
            yield _address(Path(log.name), process)
        finally:
            process.terminate()
            process.wait(60)


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s and process.poll() is None:
        for line in log.read_text("utf-8", "replace").splitlines():
            if line.startswith("soundalike: serving"):
                return line.split(" at ")[1].split()[0]
        time.sleep(0.1)
    raise UsageError(f"the service did not start: {log.read_text('utf-8', 'replace')[-500:]}")


def _shrink(file: Path) -> None:
    """Store a palette instead of true colours: a third of the size, without a visible difference."""
    from PIL import Image

    with Image.open(file) as image:
        small = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(file, optimize=True)


if __name__ == "__main__":
    sys.exit(main())

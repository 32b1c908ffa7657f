"""The Chromium for the page's tests and screenshots.

It is the one on ``PATH``, else the one that ``make browser`` unpacked from the npm registry (``chromium/``), else the
one of ``playwright install chromium``. ``python -m webui.browser`` prints its path and the environment that it needs,
as JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from search.errors import UsageError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

UNPACKED: Final = Path(__file__).with_name("chromium") / "unpacked"
HOW_TO_GET: Final = (
    "no Chromium was found; get one by `make browser` (Linux on x86-64, with Node 20), `apt-get install chromium` or "
    "`playwright install chromium`"
)

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS: Final = (
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--disable-gpu-compositing",
)  # fmt: skip
"""SwiftShader renders WebGL, which the map needs, but not the rest of the page: that took half of a test's time."""


def find_chromium(playwright: Playwright) -> Path | None:
    """Return the path of the browser's program, or None if there is none."""
    on_path = next(filter(None, map(shutil.which, _NAMES)), None)
    places = [UNPACKED / "chromium", Path(playwright.chromium.executable_path)]
    return Path(on_path) if on_path else next((place for place in places if place.is_file()), None)


def launch(playwright: Playwright, *arguments: str, slow_mo: float | None = None) -> Browser:
    """Start Chromium with software rendering and additional command-line ``arguments``.

    ``slow_mo``: milliseconds to add to each of Playwright's actions. Raises UsageError if there is no Chromium.
    """
    chromium = find_chromium(playwright)
    if chromium is None:
        raise UsageError(HOW_TO_GET)
    environment = {**os.environ, **_needs(chromium)}
    return playwright.chromium.launch(
        executable_path=chromium, args=[*_ARGUMENTS, *arguments], env={**environment}, slow_mo=slow_mo
    )


def _needs(chromium: Path) -> dict[str, str]:
    """Additional environment variables for the browser; the one of the npm registry brings its own libraries."""
    if chromium.parent != UNPACKED:
        return {}
    return {"LD_LIBRARY_PATH": str(UNPACKED / "lib"), "FONTCONFIG_FILE": str(UNPACKED / "fonts.conf")}


def main() -> int:
    """Print ``{"chromium": path, "environment": {...}}`` for other programs. Return 3 if there is no Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = find_chromium(playwright)
    if chromium is None:
        sys.stderr.write(f"{HOW_TO_GET}\n")
        return 3
    sys.stdout.write(json.dumps({"chromium": str(chromium), "environment": _needs(chromium)}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

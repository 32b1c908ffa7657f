"""The Chromium that the page's tests and its pictures are made with.

The one on ``PATH``, else the one that ``make browser`` unpacked from the npm registry (``chromium/``), else the one of
``playwright install chromium``. ``python -m webui.browser`` says where it is, and what its environment needs, as JSON.
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
"""WebGL, which the map needs, is computed by SwiftShader. Only WebGL: with all of the page it took half of a test."""


def find_chromium(playwright: Playwright) -> Path | None:
    """Return the browser's program, None where there is none."""
    on_path = next(filter(None, map(shutil.which, _NAMES)), None)
    places = [UNPACKED / "chromium", Path(playwright.chromium.executable_path)]
    return Path(on_path) if on_path else next((place for place in places if place.is_file()), None)


def launch(playwright: Playwright, *arguments: str, slow_mo: float | None = None) -> Browser:
    """Start Chromium, drawing in software, with more arguments of its command line. Raises UsageError without one.

    ``slow_mo``: how many milliseconds each action of whoever drives it takes longer.
    """
    chromium = find_chromium(playwright)
    if chromium is None:
        raise UsageError(HOW_TO_GET)
    environment = {**os.environ, **_needs(chromium)}
    return playwright.chromium.launch(
        executable_path=chromium, args=[*_ARGUMENTS, *arguments], env={**environment}, slow_mo=slow_mo
    )


def _needs(chromium: Path) -> dict[str, str]:
    """What the browser's environment has to say beside what it does: the one of the npm registry brings libraries."""
    if chromium.parent != UNPACKED:
        return {}
    return {"LD_LIBRARY_PATH": str(UNPACKED / "lib"), "FONTCONFIG_FILE": str(UNPACKED / "fonts.conf")}


def main() -> int:
    """Print ``{"chromium": path, "environment": {...}}`` for other programs; 3 where there is none."""
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

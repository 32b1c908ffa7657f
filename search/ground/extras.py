"""Optional dependencies: the extras of this package, and how to install a missing one."""

from __future__ import annotations

import re
from importlib.metadata import requires
from importlib.util import find_spec

_OPTIONAL = re.compile(r"(?P<package>[\w.-]+).*;.*\bextra == ['\"](?P<extra>\w+)['\"]")


def is_installed(module: str) -> bool:
    """Return whether a module can be imported, without importing it."""
    return find_spec(module) is not None


def why_missing(what: str, module: str | None) -> str | None:
    """Return a sentence that ``what`` needs this module and how to install it; None if no extra provides it."""
    for line in requires("soundalike") or ():
        named = _OPTIONAL.match(line)
        if named and named["package"] == module:
            return f"{what} needs {module}, which is not installed: pip install 'soundalike[{named['extra']}]'"
    return None

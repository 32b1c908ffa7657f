"""What is not installed unless asked for: the extras of this package, and how to get what is missing."""

from __future__ import annotations

import re
from importlib.metadata import requires
from importlib.util import find_spec

_OPTIONAL = re.compile(r"(?P<package>[\w.-]+).*;.*\bextra == ['\"](?P<extra>\w+)['\"]")


def is_installed(module: str) -> bool:
    """Whether a module can be imported; it is not."""
    return find_spec(module) is not None


def why_missing(what: str, module: str | None) -> str | None:
    """A sentence: ``what`` needs this module, and how to get it. None for a module that no extra brings."""
    for line in requires("soundalike") or ():
        named = _OPTIONAL.match(line)
        if named and named["package"] == module:
            return f"{what} needs {module}, which is not installed: pip install 'soundalike[{named['extra']}]'"
    return None

"""How the commands of this package end: an expected error is a line on stderr and exit status 3."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from search.errors import SoundalikeError
from search.ground import process

COULD_NOT_RUN = 3

P = ParamSpec("P")


def command(main: Callable[P, int]) -> Callable[P, int]:
    """Wrap ``main`` of a program: set up the process, print expected errors, and return `COULD_NOT_RUN` for them."""

    @wraps(main)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> int:
        process.own()
        try:
            return main(*args, **kwargs)
        except SoundalikeError as error:
            print(error, file=sys.stderr)
            return COULD_NOT_RUN

    return guarded

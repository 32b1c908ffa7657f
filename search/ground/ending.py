"""How a program ends: expected errors become a line on stderr and an exit status, without a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec

from search.errors import QueryError, SoundalikeError, UsageError
from search.ground.extras import why_missing
from search.ground.urls import without_secrets

WRONG_USE: Final = 2
COULD_NOT_RUN: Final = 3
INTERRUPTED: Final = 130

P = ParamSpec("P")


def with_status(main: Callable[P, int | None]) -> Callable[P, int]:
    """Decorate ``main``: expected errors are printed and become its exit status, `WRONG_USE` or `COULD_NOT_RUN`."""

    @wraps(main)
    def ended(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return main(*args, **kwargs) or 0
        except (UsageError, QueryError) as error:
            return _fail(str(error), WRONG_USE)
        except SoundalikeError as error:
            return _fail(str(error), COULD_NOT_RUN)
        except ModuleNotFoundError as error:
            why = why_missing("this", error.name)
            if why is None:
                raise
            return _fail(why, WRONG_USE)
        except KeyboardInterrupt:
            return _fail("interrupted", INTERRUPTED)
        except BrokenPipeError:
            # the reader of our output closed the pipe (head, less): no error; keep the interpreter from reporting it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    return ended


def _fail(message: str, status: int) -> int:
    print(f"soundalike: {without_secrets(message)}", file=sys.stderr)
    return status

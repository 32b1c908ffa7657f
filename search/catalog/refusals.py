"""Which errors mean that one change cannot be held, and not that something is wrong with the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, ProgrammingError, StatementError

from search.errors import ChangeRefused, LibraryError, printable

_ABOUT_VALUES: Final = (DataError, IntegrityError, InterfaceError, ProgrammingError)
"""What a database raises because of a value, not of its own health (full, damaged, locked)."""


@contextmanager
def of_change(place: int) -> Iterator[None]:
    """Let what is raised because of the values of the change at ``place`` leave as ChangeRefused.

    Python itself raises for some (a number too large for a column, text that has no bytes), before the database can.
    """
    try:
        yield
    except StatementError as error:
        if isinstance(error, DBAPIError) and not isinstance(error, _ABOUT_VALUES):
            raise
        raise ChangeRefused(place, _one_line(error.orig or error)) from error
    except LibraryError as error:
        raise ChangeRefused(place, str(error)) from error
    except (ArithmeticError, ValueError, TypeError, RecursionError) as error:
        raise ChangeRefused(place, _one_line(error)) from error


def _one_line(error: BaseException) -> str:
    return printable(str(error).partition("\n")[0] or type(error).__name__)

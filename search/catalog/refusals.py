"""Which errors mean that one change cannot be held, and not that something is wrong with the database."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, ProgrammingError, StatementError

from search.errors import ChangeRefused, LibraryError, printable

_ABOUT_VALUES: Final = (DataError, IntegrityError, InterfaceError, ProgrammingError)
"""What a database raises because of a value, not of its own health (full, damaged, locked)."""


POSSIBLE: Final = (StatementError, LibraryError, ArithmeticError, ValueError, TypeError, RecursionError)
"""What may be raised because of a value.

Python itself raises for some (a number too large for a column, text that has no bytes), before the database can."""


def cause(error: BaseException) -> str | None:
    """What a value did wrong, on one line; None for an error that is not because of a value."""
    if isinstance(error, LibraryError):
        return error.cause if isinstance(error, ChangeRefused) else str(error)
    if isinstance(error, DBAPIError) and not isinstance(error, _ABOUT_VALUES):
        return None
    if isinstance(error, StatementError):
        error = error.orig or error
    return printable(str(error).partition("\n")[0] or type(error).__name__)

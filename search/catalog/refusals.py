"""Errors that mean that one change cannot be stored, as opposed to a problem with the database."""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, ProgrammingError, StatementError

from search.errors import ChangeRefused, LibraryError, printable

_ABOUT_VALUES: Final = (DataError, IntegrityError, InterfaceError, ProgrammingError)
"""Errors of a database about a value, not about its own state (full, damaged, locked)."""


POSSIBLE: Final = (StatementError, LibraryError, ArithmeticError, ValueError, TypeError, RecursionError)
"""Errors that a value may cause.

For some values Python raises before the database does: a number too large for a column, text that cannot be encoded."""


def cause(error: BaseException) -> str | None:
    """What is wrong with a value, on one line; None if the error was not caused by a value."""
    if isinstance(error, LibraryError):
        return error.cause if isinstance(error, ChangeRefused) else str(error)
    if isinstance(error, DBAPIError) and not isinstance(error, _ABOUT_VALUES):
        return None
    if isinstance(error, StatementError):
        error = error.orig or error
    return printable(str(error).partition("\n")[0] or type(error).__name__)

"""The errors that readers raise for damaged tags."""

import struct

UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""Errors of mutagen and of the readers here, except mutagen's own error class."""

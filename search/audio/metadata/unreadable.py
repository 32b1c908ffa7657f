"""What damaged tags make their readers raise."""

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
"""Of mutagen and of the readers here; mutagen's own error comes beside them."""

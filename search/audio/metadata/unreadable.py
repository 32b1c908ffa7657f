"""What damaged tags make their readers raise."""

import struct
from xml.etree import ElementTree

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
    ElementTree.ParseError,
    struct.error,
)
"""Of mutagen and of the readers here; mutagen's own error comes beside them."""

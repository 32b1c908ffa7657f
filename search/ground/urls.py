"""Addresses of objects in a store (``s3://bucket/rain.wav``) and of servers: recognise them, hide their secrets."""

from __future__ import annotations

import os
import re
from typing import Final

from search.errors import UsageError

STORE: Final = "s3://"
"""The prefix of addresses of objects, and of roots in a store."""
FOLDER: Final = "file://"
"""The prefix of the address of a folder that is used as a store."""

_ADDRESS: Final = re.compile(
    r"""[A-Za-z][A-Za-z0-9+.-]+:/      # a scheme, with one slash where a path was made of it; C:/ has one letter
    |[^/]+@[\w.\[\]:-]+(/|$)            # somebody at a host
    |(postgres(ql)?|sqlite)\b[^/]*/{2}  # a slip of the pen
    |\w+=\S*\s+\w+=                    # words of libpq
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SECRETS: Final = (
    # user and secret in an address: up to the last @, because secrets may have slashes; not a port and a path
    (re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:/{1,3}[^\s:@/]*:)(?!\d{1,5}/)\S*@"), r"\1***@"),
    (re.compile(r"([\w.%+-]+:)(?!/)[^\s:@*]\S*@(?=[\w.\[\]-]+(/|:\d))"), r"\1***@"),
    (re.compile(r"(\b\w*(?:passw|secret|token|signature)[\w-]*=)[^\s&'\"]+", re.IGNORECASE), r"\1***"),
)


def looks_like_address(text: str) -> bool:
    """Return whether ``text`` looks like the address of a server or an object, even misspelt, rather than a path.

    >>> [looks_like_address(said) for said in ("postgres:/h/d", "anna:secret@h/d", "/sounds/a: b", "C:/sounds")]
    [True, True, False, False]
    """
    return _ADDRESS.match(text) is not None


def require_folder(path: str | os.PathLike[str]) -> None:
    """Raise UsageError if ``path`` is an address and not an existing folder. The message does not show the address."""
    if looks_like_address(os.fspath(path)) and not os.path.lexists(path):
        raise UsageError(
            "a URL is not a library's folder; name a folder, and a catalog on a server with: "
            "soundalike init --library DIR --catalog postgresql://user@host/database"
        )


def without_secrets(text: str) -> str:
    """Return ``text`` with *** in place of the passwords and keys in its addresses.

    >>> without_secrets("postgresql://anna:secret@h/d s3://KEY:a/b@bucket anna:secret@h/d h/d?sslpassword=s")
    'postgresql://anna:***@h/d s3://KEY:***@bucket anna:***@h/d h/d?sslpassword=***'
    """
    for secret, shown in _SECRETS:
        text = secret.sub(shown, text)
    return text


def is_in_store(path: str) -> bool:
    """Return whether ``path`` is an address in an object store, not a path of this machine.

    >>> is_in_store("s3://bucket/rain.wav"), is_in_store("/sounds/rain.wav")
    (True, False)
    """
    return path.startswith(STORE)


def bucket_and_key(url: str) -> tuple[str, str]:
    """Return the bucket of an address, and the key in it ('' for the whole bucket).

    >>> bucket_and_key("s3://bucket/sounds/rain.wav")
    ('bucket', 'sounds/rain.wav')
    """
    bucket, _, key = url.removeprefix(STORE).partition("/")
    return bucket, key


def absolute(path: str) -> str:
    """Return the absolute path without resolving links; an address only loses trailing slashes."""
    return path.rstrip("/") if is_in_store(path) else os.path.abspath(path)  # noqa: PTH100 - resolve() follows links

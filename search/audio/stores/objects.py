"""Any store of obstore, behind the port `search.ports.ObjectStore`: a bucket of S3, or a folder."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import obstore
from obstore import exceptions
from obstore.store import LocalStore, S3Store

from search.errors import StoreAway, printable
from search.model import StoredObject

CHANGED: Final = "changed while it was being read; the next run will index it"
_PAGE: Final = 1000


class Objects:
    """The objects of one store. Thread-safe; not usable after a fork."""

    def __init__(self, url: str, store: Callable[[], S3Store | LocalStore], remedy: str) -> None:
        """``url`` names it in messages, ``store`` is called for each request, ``remedy`` is advice if it is away."""
        self._url = url
        self._store = store
        self._remedy = remedy

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """See `search.ports.Source.objects`."""
        with self._translated(prefix):
            for page in obstore.list(self._store(), prefix=prefix or None, chunk_size=_PAGE):
                yield from map(_stored, page)

    def look(self, key: str) -> StoredObject:
        """See `search.ports.Source.look`."""
        with self._translated(key):
            return _stored(obstore.head(self._store(), key))

    def read(self, key: str, start: int = 0, end: int | None = None, etag: str = "") -> tuple[StoredObject, memoryview]:
        """See `search.ports.Source.read`."""
        asked: dict[str, Any] = {}
        if start or end is not None:
            asked["range"] = {"offset": start} if end is None else (start, end)
        if etag:
            asked["if_match"] = etag
        with self._translated(key):
            got = obstore.get(self._store(), key, options=asked)  # type: ignore[arg-type]  # its type is a TypedDict
            return _stored(got.meta), memoryview(got.bytes())

    def write(self, key: str, data: bytes | Path, *, new: bool = False) -> bool:
        """See `search.ports.ObjectStore.write`."""
        with self._translated(key):
            try:
                # a conditional write needs a single request: multipart uploads have no condition
                if new:
                    obstore.put(self._store(), key, data, mode="create", use_multipart=False)
                else:
                    obstore.put(self._store(), key, data)
            except exceptions.AlreadyExistsError:
                return False
        return True

    def remove(self, key: str) -> None:
        """See `search.ports.ObjectStore.remove`."""
        with suppress(FileNotFoundError), self._translated(key):
            obstore.delete(self._store(), key)

    def signed(self, key: str, valid_s: float) -> str | None:
        """See `search.ports.ObjectStore.signed`."""
        with self._translated(key):
            store = self._store()
            return obstore.sign(store, "GET", key, timedelta(seconds=valid_s)) if isinstance(store, S3Store) else None

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        """Translate errors of the client to the OSError that a file would raise, or StoreAway."""
        try:
            yield
        except exceptions.InvalidPathError:
            raise
        except ValueError as error:
            raise OSError(errno.EINVAL, "its name has an empty part or dots, which no client can request") from error
        except (FileNotFoundError, exceptions.NotFoundError) as error:
            raise FileNotFoundError(errno.ENOENT, "no such object", f"{self._url}/{key}") from error
        except (PermissionError, exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise PermissionError(errno.EACCES, "the store denies access", f"{self._url}/{key}") from error
        except exceptions.PreconditionError as error:
            raise OSError(errno.ESTALE, CHANGED, f"{self._url}/{key}") from error
        except (exceptions.BaseError, OSError) as error:
            said = str(error)
            if "NoSuchBucket" in said:
                raise FileNotFoundError(errno.ENOENT, "no such bucket", self._url) from error
            if "403 Forbidden" in said or "401 Unauthorized" in said:
                raise PermissionError(errno.EACCES, "the store denies access", self._url) from error
            if "416 " in said:  # the object has another size by now
                raise OSError(errno.ESTALE, CHANGED, f"{self._url}/{key}") from error
            cause = said.splitlines()[0].rpartition(" - ")[2]
            raise StoreAway(
                f"{self._url}: does not answer ({printable(cause)}); {self._remedy}, then run it again: it resumes"
            ) from error


def _stored(meta: Any) -> StoredObject:  # noqa: ANN401 - a TypedDict of obstore's stubs alone
    return StoredObject(meta["path"], meta["size"], meta["e_tag"] or "", meta["last_modified"].timestamp())

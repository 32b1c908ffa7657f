"""A real S3 server in a thread (moto), which records requests and can be made to fail."""

from __future__ import annotations

import logging
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("obstore", reason="the s3 extra is not installed")
pytest.importorskip("moto", reason="moto, a server of S3, is not installed")

import obstore
from moto.server import DomainDispatcherApplication, create_backend_app
from obstore.store import S3Store
from werkzeug.serving import make_server

from search.audio.stores import buckets

logging.getLogger("werkzeug").setLevel(logging.ERROR)


class S3:
    """The server. ``asked``: the requests since `forget` (method, path, range). ``sent_bytes``: bytes of objects.

    ``refuse`` is called before each request, and returns the status with which the request fails, or None.
    """

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.asked: list[tuple[str, str, str]] = []
        self.sent_bytes = 0
        self.refuse: Callable[[str, str], str | None] = lambda _method, _path: None
        self._buckets = 0
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def bucket(self) -> str:
        """The name of a new bucket."""
        self._buckets += 1
        name = f"bucket-{self._server.server_port}-{self._buckets}"
        self._request("PUT", f"/{name}")
        return name

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """Store an object."""
        obstore.put(self._store(bucket), key, data)

    def put_unchecked(self, bucket: str, key: str, data: bytes) -> None:
        """Store a new object under a name that clients refuse."""
        self._request("PUT", f"/{bucket}/{key}", data)

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object."""
        obstore.delete(self._store(bucket), key)

    def forget(self) -> None:
        """Reset the counts, and refuse nothing."""
        self.asked.clear()
        self.sent_bytes = 0
        self.refuse = lambda _method, _path: None

    def gets(self) -> list[tuple[str, str, str]]:
        """The requests for bytes of objects."""
        return [one for one in self.asked if one[0] == "GET" and one[1].count("/") > 1]

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()

    def _store(self, bucket: str) -> S3Store:
        return S3Store(
            bucket,
            endpoint=self.url,
            client_options={"allow_http": True},
            access_key_id="a",
            secret_access_key="b",
            region="us-east-1",
        )

    def _request(self, method: str, path: str, data: bytes | None = None) -> None:
        url = self.url + urllib.parse.quote(path)
        kind = {"Content-Type": "application/octet-stream"}  # moto parses other types as a form
        with urllib.request.urlopen(urllib.request.Request(url, data=data, method=method, headers=kind)):
            pass

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.asked.append((method, path, environ.get("HTTP_RANGE", "")))
        status = self.refuse(method, path)
        if status is not None:
            start(status, [("Content-Length", "0")])
            return [b""]
        return self._counted(self._app(environ, start), counts=method == "GET" and path.count("/") > 1)

    def _counted(self, body: Iterable[bytes], *, counts: bool) -> Iterator[bytes]:
        for part in body:
            self.sent_bytes += len(part) if counts else 0
            yield part


@contextmanager
def served() -> Iterator[S3]:
    """A server for a module's tests. The environment points clients to it; they wait only 0.3 s for it if it fails."""
    with pytest.MonkeyPatch.context() as patch:
        server = S3()
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "a")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "b")
        patch.setenv("AWS_REGION", "us-east-1")
        patch.setattr(buckets, "WAIT_S", 0.3)
        yield server
        server.close()

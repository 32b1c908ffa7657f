"""The page's files as a Flask blueprint, mounted at ``/`` (entry point ``soundalike.pages``).

Files below ``dist/assets`` have their content's hash in their names, so browsers cache them permanently. They were
compressed when the page was built; the server only picks a version. ``index.html`` names them; browsers request it
each time. It carries the nonce of the one style sheet that a JavaScript library writes at run time.
"""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

DIST: Final = Path(__file__).with_name("dist")
VIEWS: Final = ("/", "/map", "/library")
"""Addresses of the page's views. All serve the same document, which reads its address (``src/route.ts``)."""

_NONCE: Final = "__NONCE__"
_FOR_GOOD: Final = "public, max-age=31536000, immutable"
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_NOT_BUILT: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Soundalike</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>Soundalike</h1>
<p>The search service is running. Its page is not there: it is built with Node 20, which was missing when Soundalike was
installed. In the source folder, run <code>make page</code>, then load this page again.</p>
<p>Everything can be asked over the REST API meanwhile: <a href="api/v1/openapi.json">/api/v1/openapi.json</a>
describes it; try <a href="api/v1/clips">/api/v1/clips</a>.</p></main></body></html>
"""


@dataclass(frozen=True, slots=True)
class Page:
    """The built page in a folder. It may be built, or rebuilt, while it is served."""

    dist: Path

    def document(self) -> Response:
        """The page, or instructions to build it if it is missing."""
        try:
            html = (self.dist / "index.html").read_text("utf-8")
        except FileNotFoundError:
            return Response(_NOT_BUILT, mimetype="text/html", headers={"Cache-Control": "no-store"})
        nonce = secrets.token_urlsafe(16)
        response = Response(html.replace(_NONCE, nonce), mimetype="text/html")
        response.headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce)
        response.headers["Cache-Control"] = "no-cache"
        return response

    def asset(self, name: str) -> Response:
        """A file of the build, in a compression that the browser accepts. Raises NotFound."""
        joined = safe_join(str(self.dist / "assets"), name)
        path = Path(joined) if joined is not None else None
        if path is None or path.suffix in (".br", ".gz") or not path.is_file():
            raise NotFound(f"the page has no file {name!r}")
        chosen, encoding = _compressed(path)
        response = Response(chosen.read_bytes(), mimetype=mimetypes.guess_type(path.name)[0])
        response.headers["Cache-Control"] = _FOR_GOOD
        response.headers["Vary"] = "Accept-Encoding"
        if encoding is not None:
            response.headers["Content-Encoding"] = encoding
        return response


def _compressed(path: Path) -> tuple[Path, str | None]:
    """The smallest version of a file that the browser accepts, and the name of its encoding (None: uncompressed)."""
    for encoding, suffix in _ENCODINGS:
        compressed = path.with_name(path.name + suffix)
        if request.accept_encodings.quality(encoding) > 0 and compressed.is_file():
            return compressed, encoding
    return path, None


def blueprint(dist: Path = DIST) -> Blueprint:
    """The blueprint that serves the page."""
    page = Page(dist)
    made = Blueprint("page", __name__)
    for place in VIEWS:
        made.add_url_rule(place, f"view_{place.strip('/') or 'search'}", page.document)
    made.add_url_rule("/assets/<path:name>", "asset", page.asset)
    return made

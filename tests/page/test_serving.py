"""How the service serves the page: nothing here needs a browser."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from webui.serving import blueprint


@pytest.fixture
def dist(tmp_path):
    """What a build leaves, in small."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<meta nonce="__NONCE__"><script src="/assets/a-1.js"></script>', "utf-8")
    for suffix, content in ((".js", b"plain"), (".js.gz", b"gz"), (".js.br", b"br")):
        (tmp_path / "assets" / f"a-1{suffix}").write_bytes(content)
    (tmp_path / "secret").write_text("no file of the page")
    return tmp_path


@pytest.fixture
def client(dist):
    app = Flask("test", static_folder=None)
    app.register_blueprint(blueprint(dist))
    return app.test_client()


def test_scripts_run_from_files_of_this_address_only(client):
    """No inline script, no eval, no other site; a nonce that differs each time lets one style sheet in."""
    first, second = client.get("/"), client.get("/")
    policies = [response.headers["Content-Security-Policy"] for response in (first, second)]
    for policy in policies:
        assert re.search(r"script-src 'self';", policy)
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'self';")
    assert policies[0] != policies[1]
    nonce = re.search(r"'nonce-([^']+)'", policies[0])[1]
    assert f'nonce="{nonce}"' in first.text


@pytest.mark.parametrize("path", ["/", "/map", "/library"])
def test_every_view_has_an_address(client, path):
    response = client.get(path, query_string={"q": "rain"})
    assert response.status_code == 200
    assert response.mimetype == "text/html"
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "content", "encoding"),
    [("br, gzip", b"br", "br"), ("gzip", b"gz", "gzip"), ("br;q=0, gzip", b"gz", "gzip"), ("", b"plain", None)],
)
def test_a_file_goes_out_as_small_as_the_browser_reads_it(client, accepted, content, encoding):
    """... and is kept for good: its name changes with its content."""
    response = client.get("/assets/a-1.js", headers={"Accept-Encoding": accepted})
    assert response.data == content
    assert response.headers.get("Content-Encoding") == encoding
    assert response.mimetype in ("text/javascript", "application/javascript")
    assert "immutable" in response.headers["Cache-Control"]
    assert response.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", ["b.js", "../secret", "..%2fsecret", "a-1.js.br", "%00", ""])
def test_nothing_but_files_of_the_page_can_be_had(client, name):
    assert client.get(f"/assets/{name}").status_code == 404


def test_a_page_that_is_not_built_says_how_to_build_it(tmp_path):
    app = Flask("test", static_folder=None)
    app.register_blueprint(blueprint(tmp_path / "nothing"))
    response = app.test_client().get("/")
    assert response.status_code == 200
    assert "make page" in response.text
    assert "/api/v1/openapi.json" in response.text

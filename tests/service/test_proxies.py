"""Behind proxies: which are trusted, the service's address, and which other sites may send requests."""

from __future__ import annotations

import shutil
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from flask import request

from search.catalog.store import Catalog
from search.errors import UsageError
from search.service.config import Limits, ServiceConfig, parse_network, parse_origin, parse_public_url
from search.service.http.proxies import address_of
from tests.service.conftest import application

APP = "https://app.example"
PUBLIC = "https://example.org/sounds/"
TRUSTED = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("::1"))
SEARCH = {"json": {"parts": [{"text": "rain"}], "k": 1}}
CLIENT = "203.0.113.7"


@pytest.fixture(scope="module")
def copied_library(made_library, tmp_path_factory) -> Path:
    return Path(shutil.copytree(made_library, tmp_path_factory.mktemp("proxied") / "library"))


@pytest.fixture(scope="module")
def behind(copied_library):
    """The application behind trusted proxies."""
    with application(copied_library, trusted_proxies=TRUSTED) as client:
        yield client


@pytest.fixture(scope="module")
def below(copied_library):
    """The application with a public address below a path."""
    with application(copied_library, public_url=PUBLIC) as client:
        yield client


def seen(client, peer="127.0.0.1", **headers: str) -> tuple[str, str]:
    """The client's address and the service's own, as the service takes them for."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with client:
        client.get("/health", headers=named, environ_overrides={"REMOTE_ADDR": peer})
        return request.remote_addr, request.url_root


@pytest.mark.parametrize(
    ("headers", "client", "root"),
    [
        ({}, "127.0.0.1", "http://localhost/"),
        ({"X_Forwarded_For": CLIENT}, CLIENT, "http://localhost/"),
        ({"X_Forwarded_For": f"{CLIENT}:4711"}, CLIENT, "http://localhost/"),
        ({"X_Forwarded_For": '"[2001:db8::7]:4711"'}, "2001:db8::7", "http://localhost/"),
        ({"X_Forwarded_For": f"198.51.100.1, {CLIENT}, 10.0.0.3"}, CLIENT, "http://localhost/"),
        ({"X_Forwarded_For": "10.0.0.9, 10.0.0.3"}, "10.0.0.9", "http://localhost/"),
        ({"X_Forwarded_For": f"{CLIENT}, unknown"}, "127.0.0.1", "http://localhost/"),
        (
            {"X_Forwarded_For": CLIENT, "X_Forwarded_Host": "example.org", "X_Forwarded_Proto": "https"},
            CLIENT,
            "https://example.org/",
        ),
        ({"X_Forwarded_Host": "evil.example, example.org"}, "127.0.0.1", "http://example.org/"),
        (
            {"X_Forwarded_For": f"{CLIENT}, 10.0.0.3", "X_Forwarded_Host": "example.org, inner:80"},
            CLIENT,
            "http://example.org/",
        ),
        ({"X_Forwarded_For": f"{CLIENT}, 10.0.0.3", "X_Forwarded_Proto": "https"}, CLIENT, "https://localhost/"),
        ({"X_Forwarded_Proto": "HTTPS"}, "127.0.0.1", "https://localhost/"),
        ({"Forwarded": f"for={CLIENT};proto=HTTPS"}, CLIENT, "https://localhost/"),
        ({"X_Forwarded_Prefix": "/sounds/"}, "127.0.0.1", "http://localhost/sounds/"),
        (
            {"Forwarded": f'for="{CLIENT}:80";proto=https;host="example.org:8443";by=_x'},
            CLIENT,
            "https://example.org:8443/",
        ),
        ({"Forwarded": f"for=198.51.100.1, FOR={CLIENT};Proto=https, for=10.0.0.3"}, CLIENT, "https://localhost/"),
        ({"Forwarded": 'for="[2001:db8::7]:4711"'}, "2001:db8::7", "http://localhost/"),
        ({"Forwarded": "for=198.51.100.1", "X_Forwarded_For": CLIENT}, CLIENT, "http://localhost/"),
        ({"Forwarded": 'for=";,=', "X_Forwarded_Proto": "https"}, "127.0.0.1", "http://localhost/"),
    ],
)
def test_a_trusted_proxy_says_who_asks_and_what_for(behind, headers, client, root):
    """The nearest address that no trusted proxy has, and what the outermost of them was asked for."""
    assert seen(behind, **headers) == (client, root)


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Forwarded_Host": "a b"},
        {"X_Forwarded_Host": "example.org/path"},
        {"X_Forwarded_Proto": "javascript"},
        {"X_Forwarded_Prefix": "//evil.example"},
        {"X_Forwarded_Prefix": "sounds"},
        {"X_Forwarded_Prefix": "/a\\b"},
        {"X_Forwarded_Prefix": "/"},
    ],
)
def test_what_makes_no_sense_is_dropped(behind, headers):
    assert seen(behind, **headers) == ("127.0.0.1", "http://localhost/")


def test_from_anybody_else_nothing_is_believed(behind, below):
    """Neither who asks nor what for; and without a trusted proxy from nobody."""
    headers = {
        "X_Forwarded_For": CLIENT,
        "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Prefix": "/evil",
        "Forwarded": f"for={CLIENT};host=evil.example",
    }
    assert seen(behind, peer="192.0.2.9", **headers) == ("192.0.2.9", "http://localhost/")
    assert seen(below, **headers) == ("127.0.0.1", "http://localhost/sounds/")


def test_an_address_is_read_in_every_form():
    """IPv4 within IPv6, as a socket for both has it, is IPv4."""
    assert address_of("::ffff:10.0.0.3") == ip_address("10.0.0.3")
    assert [address_of(one) for one in ("", "unknown", "_hidden", "1.2.3", "[::1", "a:b:c")] == [None] * 6


def test_a_rate_counts_clients_and_not_their_proxy(copied_library):
    with application(
        copied_library, trusted_proxies=TRUSTED, limits=Limits(requests_per_s=1), clock=lambda: 0.0
    ) as client:

        def statuses(address):
            return [client.get("/api/v1/clips/1", headers={"X-Forwarded-For": address}).status_code for _ in range(3)]

        assert statuses(CLIENT) == [200, 200, 429]
        assert statuses("203.0.113.8") == [200, 200, 429]
        assert statuses(f"198.51.100.1, {CLIENT}") == [429] * 3, "what a client adds itself changes nothing"


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1:8000"])
def test_the_public_address_is_one_of_its_own(below, host):
    """With the Host header kept and without keys, and with the proxy's own; its pages may ask, others may not."""
    same = {"Host": host, "Origin": "https://example.org", "Sec-Fetch-Site": "same-origin"}
    assert below.post("/api/v1/search", **SEARCH, headers=same).status_code == 200
    other = below.post("/api/v1/search", **SEARCH, headers={**same, "Origin": "https://evil.example"})
    assert other.status_code == 403
    assert below.get("/health", headers={"Host": "evil.example"}).status_code == 400


def test_a_trusted_proxy_that_says_the_host_needs_no_public_address(behind):
    headers = {"Host": "127.0.0.1:8000", "X-Forwarded-Host": "example.org", "Origin": "http://example.org"}
    assert behind.post("/api/v1/search", **SEARCH, headers=headers).status_code == 200


def test_a_page_that_was_bound_to_loopback_anew_cannot_pass_for_a_proxy(behind):
    """A script may set any of these headers, and comes from an address that is trusted; the Host is the browser's."""
    headers = {"Host": "evil.example", "X-Forwarded-Host": "localhost", "X-Forwarded-For": "127.0.0.1"}
    assert behind.get("/api/v1/clips", headers=headers).status_code == 400


def test_a_refusal_says_which_option_is_missing(reader):
    """Whoever puts a proxy in front reads it in the page."""
    host = reader.get("/api/v1/clips", headers={"Host": "example.org"})
    origin = reader.post("/api/v1/search", **SEARCH, headers={"Origin": "https://example.org"})
    assert (host.status_code, origin.status_code) == (400, 403)
    assert "--public-url http://example.org/" in host.get_json()["detail"]
    assert "--public-url https://example.org/" in origin.get_json()["detail"]
    assert "--cors-origin https://example.org" in origin.get_json()["detail"]


@pytest.mark.parametrize("prefix", ["", "/sounds"])
def test_below_a_path_the_proxy_may_hand_it_on_or_take_it_away(below, prefix):
    """Whatever the answer says of itself is below the path."""
    assert below.get(f"{prefix}/").status_code == 200
    assert below.get(f"{prefix}/api/v1/clips?limit=1").get_json()["total"] == 6
    queued = below.post(f"{prefix}/api/v1/jobs", json={"kind": "map"})
    assert queued.headers["Location"].startswith("/sounds/api/v1/jobs/")
    assert below.get(f"{prefix}/api/v1/openapi.json").get_json()["servers"] == [{"url": "/sounds"}]


def test_the_path_without_its_slash_leads_to_the_page(below):
    """Addresses within the page are relative."""
    moved = below.get("/sounds?q=rain")
    assert (moved.status_code, moved.headers["Location"]) == (308, "/sounds/?q=rain")
    assert below.get("/soundsandmore").status_code == 404


@pytest.mark.parametrize(
    ("changes", "headers", "secure"),
    [
        ({}, {}, False),
        ({"public_url": PUBLIC}, {}, True),
        ({"public_url": "http://example.org/"}, {}, False),
        ({"trusted_proxies": TRUSTED}, {"X-Forwarded-Proto": "https"}, True),
        ({}, {"X-Forwarded-Proto": "https"}, False),
    ],
)
def test_behind_tls_the_cookie_is_secure(copied_library, changes, headers, secure):
    """And it is for the API alone, wherever that lies: a browser takes the folder that it was set in."""
    with Catalog.open(copied_library / "catalog.sqlite") as catalog:
        key = catalog.keys.add(f"browser {len(catalog.keys.list())}", ["read"])
    with application(copied_library, needs_keys=True, **changes) as client:
        begun = client.post("/api/v1/session", json={"key": key}, headers=headers)
        cookie = begun.headers["Set-Cookie"]
    assert ("Secure" in cookie) == secure
    assert "Path" not in cookie
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie


# --- pages of other sites ---------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[False, True], ids=["without keys", "with keys"])
def shared(request, copied_library):
    """A service that lets the pages of one other site in, and the headers that bring a key where one is needed."""
    headers = {"Origin": APP, "Sec-Fetch-Site": "cross-site"}
    if request.param:
        with Catalog.open(copied_library / "catalog.sqlite") as catalog:
            name = f"app {len(catalog.keys.list())}"  # another order of tests makes this more than once
            headers["Authorization"] = f"Bearer {catalog.keys.add(name, ['read', 'write'])}"
    with application(copied_library, needs_keys=request.param, cors_origins=(APP,)) as client:
        yield client, headers


def test_a_browser_is_told_that_a_named_site_may_ask(shared):
    """Before it asks, and without a key: browsers send none with that question."""
    client, _ = shared
    asked = {
        "Origin": APP,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    answer = client.options("/api/v1/search", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert {"authorization", "content-type", "range"} <= set(allowed.replace(",", " ").split())
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_page_of_a_named_site_asks_and_reads(shared):
    """Answers of every kind, refusals among them, and what their headers say."""
    client, headers = shared
    answers = [
        client.post("/api/v1/search", **SEARCH, headers=headers),
        client.get("/api/v1/clips", headers=headers),
        client.get("/api/v1/clips/1/audio", headers={**headers, "Range": "bytes=0-9"}),
        client.get("/api/v1/clips/999", headers=headers),
        client.post("/api/v1/jobs", json={"kind": "map"}, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 206, 404, 202]
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        assert "Content-Range" in answer.headers["Access-Control-Expose-Headers"]
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("origin", ["https://evil.example", "http://app.example", f"{APP}:444", "null"])
def test_pages_of_every_other_site_stay_out(shared, origin):
    client, headers = shared
    refused = client.post("/api/v1/search", **SEARCH, headers={**headers, "Origin": origin})
    asked = {**headers, "Origin": origin, "Access-Control-Request-Method": "POST"}
    before = client.options("/api/v1/search", headers=asked)
    assert refused.status_code == 403
    for answer in (refused, before, client.get("/api/v1/clips", headers={**headers, "Origin": origin})):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Origin" in answer.headers["Vary"]


def test_a_page_of_a_named_site_needs_a_key_as_others_do(copied_library):
    """It may read that it needs one."""
    with application(copied_library, needs_keys=True, cors_origins=(APP,)) as client:
        refused = client.get("/api/v1/clips", headers={"Origin": APP})
    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] == APP


# --- what may be set --------------------------------------------------------------------------------------


def test_addresses_are_kept_in_one_form():
    assert parse_public_url("HTTPS://Example.org:443/a/b") == "https://example.org/a/b/"
    assert parse_public_url("http://[::1]:8080") == "http://[::1]:8080/"
    assert parse_origin("https://App.example:443/") == APP
    assert parse_network("10.1.2.3/8") == ip_network("10.0.0.0/8")
    assert parse_network("[::1]") == ip_network("::1")


def test_a_public_address_says_host_and_path(tmp_path):
    config = ServiceConfig(tmp_path, public_url=PUBLIC)
    assert (config.public_host, config.base_path) == ("example.org", "/sounds")
    assert ServiceConfig(tmp_path, public_url="http://a.example:81/").base_path == ""


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *[
            (parse_public_url, text)
            for text in ("example.org", "ftp://a.b/", "http:///x", "http://a/?q", "http://a/#x")
        ],
        *[(parse_public_url, text) for text in ("http://a:99999/", "http://u:p@a/", "http://a//b", "http://a/b c", "")],
        *[(parse_origin, text) for text in ("*", "https://*.example", "app.example", f"{APP}/path", "null")],
        *[(parse_network, text) for text in ("nginx", "10.0.0.0/99", "", "1.2.3.4:80")],
    ],
)
def test_what_cannot_be_meant_is_refused_with_an_example(read, text):
    with pytest.raises(UsageError, match="like"):
        read(text)

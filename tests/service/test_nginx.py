"""The service behind a real nginx, configured as in the guide: at the top, below a path, with TLS."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest
import requests
from requests.adapters import HTTPAdapter
from waitress.task import ThreadedTaskDispatcher

from search import wiring
from search.service.app import create_app
from search.service.config import Limits, ServiceConfig
from search.service.processes.answering import make_server, serve
from search.service.processes.supervisor import bind
from search.service.service import Service
from tests.nginx import Certificate, address, guided, needs_nginx, needs_openssl, nginx
from tests.service.conftest import settings, wav
from tests.waiting import PATIENCE_S

pytestmark = needs_nginx

APP = "https://app.example"
PLAIN = "server { listen 80; location / { proxy_pass http://127.0.0.1:8000; } }"
TOP, BELOW = 0, 1
LOCAL = (ip_network("127.0.0.1"),)


class Client(requests.Session):
    """Asks nginx; as a page of its address does, where ``origin`` is set, and from another address of this machine."""

    def __init__(self, root: str, origin: str = "", address: str = "127.0.0.1") -> None:
        super().__init__()
        self.trust_env = False  # a bundle of certificates that is set there would win over `verify`
        self.root = root
        if origin:
            self.headers["Origin"] = origin
        self.mount(root, _From(address))

    def ask(self, method: str, path: str, **options: object) -> requests.Response:
        return self.request(method, self.root + path, timeout=PATIENCE_S, allow_redirects=False, **options)


class _From(HTTPAdapter):
    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=(self._address, 0))


@contextmanager
def serving_here(library_path: Path, **changes: object) -> Iterator[str]:
    """The service in a thread, as a web worker runs it; its address."""
    config = ServiceConfig(library_path, threads=4, **changes)
    stop, dispatcher = threading.Event(), ThreadedTaskDispatcher()
    with wiring.library(library_path, settings(library_path)) as library, bind("127.0.0.1", 0) as listening:
        server = make_server(create_app(Service.over(library, config, stop)), config, listening, dispatcher)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=serve, args=(server, stop, 0.0))
        thread.start()
        try:
            yield url
        finally:
            stop.set()
            thread.join(PATIENCE_S)


@pytest.fixture
def behind(library_path, tmp_path):
    """Put the service behind nginx: the root of what nginx answers, as a client has it."""
    with ExitStack() as stack:

        def put(configuration: str, *, scheme: str = "http", public: str | None = None, **changes: object) -> str:
            listening = stack.enter_context(address())
            root = f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"
            if public is not None:
                changes["public_url"] = f"{root}{public}"
            certificate = Certificate.made_in(tmp_path) if scheme == "https" else None
            service = stack.enter_context(serving_here(library_path, **changes))
            stack.enter_context(nginx(tmp_path, listening, service, configuration, certificate))
            return root

        yield put


def everything(client: Client) -> None:
    """What the page does: searches, likes, uploads, plays, and lists."""
    found = client.ask("POST", "/api/v1/search", files={"audio": ("bell.wav", wav(4))})
    assert found.status_code == 200, found.text
    clip_id = found.json()["hits"][0]["clip_id"]
    opinion = {"feedback": [{"clip_id": clip_id, "opinion": "like"}]}
    assert client.ask("POST", "/api/v1/feedback/me", json=opinion).status_code == 200
    queued = client.ask("POST", "/api/v1/clips", files={"files": ("door.wav", wav(7))})
    assert queued.status_code == 202, queued.text
    job = requests.compat.urljoin(client.root, queued.headers["Location"])
    assert client.get(job, timeout=PATIENCE_S).json()["id"] == queued.json()["id"]
    part = client.ask("GET", f"/api/v1/clips/{clip_id}/audio", headers={"Range": "bytes=0-9"})
    assert (part.status_code, len(part.content)) == (206, 10)
    assert client.ask("GET", f"/api/v1/clips/{clip_id}/spectrogram.png").headers["Content-Type"] == "image/png"
    with client.ask("GET", f"/api/v1/jobs/{queued.json()['id']}/events", stream=True) as events:
        lines = events.iter_lines()
        assert any(line.startswith(b"event: job") for line in lines), "an event comes while the job waits"
    assert client.ask("GET", "/").headers["Content-Type"].startswith("text/html")


def test_with_proxy_pass_alone_everything_works_once_the_address_is_known(behind):
    """nginx changes the Host header then, and says nothing else."""
    root = behind(PLAIN, public="/")
    everything(Client(root, origin=root))


def test_with_proxy_pass_alone_a_page_is_told_what_to_do(behind):
    root = behind(PLAIN)
    refused = Client(root, origin=root).ask("POST", "/api/v1/search", json={"parts": [{"text": "rain"}]})
    assert refused.status_code == 403
    assert f"--public-url {root}/" in refused.json()["detail"]


def test_below_a_path_everything_works(behind):
    """And the path without a slash leads there."""
    root = behind(guided(BELOW), public="/sounds/", trusted_proxies=LOCAL)
    client = Client(root, origin=root)
    assert client.ask("GET", "/sounds").headers["Location"].endswith("/sounds/")
    client.root = f"{root}/sounds"
    everything(client)
    assert client.ask("GET", "/api/v1/openapi.json").json()["servers"] == [{"url": "/sounds"}]


def test_a_proxy_may_hand_the_path_on(behind):
    configuration = guided(BELOW).replace("8000/;", "8000;").replace("X-Forwarded-Prefix /sounds", 'X-Unused ""')
    root = behind(configuration, public="/sounds/", trusted_proxies=LOCAL)
    client = Client(f"{root}/sounds", origin=root)
    everything(client)


@needs_openssl
def test_with_tls_ended_in_front_a_browser_keeps_its_key_to_tls(behind, library_path, tmp_path):
    """And brings it along: a session that began stays."""
    with wiring.library(library_path, settings(library_path)) as library:
        key = library.keys.add("someone", ["read", "write"])
    root = behind(guided(TOP), scheme="https", public="/", trusted_proxies=LOCAL, needs_keys=True)
    client = Client(root, origin=root)
    client.verify = str(tmp_path / "certificate.pem")
    assert client.ask("GET", "/api/v1/clips").status_code == 401
    begun = client.ask("POST", "/api/v1/session", json={"key": key})
    assert begun.status_code == 204
    (cookie,) = client.cookies
    assert (cookie.secure, cookie.path) == (True, "/api/v1")
    everything(client)
    assert client.ask("DELETE", "/api/v1/session").status_code == 204
    assert not client.cookies


def test_a_rate_counts_clients_whatever_they_say_of_themselves(behind):
    """nginx hands on none of the headers that a client makes up."""
    root = behind(guided(BELOW), trusted_proxies=LOCAL, limits=Limits(requests_per_s=0.01))
    made_up = [{"X-Forwarded-For": f"203.0.113.{n}", "Forwarded": f"for=203.0.113.{n}"} for n in range(3)]
    one, other = (Client(f"{root}/sounds", address=f"127.0.0.{n}") for n in (2, 3))
    assert [one.ask("GET", "/api/v1/clips/1", headers=given).status_code for given in made_up] == [200, 429, 429]
    assert other.ask("GET", "/api/v1/clips/1").status_code == 200


def test_pages_of_a_named_site_ask_through_it(behind, library_path):
    """The browser asks first whether they may."""
    with wiring.library(library_path, settings(library_path)) as library:
        key = library.keys.add("app", ["read"])
    root = behind(guided(BELOW), public="/sounds/", trusted_proxies=LOCAL, needs_keys=True, cors_origins=(APP,))
    client = Client(f"{root}/sounds", origin=APP)
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    before = client.ask("OPTIONS", "/api/v1/search", headers=wanted)
    question = {"parts": [{"text": "rain"}]}
    found = client.ask("POST", "/api/v1/search", json=question, headers={"Authorization": f"Bearer {key}"})
    for answer in (before, found):
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, APP)
    client.headers["Origin"] = "https://evil.example"
    refused = client.ask("POST", "/api/v1/search", json=question, headers={"Authorization": f"Bearer {key}"})
    assert refused.status_code == 403

"""Two services over one catalog on a server share one rate limit per client."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
import requests
from sqlalchemy import text
from werkzeug.exceptions import TooManyRequests
from werkzeug.serving import make_server

from search.catalog import allowances as allowances_module
from search.catalog.allowances import CatalogAllowances
from search.catalog.postgresql import PostgreSQLDatabase
from search.errors import LibraryError
from search.service.config import Limits
from search.service.http.rates import RateLimiter
from search.service.http.sharedrates import AWAY_S, KEPT_S, SharedLimiter, limiter
from tests.commandline import soundalike
from tests.service.conftest import application
from tests.waiting import PATIENCE_S

NEVER = 1e-6
"""Tokens a second: in no test is there a new one."""


@pytest.fixture
def url(postgresql):
    return postgresql.new()


@pytest.fixture
def allowances(url):
    database = PostgreSQLDatabase(url, read_only=False)
    made = CatalogAllowances(database)
    made.prepare()
    yield made
    database.close()


class Counted:
    """Allowances that count how often they are asked, and are away when they are told to be."""

    def __init__(self, inner):
        self.inner = inner
        self.asked = 0
        self.is_away = False

    def prepare(self):
        if self.is_away:
            raise LibraryError("the server does not answer")
        self.inner.prepare()

    def take(self, *given):
        self.asked += 1
        if self.is_away:
            raise LibraryError("the server does not answer")
        return self.inner.take(*given)


@pytest.fixture
def server_library(postgresql, tmp_path):
    library = tmp_path / "library"
    assert soundalike("init", "--library", library, "--catalog", postgresql.empty()).returncode == 0
    return library


@contextmanager
def listening(library, **changes):
    """A service on loopback, in a thread; its address."""
    with application(library, **changes) as client:
        server = make_server("127.0.0.1", 0, client.application, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


def test_two_services_on_loopback_share_a_limit(server_library):
    """A bucket of one, which fills again in a thousand seconds."""
    limits = Limits(requests_per_s=0.001)
    with listening(server_library, limits=limits, workers=2) as one, listening(server_library, limits=limits) as other:
        answers = [requests.get(f"{url}/api/v1/jobs", timeout=PATIENCE_S) for url in (one, other, one, other)]
    assert [answer.status_code for answer in answers] == [200, 429, 429, 429]
    assert all(int(answer.headers["Retry-After"]) > 1000 - PATIENCE_S for answer in answers[1:])


def test_a_bucket_in_the_catalog_is_emptied_once_by_however_many(url):
    """Eight threads, each with connections of its own, at the same moment."""
    took, start = [], threading.Barrier(8)

    def empty():
        database = PostgreSQLDatabase(url, read_only=False)
        mine = CatalogAllowances(database)
        start.wait()
        mine.prepare()
        while (found := mine.take("key a", 3, NEVER, 100.0)) > 0:
            took.append(found)
        database.close()

    threads = [threading.Thread(target=empty) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(took) == 100


def test_a_bucket_fills_again_by_the_servers_clock_and_never_beyond_its_size(allowances):
    assert allowances.take("key a", 10, NEVER, 10.0) == 10
    missing_s = allowances.take("key a", 10, 0.001, 10.0)
    assert -1000 <= missing_s < -900
    assert allowances.take("key b", 10, NEVER, 10.0) == 10, "each has its own"
    assert allowances.take("key a", 50, 1e9, 10.0) == 10, "full again, and no fuller"


def test_a_busy_client_costs_the_catalog_four_statements_a_second_and_a_refused_one_none(allowances):
    now = [0.0]
    counted = Counted(allowances)
    mine = SharedLimiter(40, counted, RateLimiter(40), clock=lambda: now[0])
    assert [mine.wait_s("key a") for _ in range(40)] == [0.0] * 40
    assert counted.asked == 4
    rare = SharedLimiter(NEVER, counted, RateLimiter(NEVER), clock=lambda: now[0])
    assert [rare.wait_s("key b") > 0 for _ in range(50)] == [False] + [True] * 49
    assert counted.asked == 4 + 2


def test_tokens_that_were_taken_and_not_used_do_not_hold_for_ever(allowances):
    now = [0.0]
    counted = Counted(allowances)
    mine = SharedLimiter(40, counted, RateLimiter(40), clock=lambda: now[0])
    assert mine.wait_s("key a") == 0.0
    now[0] = KEPT_S
    assert mine.wait_s("key a") == 0.0
    assert counted.asked == 2


def test_while_the_catalog_is_away_a_worker_lets_in_its_own_share(allowances):
    now = [0.0]
    counted = Counted(allowances)
    counted.is_away = True
    mine = limiter(2, 2, counted, lambda: now[0])
    assert [mine.wait_s("key a") == 0.0 for _ in range(4)] == [True, True, False, False]
    assert counted.asked == 0, "asked to prepare, once"
    with pytest.raises(TooManyRequests):
        mine.require("key a")
    counted.is_away = False
    now[0] = AWAY_S
    assert [mine.wait_s("key a") == 0.0 for _ in range(5)] == [True] * 4 + [False]
    assert counted.asked > 0


def test_a_catalog_that_lost_its_table_has_a_new_one_in_a_while(url, allowances):
    now = [0.0]
    mine = SharedLimiter(40, allowances, RateLimiter(1), clock=lambda: now[0])
    assert mine.wait_s("key a") == 0.0
    database = PostgreSQLDatabase(url, read_only=False)
    with database.claiming() as connection:
        connection.exec_driver_sql("DROP TABLE allowances")
    assert mine.wait_s("key b") == 0.0
    now[0] = AWAY_S
    assert mine.wait_s("key b") == 0.0
    assert database.glance(text("SELECT count(*) FROM allowances")) == 1
    database.close()


def test_who_was_quiet_for_long_is_forgotten(url, allowances, monkeypatch):
    """Its bucket would be full; whoever asked a moment ago stays."""
    allowances.take("key a", 1, 1.0, 2.0)
    database = PostgreSQLDatabase(url, read_only=False)
    with database.claiming() as connection:
        connection.exec_driver_sql("UPDATE allowances SET at = at - interval '1 hour'")
    monkeypatch.setattr(allowances_module, "_FORGET_EVERY", 1)
    allowances.take("key b", 1, 1.0, 2.0)
    assert database.glance(text("SELECT string_agg(client, ',') FROM allowances")) == "key b"
    database.close()


def test_without_a_limit_or_in_a_file_nothing_is_asked(allowances):
    counted = Counted(allowances)
    for _ in range(100):
        limiter(0, 1, counted).require("key a")
    assert counted.asked == 0
    assert isinstance(limiter(50, 2, None), RateLimiter)

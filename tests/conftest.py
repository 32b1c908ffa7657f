"""Fixtures and settings that all tests share."""

from __future__ import annotations

import gc
import os
import random
import signal
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is loaded: other tests use the other cores

import numpy as np
import pytest
import random_order.config
from hypothesis import HealthCheck, settings

from search.catalog import migrations
from search.ground import process
from tests import in_memory, new_catalogs, order, statements
from tests.search import catalog_helpers
from webui.browser import HOW_TO_GET

in_memory.use()
os.environ["SOUNDALIKE_FACTS"] = "off"  # otherwise an idle service measures facts: the library changes during a test
os.environ["SOUNDALIKE_NICENESS"] = "0"  # commands run in the tests' own processes, whose priority would stay lower
os.environ["SOUNDALIKE_JOB_SHARE"] = "1"  # so that no job slows down because a test queried the library just before
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a script, or under nohup
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests interrupt programs that they start
process.own()  # encoders compute in one thread, as under the command line

migrations.upgrade = new_catalogs.upgrade
statements.share()

SHARED = Path(__file__).resolve().parents[2] / "shared"

settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", settings.get_profile("same"), derandomize=False)
settings.load_profile("same")
"""The same examples in every run, even on slow machines. ``--hypothesis-profile=explore`` looks for new ones."""

TORCH_SEED = 67280421310721
"""torch's default seed. So it makes no difference whether torch was loaded before a test or the test loads it."""


gc.disable()  # until collection is over: modules that are loaded are not garbage


@pytest.hookimpl(trylast=True)  # what is not selected is gone by then, and has no place in any process's stretch
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several processes, order the tests so that those that share a costly fixture start in one process.

    A random order that was asked for stays.
    """
    worker = getattr(config, "workerinput", None)
    if worker is not None and not random_order.config.Config(config).is_enabled:
        order.arrange(items, worker["workercount"])


def pytest_collection_finish() -> None:
    """Exclude everything that is loaded by now from garbage collection, which would slow down every test."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 50)  # full collections are a fifth as frequent


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Seed all random generators before each test and its fixtures, so that no test depends on earlier tests."""
    random.seed(1)
    np.random.seed(1)
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(TORCH_SEED)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data and models beside the project; the test is skipped if it is missing."""
    if not (SHARED / "data").is_dir():
        pytest.skip("../shared is not there: this test needs its data or models")
    return SHARED


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server for the tests, which are skipped if its programs are missing."""
    from tests import postgresql

    programs = postgresql.binaries()
    if programs is None:
        pytest.skip(postgresql.HOW_TO_GET)
    server = postgresql.Server(programs)
    yield server
    server.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kind(request):
    """Run the module's tests with each kind of catalog: `catalog_helpers.new_catalog` makes catalogs of this kind."""
    if request.param == "sqlite":
        yield request.param
        return
    server = request.getfixturevalue("postgresql")
    with server.forgetting(), catalog_helpers.in_databases_of(server):
        yield request.param


def pytest_terminal_summary(terminalreporter):
    """Print in one line how many tests were skipped for lack of a browser, and how to get one."""
    left_out = [one for one in terminalreporter.stats.get("skipped", ()) if HOW_TO_GET in str(one.longrepr)]
    if left_out:
        terminalreporter.write_line(f"{len(left_out)} tests of the page (tests/page) were left out: {HOW_TO_GET}")

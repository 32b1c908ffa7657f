"""What a catalog in PostgreSQL adds to the contract: turns, one clock, secrets, and FTS5's ranking."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import text

from search.catalog import lines
from search.catalog.lines import WatchedConnection
from search.catalog.postgresql import PostgreSQLDatabase
from search.catalog.store import Catalog
from search.errors import LibraryBusy, LibraryError, LibraryUnwritable, UsageError
from search.model import RemoveClip
from tests.postgresql import end_with_parent
from tests.search.catalog_helpers import FilledCatalog, in_databases_of, spec
from tests.waiting import wait_until

SECRET = "pa55-of-the-catalog"


@pytest.fixture
def filled(tmp_path, postgresql):
    with postgresql.forgetting():
        with in_databases_of(postgresql):
            made = FilledCatalog(tmp_path)
        yield made
        made.catalog.close()


def test_a_server_of_the_tests_ends_with_them():
    """However they end: what it does for that is what it says to a new process, whatever its program."""
    ready, writes = os.pipe()
    child = os.fork()
    if child == 0:
        started = subprocess.Popen(["sleep", "1000"], preexec_fn=end_with_parent)  # noqa: PLW1509  as there
        os.write(writes, str(started.pid).encode())
        signal.pause()
    started = psutil.Process(int(os.read(ready, 20)))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    wait_until(lambda: not started.is_running() or started.status() == psutil.STATUS_ZOMBIE)


def test_an_empty_database_becomes_a_catalog_where_one_may_be_made(postgresql):
    url = postgresql.empty()
    with pytest.raises(LibraryError, match="there is no library"):
        Catalog.open(url, create=False)
    with Catalog.open(url) as catalog:
        assert catalog.space(spec()).name == "spectral"
    with Catalog.open(url, create=False) as again:
        assert again.verify() == []


def test_another_database_is_left_alone(postgresql):
    url = postgresql.empty()
    other = PostgreSQLDatabase(url, read_only=False)
    with other.writing() as connection:
        connection.execute(text("CREATE TABLE orders (id int)"))
    other.close()
    with pytest.raises(LibraryError, match="not a Soundalike catalog"):
        Catalog.open(url)


def test_a_reader_sees_one_state_while_a_writer_commits(filled):
    """Or what is read of clips would not fit what is read of segments."""
    with filled.catalog.columns(filled.space.id) as columns:
        before = columns.sequence
        filled.apply(filled.add("a.wav"))
        assert list(columns.clips(0)) == []
        assert columns.sequence == before


def test_to_hear_that_nothing_is_new_takes_one_turn_on_the_line(filled, monkeypatch):
    """All readers ask that twice a second; also after the server was away."""
    filled.apply(filled.add("a.wav"))
    catalog, space_id = filled.catalog, filled.space.id
    now = catalog.sequence()
    turns = []
    wait = WatchedConnection.wait
    monkeypatch.setattr(WatchedConnection, "wait", lambda *given, **named: turns.append(1) or wait(*given, **named))
    assert list(catalog.changes(space_id, now)) == []
    assert len(turns) == 1
    with catalog._database.reading() as connection:
        others = "datname = current_database() AND pid <> pg_backend_pid()"  # the server may be making a database
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
    assert list(catalog.changes(space_id, now)) == []
    filled.apply(filled.add("b.wav"))
    assert list(catalog.changes(space_id, now))[-1].sequence == catalog.sequence()


def test_writers_take_turns_until_they_have_committed(filled):
    """The second waits at its beginning: so numbers become visible in the order in which they were given."""
    database = filled.catalog._database
    order = []

    def second() -> None:
        with database.writing():
            order.append("second")

    with database.writing() as connection:
        waiting = threading.Thread(target=second)
        waiting.start()
        asked = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while not connection.execute(asked).scalar():
            pass
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_who_waits_too_long_for_another_writer_is_refused(filled):
    database = filled.catalog._database
    hasty = PostgreSQLDatabase(f"{database.url}&options=-c%20lock_timeout%3D100", read_only=False)
    with database.writing(), pytest.raises(LibraryBusy), hasty.writing() as connection:
        connection.execute(text("SELECT 1"))
    hasty.close()


class Proxy:
    """A line to a server that can be stopped: what is sent is taken, and nothing answers."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._is_stopped = threading.Event()
        self._sockets = [socket.create_server(("127.0.0.1", 0))]
        self.port = self._sockets[0].getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._is_stopped.set()

    def close(self) -> None:
        for one in self._sockets:
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._sockets[0].accept()[0]
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server))
                self._sockets += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=pair, daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self._is_stopped.is_set():
                    target.sendall(data)


@pytest.fixture
def proxy(postgresql):
    made = Proxy(postgresql.folder / ".s.PGSQL.5432")
    yield made
    made.close()


def test_a_line_behind_which_nobody_answers_is_noticed(filled, proxy, monkeypatch):
    """Though what is sent is taken: whoever writes hears of it, and nothing of it is kept."""
    monkeypatch.setattr(lines, "SILENT_S", 0.05)
    monkeypatch.setattr(lines, "ANSWER_S", 0.1)
    name = filled.catalog.url.partition("?")[0].rpartition("/")[2]
    database = PostgreSQLDatabase(f"postgresql://soundalike@127.0.0.1:{proxy.port}/{name}", read_only=False)
    with pytest.raises(LibraryError, match="does not answer"):
        write_while_the_line_is_cut(database, proxy)
    database.close()
    assert filled.catalog.choice("cut") is None


def write_while_the_line_is_cut(database: PostgreSQLDatabase, proxy: Proxy) -> None:
    with database.writing() as connection:
        connection.execute(text("INSERT INTO choices VALUES ('cut', 'line')"))
        proxy.stop()
        connection.execute(text("SELECT 1"))


def test_a_long_statement_may_take_its_time_while_the_server_is_there(filled, postgresql, monkeypatch):
    """It takes until the server was asked twice, which answers."""
    monkeypatch.setattr(lines, "SILENT_S", 0.0)
    asked = []
    line_to = lines._line_to
    url = postgresql.url(filled.catalog.url.partition("?")[0].rpartition("/")[2])
    with (
        psycopg.connect(url, autocommit=True) as holds_up,
        filled.catalog._database.writing() as connection,
    ):
        holds_up.execute("SELECT pg_advisory_lock(7777)")

        def noted(*where):
            asked.append(where)
            if len(asked) == 2:
                holds_up.execute("SELECT pg_advisory_unlock(7777)")
            return line_to(*where)

        monkeypatch.setattr(lines, "_line_to", noted)
        assert connection.execute(text("SELECT 7 FROM pg_advisory_lock(7777)")).scalar() == 7
    assert len(asked) >= 2


@pytest.mark.parametrize(
    ("state", "kind", "match"),
    [
        ("28P01", LibraryError, "check the name and the password"),
        ("3D000", LibraryError, "make it with createdb"),
        ("42501", LibraryUnwritable, "make it the owner"),
        ("25006", LibraryUnwritable, "accepts no writes"),
        ("57014", LibraryError, "statement_timeout"),
        ("58030", LibraryError, "ask its administrator"),
        ("53200", LibraryError, "too little memory"),
        ("53100", LibraryUnwritable, "the server's disk is full; free some space"),
        ("53300", LibraryError, "raise its max_connections"),
        ("55P03", LibraryBusy, "another process holds the database"),
        ("40001", LibraryBusy, "try again when it is done"),
        ("57P01", LibraryError, "going down or starting"),
        ("57P03", LibraryError, "try again in a moment"),
        ("08006", LibraryError, "check that it runs and can be reached"),
        ("25P03", LibraryError, "was idle for too long"),
        ("XX001", LibraryError, "run pg_amcheck"),
        ("22012", LibraryError, "run `soundalike verify`"),
    ],
)
def test_what_a_server_raises_is_said_in_the_librarys_words(filled, state, kind, match):
    """With what to do, whatever its own language is: the server itself raises each."""
    database = filled.catalog._database
    raising = text(f"DO $$ BEGIN RAISE EXCEPTION 'plötzlich' USING ERRCODE = '{state}'; END $$")
    with pytest.raises(kind, match=match) as raised, database.reading() as connection:
        connection.execute(raising)
    assert type(raised.value) is kind
    assert str(raised.value).startswith(database.name)


@pytest.fixture(scope="module")
def asks_for_a_password(postgresql):
    """The user ``locked`` of the tests' server has a password, by SCRAM."""
    rules = postgresql.folder / "data" / "pg_hba.conf"
    rules.write_text("local all locked scram-sha-256\n" + rules.read_text())
    with psycopg.connect(postgresql.url("postgres"), autocommit=True) as connection:
        connection.execute("SET password_encryption = 'scram-sha-256'")
        connection.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
        connection.execute("SELECT pg_reload_conf()")
    wait_until(lambda: not lets_in(postgresql, "wrong"))
    return f"@/postgres?host={postgresql.folder}"


def lets_in(postgresql, password):
    try:
        psycopg.connect(f"postgresql://locked:{password}@/postgres?host={postgresql.folder}").close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.parametrize(
    ("who", "change", "match"),
    [
        ("locked:wrong", ("", ""), "check the name and the password"),
        ("locked", ("", ""), "check the name and the password"),
        ("nobody_at_all", ("", ""), "check the name and the password"),
        ("soundalike", ("/postgres?", "/no_such_database?"), "make it with createdb"),
        ("soundalike", ("?", "?nonsense=1&"), "check what follows the"),
        ("soundalike", ("?", "?options=-c%20nonsense_at_all%3D1&"), "check what follows the"),
        ("soundalike", ("host=/", "host=/nowhere/"), "check that it runs and can be reached"),
        (
            "soundalike",
            ("@/postgres?host=", "@127.0.0.1:1/postgres?application_name="),
            "check that it runs and can be",
        ),
        ("soundalike", ("@/postgres?host=", "@nowhere.invalid/d?application_name="), "check that it runs and can be"),
    ],
)
def test_why_no_connection_is_made_is_told_apart(asks_for_a_password, who, change, match):
    """By a real server, which gives the driver no SQLSTATE then; each says what to do about it."""
    url = f"postgresql://{who}{asks_for_a_password}"
    if change[0]:
        url = url.replace(*change, 1)
    database = PostgreSQLDatabase(url, read_only=False)
    try:
        with pytest.raises(LibraryError, match=match) as raised, database.reading():
            pass
    finally:
        database.close()
    assert raised.value.of_server
    assert "wrong" not in str(raised.value)


def test_a_refusal_in_another_language_is_one_of_a_server_that_answers():
    database = PostgreSQLDatabase("postgresql://h/d", read_only=False)
    said = 'connection to server at "h", port 5432 failed: FATAL:  Passwort-Authentifizierung fehlgeschlagen'
    assert "check user, password and database" in str(database.explain(psycopg.OperationalError(said)))
    database.close()


def test_the_clock_of_the_server_alone_counts(filled, monkeypatch):
    """A machine whose clock is an hour off neither takes a lease nor loses one for that."""
    monkeypatch.setattr("time.time", lambda: 1_000.0)
    with Catalog.open(filled.catalog.url) as other, filled.catalog.lease("first", 0):
        refused = pytest.raises(LibraryBusy, match="first has been writing")
        with refused, other.lease("second", 0):
            pass


def test_a_server_that_is_not_there_is_named_without_the_password():
    url = f"postgresql://anna:{SECRET}@127.0.0.1:1/sounds?sslmode=disable"
    with pytest.raises(
        LibraryError, match=r"anna:\*\*\*@127\.0\.0\.1:1/sounds: the server does not answer \(.*refused\);"
    ) as raised:
        Catalog.open(url)
    error: BaseException | None = raised.value
    while error is not None:
        assert SECRET not in f"{error}{error!r}"
        error = error.__cause__


@pytest.mark.parametrize("url", ["postgresql://", "postgresql://[", f"postgresql://anna:{SECRET}@host"])
def test_what_is_no_url_is_refused(url):
    with pytest.raises(UsageError, match="write postgresql://") as raised:
        Catalog.open(url)
    assert SECRET not in str(raised.value)


@pytest.mark.thorough
def test_the_first_hit_is_that_of_the_embedded_full_text(tmp_path, filled):
    """Of 500 names of words as common and as rare as in life: for .95 of the questions at least."""
    rng = random.Random(20)
    print("seed 20")
    words = [
        f"{a}{b}" for a in ("ra", "do", "thun", "kni", "bel", "si", "wo", "cla") for b in ("in", "g", "der", "fe", "l")
    ]
    odds = [1 / (rank + 1) for rank in range(len(words))]
    embedded = FilledCatalog(tmp_path)
    titles = [" ".join(rng.choices(words, odds, k=rng.randint(1, 5))) for _ in range(500)]
    changes = [embedded.add(f"{title.replace(' ', '_')}_{at}.wav", n=1, title=title) for at, title in enumerate(titles)]
    for one in (embedded, filled):
        one.apply(*changes)
    questions = [" ".join(rng.choices(words, k=rng.randint(1, 3))) for _ in range(100)]
    same = 0
    for question in questions:
        first, second = (one.catalog.match_words(question, 10) for one in (embedded, filled))
        same += [match.clip_id for match in first[:1]] == [match.clip_id for match in second[:1]]
    embedded.catalog.close()
    assert same >= 0.95 * len(questions)


def test_words_of_clips_that_went_are_common_no_more(filled):
    """What is kept of how rare words are follows every clip that comes, is told otherwise, or goes."""
    filled.apply(filled.add("rain.wav"), filled.add("rain two.wav"))
    filled.apply(filled.add("rain.wav", title="storm"), RemoveClip(2))
    with filled.catalog._database.reading() as connection:
        terms = dict(connection.execute(text("SELECT term, clips FROM clip_terms WHERE clips <> 0")).all())
        totals = connection.execute(text("SELECT clips, words FROM clip_totals")).one()
    assert terms == {"storm": 1, "rain": 1, "wav": 1}
    assert tuple(totals) == (1, 3)


def test_a_library_in_a_folder_loads_nothing_of_a_server(tmp_path):
    """Nor needs its packages."""
    code = (
        "import sys; from search.catalog.store import Catalog; c = Catalog.open(sys.argv[1]); c.match_words('x', 1); "
        "print([m for m in sys.modules if m.startswith(('psycopg', 'snowball')) or m.endswith(('g.postgresql', "
        "'tsvectors'))])"
    )
    made = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "catalog.sqlite")], capture_output=True, text=True, check=True
    )
    assert made.stdout.strip() == "[]"

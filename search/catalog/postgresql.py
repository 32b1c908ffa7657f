"""A catalog in a PostgreSQL database, for libraries that more than one machine writes or reads.

Readers see one state (REPEATABLE READ). Writers take turns by an advisory lock that they hold until their commit: if
sequence numbers were committed out of order, a reader of the tail would miss rows for good. A broken connection is
noticed within seconds. A writer that hangs loses its transaction and its turn.
"""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import Connection, Engine, Executable, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from search.catalog.database import BUSY_S, Database
from search.errors import LibraryBusy, LibraryError, LibraryUnwritable, UsageError, printable
from search.ground.extras import is_installed, why_missing

OLDEST: Final = 15
"""The oldest major version of the server that is tested."""
_DRIVER: Final = "psycopg"
_CONNECTING_S: Final = 5
_LINE: Final = {
    "connect_timeout": _CONNECTING_S,
    "tcp_user_timeout": 5_000,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "application_name": "soundalike",
    # a long timeout, because a reader that streams a whole library may pause between two pages
    "options": f"-c lock_timeout={int(BUSY_S * 1000)} -c idle_in_transaction_session_timeout=600000",
}
"""With these settings a broken connection is noticed after about 5 s, idle or not; without them a writer hung for 27
s."""
_TURN: Final = 0x50_6E_64  # any number, the same for all
_TAKE_TURN: Final = text(
    f"SELECT set_config('idle_in_transaction_session_timeout', '60s', true), pg_advisory_xact_lock({_TURN})"
)
_SIZE: Final = text("SELECT pg_database_size(current_database())")
_SCHEMA: Final = text("SELECT quote_ident(current_schema())")
_MEANINGS: Final = {
    "28000": "the server refuses the connection ({error}); check user, password and database in the URL",
    "28": "the server refuses this user ({error}); check the name and the password",
    "3D": "the server has no such database ({error}); make it with createdb",
    "42501": "this user may not do that ({error}); make it the owner of the database",
    "25006": "the server accepts no writes ({error}); name the primary, not a standby",
    "53200": "the server has too little memory ({error}); ask its administrator",
    "57014": "the server ended a statement ({error}); raise its statement_timeout, or try again",
    "58": "the server cannot read or write its disk ({error}); ask its administrator",
    "53300": "the server has no connection left ({error}); raise its max_connections",
    "options": "the connection's options are not understood ({error}); check what follows the ? in the URL",
    "TLS": "no TLS connection can be made ({error}); check sslmode in the URL, and the certificates",
    "08": "the server does not answer ({error}); check that it runs and can be reached",
    "57P": "the server is going down or starting ({error}); try again in a moment",
    "25P": "a transaction was idle for too long, and the server ended it; run the command again",
    "XX": "the server found damaged data ({error}); run pg_amcheck, and restore the server's own backup",
}
_AT_CONNECTING: Final = {
    "28": r"fe_sendauth|authentication failed|role \".*\" (does not exist|is not permitted)|pg_hba\.conf",
    "3D": r"database \".*\" (does not exist|is not currently accepting)",
    "53300": r"too many (clients|connections)|connection slots are reserved",
    "57P": r"the database system is ",
    "options": r"invalid .*(option|URI|value)|configuration parameter|command-line argument",
    "TLS": r"does not support SSL|SSL (was|is) required|SSL error|certificate",
    "28000": r"[^:\s]+:  ",
    "08": "",
}
"""Patterns for errors of connecting, which the driver reports only as text. A server puts two spaces after FATAL, in
any language.
"""
_UNKNOWN: Final = "the catalog cannot be used ({error}); run `soundalike verify`"
_BUSY: Final = ("55P03", "40001", "40P01")
_UNWRITABLE: Final = ("25006", "42501")
_FULL: Final = "53100"


class PostgreSQLDatabase(Database):
    """Connections to one database of a server."""

    def __init__(self, url: str, *, read_only: bool) -> None:
        """Does not connect yet. Raises UsageError for an invalid URL, or if the driver is missing."""
        if not is_installed(_DRIVER):
            raise UsageError(why_missing("a catalog in PostgreSQL", _DRIVER) or f"install {_DRIVER}")
        made = _parsed(url)
        self.url = made.render_as_string(hide_password=False)
        self.name = printable(made.set(drivername="postgresql", query={}).render_as_string(hide_password=True))
        self._read_only = read_only
        self._engine = _engine(made)
        self._snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        alone = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True, "pool_reset_on_return": None}
        self._glances = _engine(made, pool_size=2, pool_pre_ping=False, **alone)

    def with_schema(self, name: str) -> PostgreSQLDatabase:
        """Connections to the same database with the tables of another schema; extensions stay in the search path."""
        url = _parsed(self.url)
        options = url.query.get("options", _LINE["options"])
        here = url.update_query_dict({"options": f"{options} -c search_path={name},{self._schema()}"})
        return PostgreSQLDatabase(here.render_as_string(hide_password=False), read_only=False)

    def _schema(self) -> str:
        with self.reading() as connection:
            return str(connection.execute(_SCHEMA).scalar_one())

    def explain(self, error: BaseException) -> LibraryError:
        """As `Database.explain`, by the server's SQLSTATE, or by the error's text if the driver gives only that."""
        state = getattr(error, "sqlstate", None) or _state_at_connecting(error)
        if state == _FULL:
            return LibraryUnwritable(f"{self.name}: the server's disk is full; free some space and run it again")
        if state in _BUSY:
            return LibraryBusy(f"{self.name}: another process holds the database; try again when it is done")
        lines = [
            line for line in str(error).strip().splitlines() if not line.startswith("\t")
        ]  # without the driver's hints
        shown = printable(
            lines[-1] if state in _AT_CONNECTING and lines else lines[0] if lines else type(error).__name__
        )
        meaning = next((meaning for start, meaning in _MEANINGS.items() if state.startswith(start)), _UNKNOWN)
        kind = LibraryUnwritable if state in _UNWRITABLE else LibraryError
        explained = kind(f"{self.name}: {meaning.format(error=shown)}")
        explained.of_server = True
        return explained

    def glance(self, statement: Executable) -> Any:  # noqa: ANN401  a column's type
        """As `Database.glance`, in one round trip: no BEGIN, and no check of the connection before its use."""
        with self.translated():
            try:
                return self._glanced(statement)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                return self._glanced(statement)  # on a new connection: the server was restarted since the last use

    def _glanced(self, statement: Executable) -> Any:  # noqa: ANN401  a column's type
        with self._glances.connect() as connection:
            return connection.execute(statement).scalar_one()

    def close(self) -> None:
        """As `Database.close`."""
        super().close()
        self._glances.dispose()

    def size_bytes(self) -> int:
        """As `Database.size_bytes`, for the whole database."""
        with self.reading() as connection:
            return int(connection.execute(_SIZE).scalar_one())

    def _reader(self) -> Connection:
        return self._snapshots.connect()

    def _writer(self) -> Connection:
        if self._read_only:
            raise LibraryUnwritable(f"{self.name}: the library was opened read-only")
        return self._engine.connect()

    def _take_turn(self, connection: Connection) -> None:
        connection.execute(_TAKE_TURN)


def _state_at_connecting(error: BaseException) -> str:
    """The SQLSTATE for an error that has only text; 08 if no server answered."""
    line = ([""] + [line for line in str(error).strip().splitlines() if not line.startswith("\t")])[-1]
    return next(state for state, words in _AT_CONNECTING.items() if re.search(words, line))


def _parsed(url: str) -> URL:
    try:
        made = make_url(url.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError) as error:
        raise UsageError("the catalog's URL cannot be read; write postgresql://user@host/database") from error
    if not made.database:
        raise UsageError("the catalog's URL names no database; write postgresql://user@host/database")
    return made.set(drivername="postgresql+psycopg")


def _engine(url: URL, **options: Any) -> Engine:  # noqa: ANN401  as SQLAlchemy has them
    arguments = {name: value for name, value in _LINE.items() if name not in url.query}
    usual = {"pool_size": 8, "max_overflow": 24, "pool_pre_ping": True}
    engine = create_engine(url, connect_args=arguments, use_native_hstore=False, **(usual | options))  # no such column

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, words: list[Any], named: dict[str, Any]) -> object:
        from search.catalog.lines import WatchedConnection  # the driver may be absent until here

        return WatchedConnection.connect(*words, **named)

    return engine

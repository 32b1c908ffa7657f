"""The one writer: gathers outcomes and applies their changes in few transactions, and settles what waited for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from indexer.clock import StageClock
from indexer.model import Copy, Outcome
from indexer.pipeline import failed, link
from indexer.plan import Ledger
from search.model import AddContent, ClipChange
from search.ports import CatalogWriter, Lease

MAX_CHANGES = 256
MAX_WAIT_S = 2.0
"""What a killed process may have done in vain, beside the files it was just reading."""
MAX_VECTOR_BYTES = 32 << 20


class Writer:
    """Writes outcomes in batches under the lease. Not shared between threads."""

    def __init__(self, catalog: CatalogWriter, lease: Lease, ledger: Ledger, clock: StageClock) -> None:
        self._catalog = catalog
        self._lease = lease
        self._ledger = ledger
        self._clock = clock
        self._waiting: list[Outcome] = []
        self._changes: list[ClipChange] = []
        self._vector_bytes = 0
        self._since_s = clock.now_s()
        self._copies: dict[str, list[Copy]] = defaultdict(list)
        self.sequence = 0

    def add(self, result: Outcome | Copy) -> list[Outcome]:
        """Take in a result and write when enough is gathered; the outcomes of copies that this settled."""
        if isinstance(result, Copy):
            if self._ledger.in_work(result.digest):
                self._copies[result.digest].append(result)
                return []
            return self._settle([result], cause="the same bytes could not be indexed under another name")
        if not self._changes:
            self._since_s = self._clock.now_s()
        self._changes.extend(result.changes)
        if result.digest is not None:
            self._waiting.append(result)
        self._vector_bytes += sum(c.encoding.vectors.nbytes for c in result.changes if isinstance(c, AddContent))
        return self.tick()

    def tick(self) -> list[Outcome]:
        """Write when it is time to; the outcomes of copies that this settled."""
        due = (
            len(self._changes) >= MAX_CHANGES
            or self._vector_bytes >= MAX_VECTOR_BYTES
            or (bool(self._changes) and self._clock.now_s() - self._since_s >= MAX_WAIT_S)
        )
        return self.flush() if due else []

    def flush(self) -> list[Outcome]:
        """Write everything that is gathered; the outcomes of copies that this settled, whose changes wait in turn.

        Raises LibraryError (disk full, read-only), LibraryBusy (the lease was lost).
        """
        changes, waiting = self._changes, self._waiting
        self._changes, self._waiting, self._vector_bytes = [], [], 0
        with self._clock.stage("write"):
            self.sequence = self._catalog.apply(self._lease, changes)
        settled: list[Outcome] = []
        for outcome in waiting:
            if outcome.digest is not None:
                self._ledger.settle(outcome.digest)
                settled += self._settle(self._copies.pop(outcome.digest, ()), outcome.cause)
        return settled

    def finish(self) -> list[Outcome]:
        """Write until nothing waits."""
        settled = self.flush()
        while self._changes:
            settled += self.flush()
        return settled

    def _settle(self, copies: Iterable[Copy], cause: str) -> list[Outcome]:
        """Link copies to the content that was written by now, or let them share its failure."""
        settled = []
        for copy in copies:
            content_id = self._ledger.content_id(copy.digest)
            if content_id is None:
                outcome = failed(copy.task, cause)
            else:
                outcome = link(copy.task, content_id, copy.title, copy.metadata)
            self._changes.extend(outcome.changes)
            settled.append(outcome)
        return settled

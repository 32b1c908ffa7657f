"""The one writer: gathers outcomes and applies their changes in few transactions, and settles what waited for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

from indexer.clock import StageClock
from indexer.ledger import Ledger
from indexer.model import Copy, Outcome
from indexer.outcomes import failed, link, refused
from search.errors import ChangeRefused
from search.model import AddContent
from search.ports import CatalogWriter, Lease

MAX_CHANGES = 256
MAX_WAIT_S = 2.0
"""What a killed process may have done in vain, beside the files it was just reading."""
MAX_VECTOR_BYTES = 32 << 20


class Writer:
    """Writes outcomes in batches under the lease. Not shared between threads.

    An outcome that the catalog refuses (`search.errors.ChangeRefused`) becomes a failure of its file, and costs no
    other: the rest of its batch is written without it.
    """

    def __init__(
        self,
        catalog: CatalogWriter,
        lease: Lease,
        ledger: Ledger,
        clock: StageClock,
        *,
        keep: Callable[[Sequence[Outcome]], None] | None = None,
        written: Callable[[str], None] | None = None,
    ) -> None:
        """``keep`` keeps what outcomes bring that is not the catalog's, before their contents are in it; ``written`` is
        told the digests of those that are.
        """
        self._written = written
        self._catalog = catalog
        self._keep = keep
        self._lease = lease
        self._ledger = ledger
        self._clock = clock
        self._waiting: list[Outcome] = []
        self._n_changes = 0
        self._vector_bytes = 0
        self._since_s = clock.now_s()
        self._copies: dict[str, list[Copy]] = defaultdict(list)
        self.sequence = 0

    def add(self, result: Outcome | Copy) -> list[Outcome]:
        """Take in a result and write when enough is gathered; the outcomes that this brought about beside it: of copies
        that it settled, of files that the catalog refused.
        """
        if isinstance(result, Copy):
            if self._ledger.in_work(result.digest):
                self._copies[result.digest].append(result)
                return []
            return self._settle([result], cause="the same bytes could not be indexed under another name")
        self._wait(result)
        return self.tick()

    def tick(self) -> list[Outcome]:
        """Write when it is time to; the outcomes that this brought about (see `add`)."""
        due = (
            self._n_changes >= MAX_CHANGES
            or self._vector_bytes >= MAX_VECTOR_BYTES
            or (bool(self._n_changes) and self._clock.now_s() - self._since_s >= MAX_WAIT_S)
        )
        return self.flush() if due else []

    def flush(self) -> list[Outcome]:
        """Write everything that is gathered; the outcomes that this brought about, whose changes wait in turn.

        Raises LibraryError (disk full, read-only), LibraryBusy (the lease was lost).
        """
        waiting = self._waiting
        self._waiting, self._n_changes, self._vector_bytes = [], 0, 0
        with self._clock.stage("write"):
            if self._keep is not None:
                self._keep(waiting)
            refusals = self._apply(waiting)
        brought: list[Outcome] = []
        for outcome in waiting:
            refusal = refusals.get(id(outcome))
            if refusal is not None and outcome.kind != "failed":  # of what failed the record alone was refused
                brought.append(refusal)
                self._wait(refusal)
            if outcome.digest is not None:
                if self._written is not None and refusal is None and outcome.kind != "failed":
                    self._written(outcome.digest)
                self._ledger.settle(outcome.digest)
                cause = outcome.cause or (refusal.cause if refusal is not None else "")
                brought += self._settle(self._copies.pop(outcome.digest, ()), cause)
        return brought

    def finish(self) -> list[Outcome]:
        """Write until nothing waits."""
        brought = self.flush()
        while self._n_changes:
            brought += self.flush()
        return brought

    def _apply(self, outcomes: Sequence[Outcome]) -> dict[int, Outcome]:
        """Write the changes of ``outcomes``; the failures of those that the catalog refused, by the id of each."""
        written, refusals = list(outcomes), {}
        while True:
            try:
                self.sequence = self._catalog.apply(self._lease, [c for o in written for c in o.changes])
            except ChangeRefused as error:
                place = refused_at(written, error)
                outcome = written.pop(place)
                refusals[id(outcome)] = refused(outcome, error.cause)
            else:
                return refusals

    def _wait(self, outcome: Outcome) -> None:
        """Let an outcome wait to be written."""
        if not outcome.changes and outcome.digest is None:
            return
        if not self._n_changes:
            self._since_s = self._clock.now_s()
        self._waiting.append(outcome)
        self._n_changes += len(outcome.changes)
        self._vector_bytes += sum(c.encoding.vectors.nbytes for c in outcome.changes if isinstance(c, AddContent))

    def _settle(self, copies: Iterable[Copy], cause: str) -> list[Outcome]:
        """Link copies to the content that was written by now, or let them share its failure."""
        settled = []
        for copy in copies:
            contents = self._ledger.contents(copy.digest)
            outcome = link(copy.task, contents, copy.title, copy.metadata) if contents else failed(copy.task, cause)
            self._wait(outcome)
            settled.append(outcome)
        return settled


def refused_at(outcomes: Sequence[Outcome], error: ChangeRefused) -> int:
    """Which of ``outcomes`` has the change that the catalog refused, when it was given those of all in one sequence."""
    ends = accumulate(len(outcome.changes) for outcome in outcomes)
    return next(place for place, end in enumerate(ends) if error.place < end)

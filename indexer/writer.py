"""The single writer: gathers outcomes, applies their changes in few transactions, and settles copies that waited."""

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
"""How much work a kill may lose, besides the files that were being read."""
MAX_VECTOR_BYTES = 32 << 20


class Writer:
    """Writes outcomes in batches under the lease. Not shared between threads.

    An outcome that the catalog refuses (`search.errors.ChangeRefused`) becomes a failure of its file; the rest of its
    batch is written without it.
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
        """``keep`` stores what outcomes have for outside the catalog, before their contents are written. ``written`` is
        called with the digest of each content that was written.
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
        """Add a result, and write if enough is gathered.

        Return the further outcomes that this caused: of copies that it settled, and of files that the catalog refused.
        """
        if isinstance(result, Copy):
            if self._ledger.in_work(result.digest):
                self._copies[result.digest].append(result)
                return []
            return self._settle([result], cause="the same bytes could not be indexed under another name")
        self._wait(result)
        return self.tick()

    def tick(self) -> list[Outcome]:
        """Write if it is time to. Return the outcomes that this caused (see `add`)."""
        due = (
            self._n_changes >= MAX_CHANGES
            or self._vector_bytes >= MAX_VECTOR_BYTES
            or (bool(self._n_changes) and self._clock.now_s() - self._since_s >= MAX_WAIT_S)
        )
        return self.flush() if due else []

    def flush(self) -> list[Outcome]:
        """Write all that is gathered. Return the outcomes that this caused; their changes wait for the next call.

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
            if refusal is not None and outcome.kind != "failed":  # for a failure, only its record was refused
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
        """Write the changes of ``outcomes``. Return failures for those that the catalog refused, by ``id(outcome)``."""
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
        """Queue an outcome for the next write."""
        if not outcome.changes and outcome.digest is None:
            return
        if not self._n_changes:
            self._since_s = self._clock.now_s()
        self._waiting.append(outcome)
        self._n_changes += len(outcome.changes)
        self._vector_bytes += sum(c.encoding.vectors.nbytes for c in outcome.changes if isinstance(c, AddContent))

    def _settle(self, copies: Iterable[Copy], cause: str) -> list[Outcome]:
        """Link copies to the content if it was written; otherwise they fail for the same cause."""
        settled = []
        for copy in copies:
            contents = self._ledger.contents(copy.digest)
            outcome = link(copy.task, contents, copy.title, copy.metadata) if contents else failed(copy.task, cause)
            self._wait(outcome)
            settled.append(outcome)
        return settled


def refused_at(outcomes: Sequence[Outcome], error: ChangeRefused) -> int:
    """The index of the outcome with the change that the catalog refused; ``error.place`` counts over all changes."""
    ends = accumulate(len(outcome.changes) for outcome in outcomes)
    return next(place for place, end in enumerate(ends) if error.place < end)

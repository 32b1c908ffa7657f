"""Records the fingerprints that an indexing job makes, and publishes them once their contents are in the catalog."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from search.analysis.exact.found import FoundFingerprint, FoundFingerprints
from search.analysis.exact.spectra import FRAMES_PER_S
from search.analysis.exact.stored import Fingerprints
from search.catalog.store import Catalog
from search.ports import Lease
from search.snapshots.filling import SAVE_S, SAVE_SHARE


class NewFingerprints:
    """The new fingerprints of one job. Publishing rewrites everything published before, so it is done rarely."""

    def __init__(self, fingerprints: Fingerprints, catalog: Catalog) -> None:
        self._fingerprints = fingerprints
        self._records = FoundFingerprints(fingerprints.folder)
        self._catalog = catalog
        self._count, self._waiting_s = 0, 0.0

    def add(self, fingerprints: Sequence[FoundFingerprint]) -> None:
        """Record fingerprints of contents that will be written to the catalog next. Raises LibraryUnwritable."""
        self._records.add(fingerprints)
        self._count += len(fingerprints)
        self._waiting_s += sum(one.fingerprint.landmarks.frames for one in fingerprints) / FRAMES_PER_S

    def publish_if_many(self, lease: Lease) -> None:
        """Publish if there are as many as `search.snapshots.filling` waits for. Raises as `publish` does."""
        if self._waiting_s > SAVE_S and self._count * SAVE_SHARE > len(self._fingerprints.table().contents):
            self.publish(lease)

    def publish(self, lease: Lease) -> None:
        """Publish the fingerprints whose contents are in the catalog, and drop the others.

        This includes what a killed job recorded. Raises LibraryBusy if the lease is lost, LibraryUnwritable.
        """
        found = self._records.read()
        if found:
            lease.check()
            table, sequence = self._fingerprints.table(), self._catalog.sequence()
            ids = self._catalog.content_ids({one.digest for one in found})
            keys = ((ids.get((one.digest, one.track)), one.fingerprint) for one in found)
            added = {content: made for content, made in keys if content is not None}
            staying = ~np.isin(table.contents, list(added))
            self._fingerprints.latest.publish(table.changed(added.items(), staying), sequence)
        self._records.clear()
        self._count, self._waiting_s = 0, 0.0

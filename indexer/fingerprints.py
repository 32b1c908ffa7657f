"""The fingerprint of a sound track, made from the same blocks that are decoded for its encoder."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np

from indexer.clock import StageClock
from search.analysis.exact.listening import Fingerprint, Fingerprinting
from search.analysis.exact.spectra import RATE_HZ
from search.analysis.facts.mix import Mix
from search.audio import Block
from search.model import Wave

log = logging.getLogger("soundalike.indexer")

_LONGEST_GAP_S = 0.001
"""If a track has a longer gap than this, or changes its sample rate or channels, no fingerprint is made here. The job
that reads files only for fingerprints makes it; that job fills gaps with silence."""


class TrackFingerprint:
    """The fingerprint of one track while it is decoded.

    If the track's facts are measured too (``is_mixed``), they already mix and resample it, and `mixed` receives that
    mix. ``made`` is the fingerprint: None before `end`, and None if another job has to make it.
    """

    def __init__(self, clock: StageClock, *, is_mixed: bool) -> None:
        self._clock = clock
        self._making: Fingerprinting | None = Fingerprinting()
        self._is_mixed = is_mixed
        self._mix: Mix | None = None
        self._like: tuple[int, int] | None = None
        self._end_s = 0.0
        self.made: Fingerprint | None = None

    def add(self, block: Block) -> None:
        """Take in the next ``block``, as `search.audio.channels` gives them."""
        self._try(lambda: self._add(block))

    def mixed(self, samples: Wave) -> None:
        """Take in the next ``samples`` of the mix of blocks that were added."""
        making = self._making
        if making is not None:
            self._try(lambda: making.add(samples))

    def end(self) -> None:
        """Declare that there are no more blocks."""
        self._try(self._finish)
        self._making = None

    def _add(self, block: Block) -> None:
        making, like = self._making, (block.rate_hz, len(block.samples))
        if making is None:
            return
        if self._like is None:
            self._like = like
            self._mix = None if self._is_mixed else Mix(block.rate_hz)
            making.add(np.zeros(round(block.start_s * RATE_HZ), np.float32))
        elif like != self._like or abs(block.start_s - self._end_s) > _LONGEST_GAP_S:
            self._making = None
            return
        self._end_s = block.start_s + block.frames / block.rate_hz
        if self._mix is not None:
            making.add(self._mix.add(block.samples)[0])

    def _finish(self) -> None:
        if self._making is not None and self._like is not None:
            if self._mix is not None:
                self._making.add(self._mix.end()[0])
            self.made = self._making.end()

    def _try(self, work: Callable[[], None]) -> None:
        try:
            with self._clock.stage("fingerprint"):
                work()
        except Exception:  # the edge of the fingerprint: its clip is indexed all the same, another job makes it
            log.warning("a fingerprint could not be made beside encoding", exc_info=True)
            self._making = None

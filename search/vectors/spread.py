"""How what a filter lets pass spreads over the inverted lists: told for certain where it is little, else by samples."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from search.model import Bitmap, Ids
from search.vectors import bitmaps, native

SAMPLED_ROWS = 32_000
"""Segments that pass are looked up by their ids: all where there are no more, else about so many. That overlooks lists
of which most pass where millions do ..."""

SAMPLED_OF_LIST, SAMPLED_OF_NEAR_LIST = 16, 128
"""... so as many segments of each list are asked whether they pass, and as many of lists that are near, of which the
few that pass may be the best hits."""


class Spread:
    """Which list each segment is in, how many are in each, and some of each list, drawn once."""

    def __init__(self, layers: native.Layers, ids: Ids, count: int) -> None:
        """``layers`` have ``count`` lists and hold ``ids`` (n,), ascending."""
        self._first, last = (int(ids[0]), int(ids[-1])) if ids.size else (0, -1)
        # by id: they are dense, and a look at a million rows for where some ids stand takes longer than a search
        self._list_of = np.full(last - self._first + 1, count, np.min_scalar_type(count))
        for number, named in layers.ids_by_list():
            # a file that is damaged where only `verify` looks may name others
            self._list_of[named[(named >= self._first) & (named <= last)] - self._first] = number
        self.sizes = np.bincount(self._list_of, minlength=count + 1)[:count]
        sampled = np.zeros((count, SAMPLED_OF_NEAR_LIST), np.int64)
        seen = np.zeros(count, np.int64)
        for number, named in layers.ids_by_list():  # a list may have a part in each layer
            members = named[(named >= self._first) & (named <= last)]
            places = np.arange(SAMPLED_OF_NEAR_LIST) * self.sizes[number] // SAMPLED_OF_NEAR_LIST - seen[number]
            here = (places >= 0) & (places < members.size)
            sampled[number, here] = members[places[here]]
            seen[number] += members.size
        self._byte, self._bit = (sampled >> 3).astype(np.uint32), np.uint8(1) << (sampled & 7).astype(np.uint8)
        self.each_stands_for = np.maximum(self.sizes / SAMPLED_OF_NEAR_LIST, 1.0)
        every = SAMPLED_OF_NEAR_LIST // SAMPLED_OF_LIST
        self._few_byte, self._few_bit = self._byte[:, ::every].astype(np.intp), self._bit[:, ::every].copy()

    def of(self, allowed: Bitmap, passing: int) -> tuple[NDArray[np.intp], int]:
        """How many segments of each list (lists,) are ``allowed``, as their ids tell; and how many each stands for.

        ``passing`` are in all. Where each stands for itself alone, it is certain.
        """
        every = max(1, math.ceil(passing / SAMPLED_ROWS))
        # every n-th byte: its eight ids are often of one clip and lie in one list, those of two bytes need not
        ids = bitmaps.to_ids(allowed[::every])
        places = (ids >> 3) * (8 * every) + (ids & 7) - self._first
        if places.size and (places[0] < 0 or places[-1] >= self._list_of.size):
            places = places[(places >= 0) & (places < self._list_of.size)]
        counts = np.bincount(self._list_of[places], minlength=self.sizes.size + 1)[: self.sizes.size]
        return every * counts, every

    def of_lists(self, allowed: Bitmap, lists: Ids | None) -> NDArray[np.intp]:
        """How many segments of ``lists`` (m,) are ``allowed``, None for all, as a sample of each tells: (m,)."""
        byte, bit = (self._few_byte, self._few_bit) if lists is None else (self._byte[lists], self._bit[lists])
        longest = 1 + (self._first + self._list_of.size >> 3)
        if allowed.size < longest:
            allowed = np.concatenate([allowed, np.zeros(longest - allowed.size, np.uint8)])
        pass_each = (np.take(allowed, byte) & bit) != 0
        seen = np.bitwise_count(pass_each.view(np.uint64)).sum(axis=1, dtype=np.intp)
        sizes = self.sizes if lists is None else self.sizes[lists]
        pass_of_lists: NDArray[np.intp] = -(-seen * sizes // byte.shape[1])
        return pass_of_lists

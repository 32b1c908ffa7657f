"""The K filter of ITU-R BS.1770-5, exact for every sample, and the energy of every hop after it.

A recursive filter goes from sample to sample, and numpy has none. But it is linear: the output of a block is one matrix
product with its samples, plus another with the state that the previous block left. The states are computed in the same
way, in groups of blocks. So two matrix products, and one step per group, give the same samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.frames import Frames, Samples
from search.analysis.facts.loudness import channel_weights
from search.ground.products import product

Numbers = NDArray[np.float64]

_BLOCK: Final = 64
_GROUP: Final = 32
"""Blocks per group. A product of this size is too small for BLAS to start threads."""
_GROUPS_AT_ONCE: Final = 8
_STATES: Final = 4
_RATES_KEPT: Final = 8
_DOUBLINGS: Final = 24
"""How often the time span is doubled when the covariance of states is computed; a state has then forgotten its
start."""
_LEAST_SPREAD: Final = 1e-12

_RISE_HZ, _HIGH_PASS_HZ = 1681.974450955533, 38.13547087602444
_HIGHEST_SHARE: Final = 0.49
_AS_IT_IS: Final = (np.array([1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]))


class Weighted:
    """The energies of hops of ``hop`` samples after the K filter, summed over ``channels`` with their weights.

    Examples:
        >>> weighted = Weighted(48_000, 1, hop=2400)
        >>> weighted.add(np.sin(2 * np.pi * 997 / 48_000 * np.arange(48_000, dtype=np.float32))[np.newaxis])
        >>> weighted.end()
        >>> weighted.energies.shape, round(float(-0.691 + 10 * np.log10(weighted.energies[4:].mean() / 0.05)), 2)
        ((20,), -3.01)
    """

    def __init__(self, sample_rate_hz: int, channels: int, hop: int) -> None:
        self._filter = _filter(sample_rate_hz)
        self._weights = channel_weights(channels) / sample_rate_hz
        self._blocks = Frames(_BLOCK, _BLOCK, channels)
        self._hops = Frames(hop, hop, channels)
        self._states = np.zeros((channels, _STATES), np.float32)
        self._energies: list[Numbers] = []

    def add(self, samples: Samples) -> None:
        """Add the next ``samples`` (channels, n)."""
        self._take(self._weighted(self._blocks.add(samples)))

    def end(self) -> None:
        """Add the rest, including the incomplete last hop."""
        left = self._blocks.rest.shape[1]
        self._take(self._weighted(self._blocks.end(-left % _BLOCK))[:, :left])
        self._take(np.zeros((len(self._states), -self._hops.rest.shape[1] % self._hops.size), np.float32))

    @property
    def energies(self) -> Numbers:
        """The energy of each hop (hops,)."""
        if len(self._energies) != 1:
            self._energies = [np.concatenate(self._energies) if self._energies else np.empty(0)]
        return self._energies[0]

    def _weighted(self, blocks: Samples) -> Samples:
        """The filter's output (channels, n) for ``blocks`` (channels, k, `_BLOCK`)."""
        if not blocks.shape[1]:
            return np.empty((len(blocks), 0), np.float32)
        return np.stack([self._of_channel(place, channel) for place, channel in enumerate(blocks)])

    def _of_channel(self, place: int, blocks: Samples) -> Samples:
        count = len(blocks)
        left = np.zeros((-(-count // _GROUP), _GROUP, _STATES), np.float32)
        left.reshape(-1, _STATES)[:count] = product(blocks, self._filter.left)
        states = self._filter.states(self._states[place], left).reshape(-1, _STATES)
        self._states[place] = states[count]
        out = product(blocks, self._filter.alone)
        out += product(states[:count], self._filter.of_state)
        return out.reshape(-1)

    def _take(self, samples: Samples) -> None:
        hops = self._hops.add(samples)
        if hops.shape[1]:
            self._energies.append(np.asarray(self._weights @ np.einsum("cks,cks->ck", hops, hops)))


@dataclass(frozen=True, slots=True)
class _Filter:
    """The matrices of the filter. For a block: ``alone`` (`_BLOCK`, `_BLOCK`) maps its samples to output, ``of_state``
    (states, `_BLOCK`) maps the state before it to output, and ``left`` (`_BLOCK`, states) maps its samples to the
    state.

    For a group: ``within`` (`_GROUP` * states, `_GROUP` * states) maps what its blocks leave to the states after each
    of them, and ``onward`` maps the state before the group to those.
    """

    alone: Samples
    of_state: Samples
    left: Samples
    within: Samples
    onward: Samples

    def states(self, first: Samples, left: Samples) -> Samples:
        """The state before each block, followed by that after all blocks (groups + 1, `_GROUP`, states).

        ``left`` (groups, `_GROUP`, states) is what the blocks leave; ``first`` is the state before them.
        """
        groups = len(left)
        rows = np.zeros((-(-groups // _GROUPS_AT_ONCE), _GROUPS_AT_ONCE, _GROUP * _STATES), np.float32)
        rows.reshape(-1, _GROUP * _STATES)[:groups] = left.reshape(groups, -1)
        after = (rows @ self.within).reshape(-1, _GROUP * _STATES)[:groups]
        before = np.concatenate((first[np.newaxis], after[:, -_STATES:]))
        apart, onward = 1, self.onward[:, -_STATES:]
        while apart <= groups:  # add the state from 1, 2, 4, ... groups before (a parallel prefix sum)
            before[apart:] += before[:-apart] @ onward
            apart, onward = 2 * apart, onward @ onward
        found = np.zeros((groups + 1, _GROUP, _STATES), np.float32)
        found[:, 0] = before
        found[:-1, 1:] = (before[:-1] @ self.onward + after)[:, :-_STATES].reshape(groups, _GROUP - 1, _STATES)
        return np.asarray(found)


@lru_cache(_RATES_KEPT)
def _filter(sample_rate_hz: int) -> _Filter:
    """The K filter in blocks. States are row vectors, so matrices multiply from the right."""
    step, into, out, direct = _in_states(sample_rate_hz)
    powers = [np.eye(_STATES)]
    for _ in range(_BLOCK):
        powers.append(powers[-1] @ step)
    response = np.array([direct, *(into @ power @ out for power in powers[: _BLOCK - 1])])
    alone = np.zeros((_BLOCK, _BLOCK))
    for at in range(_BLOCK):
        alone[at, at:] = response[: _BLOCK - at]
    left = np.stack([into @ powers[_BLOCK - 1 - at] for at in range(_BLOCK)])
    of_state = np.stack([power @ out for power in powers[:_BLOCK]], axis=1)
    onwards = [np.eye(_STATES)]
    for _ in range(_GROUP):
        onwards.append(onwards[-1] @ powers[_BLOCK])
    within = np.zeros((_GROUP, _STATES, _GROUP, _STATES))
    for at in range(_GROUP):
        for after in range(at, _GROUP):
            within[at, :, after] = onwards[after - at]
    size = _GROUP * _STATES
    return _Filter(
        alone.astype(np.float32),
        of_state.astype(np.float32),
        left.astype(np.float32),
        within.reshape(size, size).astype(np.float32),
        np.concatenate(onwards[1:], axis=1).astype(np.float32),
    )


def _in_states(sample_rate_hz: int) -> tuple[Numbers, Numbers, Numbers, float]:
    """Both stages in state-space form: state transition, input to state, state to output, input to output."""
    (b1, a1), (b2, a2) = k_coefficients(sample_rate_hz)
    on1, on2 = (np.array([[-a[1], -a[2]], [1.0, 0.0]]) for a in (a1, a2))
    in1, in2 = (np.array([b[1] - a[1] * b[0], b[2] - a[2] * b[0]]) for b, a in ((b1, a1), (b2, a2)))
    step = np.zeros((_STATES, _STATES))
    step[:2, :2], step[2:, 2:] = on1, on2
    step[0, 2:] = in2  # the output of the first stage is its first state plus the weighted sample
    into, out = np.concatenate((in1, b1[0] * in2)), np.array([b2[0], 0.0, 1.0, 0.0])
    even, back = _evenly(step, into)
    return back @ step @ even, into @ even, back @ out, float(b1[0] * b2[0])


def _evenly(step: Numbers, into: Numbers) -> tuple[Numbers, Numbers]:
    """The change of basis to states that are uncorrelated with equal variance for white noise, and its inverse.

    In the original basis, states are large and cancel each other, and float32 would not be precise enough.
    """
    covariance, onward = np.outer(into, into), step
    for _ in range(_DOUBLINGS):
        covariance, onward = covariance + onward.T @ covariance @ onward, onward @ onward
    spread = np.sqrt(np.diag(covariance))
    spread[spread == 0] = 1.0  # a stage that passes its input unchanged has no state
    together = covariance / np.outer(spread, spread)
    np.fill_diagonal(together, 1 + _LEAST_SPREAD)
    back = np.linalg.cholesky(together).T * spread
    return np.asarray(np.linalg.inv(back)), np.asarray(back)


def k_coefficients(sample_rate_hz: int) -> tuple[tuple[Numbers, Numbers], tuple[Numbers, Numbers]]:
    """The numerator and the denominator of the two stages, derived for a sample rate.

    The constants are those of libebur128, which give BS.1770's coefficients at 48 kHz. A stage whose frequency is too
    high for the sample rate passes its input unchanged.

    Examples:
        >>> (rise, _), (_, high_pass) = k_coefficients(48_000)
        >>> rise.round(8).tolist(), high_pass.round(8).tolist()
        ([1.53512486, -2.69169619, 1.19839281], [1.0, -1.99004745, 0.99007225])
    """
    rise, high_pass = _AS_IT_IS, _AS_IT_IS
    if _HIGHEST_SHARE * sample_rate_hz > _RISE_HZ:
        k, q = np.tan(np.pi * _RISE_HZ / sample_rate_hz), 0.7071752369554196
        high = 10 ** (3.999843853973347 / 20)
        band = high**0.4996667741545416
        above = np.array([high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k])
        below = np.array([1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k])
        rise = above / below[0], below / below[0]
    if _HIGHEST_SHARE * sample_rate_hz > _HIGH_PASS_HZ:
        k, q = np.tan(np.pi * _HIGH_PASS_HZ / sample_rate_hz), 0.5003270373238773
        below = np.array([1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k])
        high_pass = np.array([1.0, -2.0, 1.0]), below / below[0]
    return rise, high_pass

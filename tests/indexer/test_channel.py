"""The bounded queue between the stages."""

from __future__ import annotations

import threading

import pytest

from indexer.channel import Cancelled, Channel, Closed
from tests.waiting import PATIENCE_S, wait_until


def test_put_waits_while_it_is_full_and_order_is_kept() -> None:
    """No more than the capacity waits; what was put first comes first; a closed channel is emptied before it ends."""
    channel: Channel[int] = Channel(2)
    most = 0

    def produce() -> None:
        for number in range(50):
            channel.put(number)
        channel.close()

    thread = threading.Thread(target=produce)
    thread.start()
    got = []
    for _ in range(50):
        most = max(most, len(channel._items))
        got.append(channel.get())
    with pytest.raises(Closed):
        channel.get()
    thread.join()

    assert got == list(range(50))
    assert most <= 2


def test_get_gives_up_after_its_timeout() -> None:
    """None means that nothing came."""
    assert Channel[int](1).get(0.01) is None


def test_cancel_frees_those_who_wait_on_either_side() -> None:
    """Every thread that puts or gets is released at once, and nothing more goes through."""
    full: Channel[int] = Channel(1)
    empty: Channel[int] = Channel(1)
    full.put(1)
    freed = []

    def wait(what) -> None:
        with pytest.raises(Cancelled):
            what()
        freed.append(1)

    threads = [threading.Thread(target=wait, args=(lambda: full.put(2),)) for _ in range(3)]
    threads += [threading.Thread(target=wait, args=(empty.get,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(full._not_full._waiters) == len(empty._not_empty._waiters) == 3)
    full.cancel()
    empty.cancel()
    for thread in threads:
        thread.join(PATIENCE_S)

    assert len(freed) == 6
    with pytest.raises(Cancelled):
        full.get()

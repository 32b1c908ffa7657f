"""A job takes a small share of a core while its library is queried, and as much as it can otherwise."""

from __future__ import annotations

import os
import threading

import pytest

from search.errors import UsageError
from search.library.givingway import FILE, HOLD_S, LONGEST_S, LOOK_S, GivingWay
from search.settings import Settings

SHARE = 0.15


class Machine:
    """A clock, and CPU seconds that are spent only when a test says so."""

    def __init__(self, folder):
        self.now_s, self.spent_s, self.slept = 1000.0, 5.0, []
        self.asks = lambda: None
        self.folder = folder
        self.service = GivingWay(folder, SHARE, clock=lambda: self.now_s)
        self.job = GivingWay(folder, SHARE, clock=lambda: self.now_s, spent=lambda: self.spent_s, sleep=self.sleep)

    def sleep(self, seconds):
        assert 0 < seconds <= LOOK_S
        self.slept.append(seconds)
        self.now_s += seconds
        self.asks()

    def work(self, seconds):
        """So long, on one core."""
        self.job.rest()
        self.now_s += seconds
        self.spent_s += seconds
        self.asks()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_where_nobody_asks_a_job_never_rests(machine):
    for _ in range(1000):
        machine.work(0.02)
    assert not machine.slept
    assert not (machine.folder / FILE).exists()


@pytest.mark.parametrize("unit_s", [0.0001, 0.001, 0.02, 0.1])
def test_while_somebody_asks_it_takes_its_share(machine, unit_s):
    machine.asks = machine.service.note_question
    machine.asks()
    machine.work(unit_s)
    begun_s, spent_s = machine.now_s, machine.spent_s
    while machine.now_s < begun_s + 60:
        machine.work(unit_s)
    assert SHARE * 0.8 <= (machine.spent_s - spent_s) / (machine.now_s - begun_s) <= SHARE * 1.05


def test_a_job_that_rests_goes_on_when_the_questions_end(machine):
    machine.service.note_question()
    asked_s = machine.now_s
    machine.work(0.9)
    machine.work(0.01)  # it has spent far more than its share, and rests until nobody asks
    assert asked_s + HOLD_S < machine.now_s <= asked_s + HOLD_S + 2 * LOOK_S + 0.01
    machine.slept.clear()
    for _ in range(100):
        machine.work(0.5)
    assert not machine.slept


def test_no_unit_is_paid_for_with_more_than_a_second(machine):
    """A job whose units are large makes progress all the same."""
    machine.asks = machine.service.note_question
    machine.asks()
    machine.work(20.0)
    before_s = machine.now_s
    machine.work(0.0)
    assert machine.now_s - before_s <= LONGEST_S + LOOK_S


def test_what_it_did_not_use_is_not_saved_up(machine):
    """After a minute of waiting for a disk it does not work for nine seconds without a rest."""
    machine.asks = machine.service.note_question
    machine.asks()
    machine.work(0.0)
    for _ in range(120):
        machine.now_s += 0.5
        machine.asks()
        machine.work(0.0)
    machine.work(0.05)
    machine.slept.clear()
    machine.work(0.05)
    assert sum(machine.slept) == pytest.approx(0.05 / SHARE - 0.05, abs=0.02)


def test_the_threads_of_a_job_go_on_one_after_the_other(machine):
    """The second waits until what the first takes can be seen."""
    machine.asks = machine.service.note_question
    machine.asks()
    first = threading.Thread(target=machine.job.rest)
    first.start()
    first.join()
    machine.slept.clear()
    machine.job.rest()
    assert sum(machine.slept) == pytest.approx(0.005)
    machine.job.rest()  # it has shown that it took nothing
    assert sum(machine.slept) == pytest.approx(0.005)


@pytest.mark.parametrize("at_s", [0.0, 990.0, 1010.0, 10**9])
def test_what_a_dead_process_left_slows_nobody(machine, at_s):
    """Whether it wrote before this machine was started anew, or just a while ago."""
    now_s, machine.now_s = machine.now_s, at_s
    machine.service.note_question()
    machine.now_s = now_s
    assert not machine.job.is_asked()
    machine.work(0.5)
    machine.work(0.5)
    assert not machine.slept


@pytest.mark.parametrize("content", [b"", b"\0", b"x" * 9, b"\xff" * 16, b"x" * 100])
def test_what_is_no_time_slows_nobody(machine, content):
    (machine.folder / FILE).write_bytes(content)
    assert not machine.job.is_asked()
    machine.service.note_question()
    machine.now_s += LOOK_S
    assert machine.job.is_asked(), "the next question is seen, whatever was there"


def test_what_another_machine_wrote_slows_nobody(machine):
    """The folder may be a network's, and both machines may have been started at one moment."""
    there = GivingWay(machine.folder, SHARE, clock=lambda: machine.now_s, machine=b"another.")
    there.note_question()
    assert not machine.job.is_asked()
    machine.work(0.5)
    machine.work(0.5)
    assert not machine.slept


@pytest.mark.skipif(os.name == "nt", reason="has no such modes")
def test_whoever_shares_the_library_by_a_group_may_note_a_question(machine):
    umask = os.umask(0o002)
    try:
        machine.service.note_question()
    finally:
        os.umask(umask)
    assert (machine.folder / FILE).stat().st_mode & 0o777 == 0o664


def test_where_the_folder_cannot_be_written_questions_are_answered_all_the_same(machine, monkeypatch):
    opened = []

    def full(*arguments):
        opened.append(arguments)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.open", full)
    for _ in range(100):
        machine.service.note_question()
        machine.now_s += 0.05
    assert len(opened) == 1, "and it is not tried for each"


def test_questions_are_noted_now_and_then_only(machine, monkeypatch):
    written = []
    monkeypatch.setattr("os.write", lambda _file, data: written.append(data))
    for _ in range(1000):
        machine.service.note_question()
        machine.now_s += 0.001
    assert len(written) <= 11


def test_a_job_may_be_let_go_on_whoever_asks(machine):
    job = GivingWay(machine.folder, 1.0, clock=lambda: machine.now_s, spent=lambda: machine.spent_s, sleep=pytest.fail)
    machine.service.note_question()
    for _ in range(10):
        job.rest()
        machine.spent_s += 5


def test_the_share_is_a_setting():
    assert Settings.from_env({}).job_share == SHARE
    assert Settings.from_env({"SOUNDALIKE_JOB_SHARE": "1"}).job_share == 1
    for wrong in ("0", "-1", "nan", "x", "1.5"):
        with pytest.raises(UsageError, match="SOUNDALIKE_JOB_SHARE"):
            Settings.from_env({"SOUNDALIKE_JOB_SHARE": wrong})

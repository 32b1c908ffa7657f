"""A sample of the benchmarks of formats, damage and changed headers; each is a claim of docs/figures."""

from __future__ import annotations

import pytest

from benchmarks.robustness import fuzzing, grid
from benchmarks.robustness.formats import Form, forms, sound

SLICE = {
    "WAV/PCM_24": {"size never written", "size doubled", "size halved", "bytes changed"},
    "FLAC/PCM_16": {"cut", "size never written"},
    "OGG/OPUS": {"a part missing"},
    "mp3/libmp3lame": {"cut", "noise behind"},
    "mp4/aac": {"bytes changed"},
    "matroska/pcm_f32le": {"cut"},
}


def is_in_slice(form: Form, damage: str) -> bool:
    return damage in SLICE.get(form.name, ())


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(grid, "SECONDS", 1.5)


def test_lengths_are_those_of_the_decoders_themselves(tmp_path, short, capfd):
    """Whatever the damage: as far as FFmpeg or libsndfile reads, to a hundredth, and no further."""
    measured = [grid.measure(case, tmp_path) for case in grid.cases(is_in_slice)]
    assert len(measured) == sum(map(len, SLICE.values()))
    assert [case for case in measured if not case.agrees] == []
    capfd.readouterr()  # libsndfile's MP3 decoder, which is asked for comparison, prints


def test_a_report_counts_what_agrees_and_what_is_found():
    """A length that differs, or a lossless file that is not found first, is named and fails the command."""
    good = grid.Measured("a", True, 2.0, 2.01, "", found=True)
    assert grid.GridReport("here", "x", (good,)).passed
    for bad in (grid.Measured("b", True, 2.0, 1.5, ""), grid.Measured("b", True, 2.0, 2.0, "", found=False)):
        report = grid.GridReport("here", "x", (good, bad))
        assert not report.passed
        assert "* b: 2.000 s by the decoders" in report.as_text()


def test_changed_headers_do_no_harm(tmp_path, capfd):
    """A seed makes the same file again; each is decoded, or refused in one plain line."""
    some = [form for number, form in enumerate(forms()) if number % 9 == 0 and fuzzing._can(form)]
    for seed, form in enumerate(some, start=1):
        whole = form.encode(sound(1, 0.3, 16_000), 16_000)
        assert fuzzing.changed(whole, seed) == fuzzing.changed(whole, seed) != whole
        for number in range(3):
            (tmp_path / "a").write_bytes(fuzzing.changed(whole, seed + 100 * number))
            assert fuzzing.read(tmp_path / "a")[0] in ("decoded", "refused")
    assert capfd.readouterr() == ("", "")

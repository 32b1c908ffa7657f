"""The quality benchmark: protocols, the engine's ranking, and the report."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.common import report
from benchmarks.quality import datasets, hubness, measure, verdicts
from benchmarks.quality import report as quality_report
from benchmarks.quality.encoding import EncodingCache, encode
from benchmarks.quality.ranking import ranked_set
from search import evaluation
from search.errors import UsageError
from search.evaluation import METRICS, order_by_cosine
from search.settings import Settings
from tests.benchmarks.sounds import ReadingEncoder, write_set


def silent(line: str) -> None:
    del line


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> datasets.DataSet:
    return datasets.load(write_set(tmp_path_factory.mktemp("tones")))


@pytest.fixture(scope="module")
def measured(tones: datasets.DataSet) -> measure.QualityReport:
    encoders = [ReadingEncoder(), ReadingEncoder("deaf", deaf=True)]
    return measure.run(
        [tones], encoders, Settings.from_env({}), cache=EncodingCache(None), seed=1, resamples=200, progress=silent
    )


def test_the_engine_ranks_by_each_clips_best_segment(tones: datasets.DataSet) -> None:
    """Every ranking equals the plain one: mean of the query's segments against each clip's best, ties aside."""
    encoder = ReadingEncoder()
    encoded = encode([item.path for item in tones.items], encoder, EncodingCache(None), silent)
    segments = [clip.encoding.vectors.astype(np.float64) for clip in encoded]
    with ranked_set(encoded, encoder, Settings.from_env({})) as ranked:
        for query in range(len(tones.items)):
            order = ranked.by_example(query)
            assert sorted(order.tolist()) == list(range(len(tones.items)))
            mean = segments[query].sum(axis=0)
            best = np.array([float((rows @ (mean / np.linalg.norm(mean))).max()) for rows in segments])
            assert np.all(np.diff(best[order]) <= 1e-3)


def test_a_set_with_one_segment_a_clip_scores_as_plain_cosine_does(tmp_path: Path) -> None:
    """With clips of a window's length the engine's figures are those of evaluation on the vectors themselves."""
    tones = datasets.load(write_set(tmp_path, seconds=0.4))
    encoder = ReadingEncoder()
    encoded = encode([item.path for item in tones.items], encoder, EncodingCache(None), silent)
    vectors = np.concatenate([clip.encoding.vectors.astype(np.float32) for clip in encoded])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    (question, _) = measure.questions(tones)
    plain = evaluation.score(
        evaluation.judge(order_by_cosine(vectors, vectors), question.relevant, question.candidates)
    )
    with ranked_set(encoded, encoder, Settings.from_env({})) as ranked:
        ours = evaluation.score(measure.by_example([question], ranked)[measure.EXAMPLE].judged)
    np.testing.assert_allclose(ours.values, plain.values, atol=1e-9)


def test_every_way_of_asking_has_a_table_with_all_metrics(measured: measure.QualityReport) -> None:
    """By example, by fold, in words; 12 clips or 3 texts as queries; the encoder that hears and reads is right."""
    tables = {table.protocol: table for table in measured.tables}
    assert list(tables) == [measure.EXAMPLE, measure.FOLDS, measure.TEXT]
    assert [tables[p].queries for p in tables] == [12, 12, 3]
    for table in tables.values():
        best = table.rows[0].estimates
        assert tuple(e.metric for e in best) == METRICS
        assert best[0].mean == pytest.approx(1.0)
        assert all(e.low <= e.mean <= e.high <= e.ceiling + 1e-9 for row in table.rows for e in row.estimates)


def test_ceilings_follow_from_the_number_of_relevant_clips(measured: measure.QualityReport) -> None:
    """Two of the eight to ten other clips are relevant by example: P@10 can reach .2, F1@10 4/12."""
    by_name = {e.metric: e for e in measured.tables[0].rows[0].estimates}
    assert by_name["P@10"].ceiling == pytest.approx(0.2)
    assert by_name["F1@10"].ceiling == pytest.approx(4 / 12)
    assert by_name["P@10"].mean == pytest.approx(0.2)


def test_differences_are_paired_with_the_first_encoder(measured: measure.QualityReport) -> None:
    """The first row has none; the worse encoder's is negative and is the difference of the means."""
    first, second = measured.tables[0].rows
    assert first.versus_first == ()
    assert second.versus_first[0].mean == pytest.approx(second.estimates[0].mean - first.estimates[0].mean)
    assert second.versus_first[0].high < 0


def test_sizes_machine_and_fingerprints_are_in_the_report(measured: measure.QualityReport) -> None:
    """What was measured, and on what, can be read from the JSON and from the Markdown."""
    facts = json.loads(report.to_json(measured))
    assert facts["datasets"][0]["clips"] == 12
    assert facts["datasets"][0]["segments"] == 24
    assert facts["encoders"][0]["fingerprint"] == "reading-1"
    text = quality_report.markdown(measured)
    for part in ("reading-1", "seed 1", "numpy", "deaf − reading", "12 queries", "*ceiling*"):
        assert part in text


def test_markdown_tables_are_rectangular(measured: measure.QualityReport) -> None:
    """Every line of a table has as many cells as its header."""
    widths: list[int] = []
    for line in quality_report.markdown(measured).splitlines():
        if not line.startswith("|"):
            widths = []
            continue
        widths.append(line.count("|"))
        assert len(set(widths)) == 1, line


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_plot_is_drawn_with_a_bar_for_each_encoder_and_set(
    measured: measure.QualityReport, tmp_path: Path, suffix: str
) -> None:
    """A file of that kind comes out; each panel has encoders x sets bars."""
    figure = quality_report.figure(measured)
    assert [len(axes.patches) for axes in figure.axes] == [2, 2, 2]
    report.save_figure(figure, tmp_path / f"plot{suffix}")
    start = (tmp_path / f"plot{suffix}").read_bytes()[:5]
    assert start == (b"\x89PNG\r" if suffix == ".png" else b"<?xml")


def test_clips_without_a_sibling_are_skipped_and_counted(tmp_path: Path) -> None:
    """One clip of a label of its own asks nothing, but stands among the answers of the others."""
    write_set(tmp_path)
    file = tmp_path / "manifest.csv"
    with file.open(newline="") as stream:
        rows = list(csv.reader(stream))
    rows[1][1] = "alone"
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    found = measure.run(
        [datasets.load(tmp_path)],
        [ReadingEncoder()],
        Settings.from_env({}),
        cache=EncodingCache(None),
        seed=1,
        resamples=100,
        progress=silent,
    )
    table = found.tables[0]
    assert (table.queries, table.skipped) == (11, 1)
    assert "1 without a relevant clip skipped" in quality_report.markdown(found)


def test_the_same_seed_gives_the_same_report(tones: datasets.DataSet, measured: measure.QualityReport) -> None:
    """Tables are equal from run to run, intervals included."""
    encoders = [ReadingEncoder(), ReadingEncoder("deaf", deaf=True)]
    again = measure.run(
        [tones], encoders, Settings.from_env({}), cache=EncodingCache(None), seed=1, resamples=200, progress=silent
    )
    assert again.tables == measured.tables


def test_one_kind_of_query_can_be_asked_alone(tones: datasets.DataSet) -> None:
    """By example or in words; where nothing can be asked the run says so instead of giving an empty report."""

    def protocols(kind: measure.Queries, dataset: datasets.DataSet) -> list[str]:
        found = measure.run(
            [dataset],
            [ReadingEncoder()],
            Settings.from_env({}),
            cache=EncodingCache(None),
            seed=1,
            resamples=50,
            progress=silent,
            queries=kind,
        )
        return [table.protocol for table in found.tables]

    assert protocols("example", tones) == [measure.EXAMPLE, measure.FOLDS]
    assert protocols("text", tones) == [measure.TEXT]
    with pytest.raises(UsageError, match="nothing to measure"):
        protocols("text", datasets.DataSet("wordless", tones.items, ()))


def test_hubness_is_the_skewness_of_how_often_a_clip_is_among_the_first_ten() -> None:
    """A clip that every ranking begins with is a hub; where each is found as often as another there is none."""
    clips = 40
    fair = (np.arange(clips)[:, np.newaxis] + np.arange(clips)) % clips
    assert hubness.occurrences(fair, clips=clips).tolist() == [hubness.FIRST] * clips
    assert hubness.skewness(hubness.occurrences(fair, clips=clips)) == 0.0
    hub = np.stack([[0, *[c for c in row if c != 0]] for row in fair.tolist()])
    counts = hubness.occurrences(hub, clips=clips)
    assert counts[0] == clips
    values = counts.astype(float)
    assert hubness.skewness(counts) == pytest.approx(((values - values.mean()) ** 3).mean() / values.std() ** 3)
    without_itself = hubness.occurrences(hub, ~np.eye(clips, dtype=bool))
    assert without_itself[0] == clips - 1, "a clip does not count as an answer to itself"


@pytest.mark.thorough
def test_a_set_of_a_hundred_clips_is_ranked_with_and_without_neighbourhoods(tmp_path: Path) -> None:
    """Two rows, the second called plain, each with its hubness; turned off there is one."""
    many = datasets.load(write_set(tmp_path, seconds=0.4, takes=40))
    for on, rows in ((True, ["reading", "reading, plain similarity"]), (False, ["reading"])):
        settings = replace(Settings.from_env({}), neighbourhoods=on)
        found = measure.run(
            [many], [ReadingEncoder()], settings, cache=EncodingCache(None), seed=1, resamples=50, progress=silent
        )
        for table in found.tables:
            assert [row.encoder for row in table.rows] == rows
        assert all(row.hubness is not None for row in found.tables[0].rows)


def test_a_verdict_is_asked_for_with_the_class_there_and_taken_out(tmp_path: Path) -> None:
    """Tones that sound alike are found and promised; with all of a pitch taken out the others are not promised."""
    tones = datasets.load(write_set(tmp_path, seconds=0.4))
    encoder = ReadingEncoder()
    encoder.spec = replace(encoder.spec, calibration=(20.0, -16.0))
    encoded = encode([item.path for item in tones.items], encoder, EncodingCache(None), silent)
    with ranked_set(encoded, encoder, Settings.from_env({}), verdicts.titles(tones)) as ranked:
        row = verdicts.measure(tones, "reading", ranked)
    assert row is not None
    assert row.queries == 12
    assert row.there[0] == row.taken_out[2] == row.right == 1.0
    assert row.calibration_error is not None
    assert row.calibration_error < 0.1
    assert "1.00 / 0.00 / 0.00" in verdicts.table([row])

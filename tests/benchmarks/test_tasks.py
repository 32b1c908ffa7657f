"""Tasks as MTEB publishes them: few relevant among few, labels as words, and their file formats."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.quality import datasets, published_tasks, reranking, zero_shot
from benchmarks.quality.encoding import EncodingCache
from benchmarks.quality.items import DataSet
from benchmarks.quality.tasks import RerankingQuery, RerankingTask, sound_vectors
from search.errors import UsageError
from tests.benchmarks.sounds import PITCHES_HZ, ReadingEncoder, write_set
from tests.benchmarks.test_commands import bench


def silent(line: str) -> None:
    del line


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("tones"), takes=10)


@pytest.fixture(scope="module")
def tones(folder: Path) -> DataSet:
    return datasets.load(folder)


def test_each_query_has_five_right_among_twenty_one_and_every_label_as_many_queries(tones: DataSet) -> None:
    """No query is among its own candidates; the same seed draws the same, another seed something else."""
    task = reranking.draw(tones, seed=3)
    assert len(task.queries) == 30
    for asked in task.queries:
        assert len(set(asked.candidates)) == 21
        assert asked.query not in asked.candidates
        same = {place for place in asked.candidates if tones.items[place].labels & tones.items[asked.query].labels}
        assert same == asked.relevant
        assert len(same) == 5
    assert task == reranking.draw(tones, seed=3)
    assert task != reranking.draw(tones, seed=4)


def test_a_set_with_too_few_sounds_of_a_label_cannot_be_drawn_from(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no label has 6 sounds"):
        reranking.draw(datasets.load(write_set(tmp_path)), seed=0)


def test_the_figure_is_the_mean_average_precision_of_the_order_by_cosine() -> None:
    """Right ones at places 1 and 3 of three: (1 + 2/3) / 2."""
    vectors = np.array([[1, 0], [0.9, 0.1], [0.5, 0.5], [0.1, 0.9]], np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    task = RerankingTask("three", (), (RerankingQuery(0, (3, 2, 1), frozenset({1, 3})),))
    assert reranking.score(task, vectors) == pytest.approx((1 + 2 / 3) / 2)


def test_what_is_heard_apart_is_put_in_order_and_noise_is_not(tones: DataSet) -> None:
    encoders = [ReadingEncoder(), ReadingEncoder("deaf", deaf=True)]
    report = reranking.run([tones], encoders, cache=EncodingCache(None), seed=1, progress=silent, draws=2)
    hears, deaf = report.rows
    assert (hears.mean, hears.draws) == (pytest.approx(1.0, abs=0.01), 2)
    assert deaf.mean < 0.6
    assert 0.2 < hears.chance < 0.5
    assert f"{hears.mean:.3f} ± {hears.spread:.3f}" in reranking.markdown(report)
    assert "msclap" not in reranking.markdown(report), "what was published is of another set"


def test_a_sound_is_heard_at_16_khz_at_most(tmp_path: Path) -> None:
    """What lies above 8 kHz changes nothing."""
    t = np.arange(48_000) / 48_000
    low = 0.3 * np.sin(2 * np.pi * 900 * t)
    soundfile.write(tmp_path / "low.wav", low, 48_000)
    soundfile.write(tmp_path / "both.wav", low + 0.3 * np.sin(2 * np.pi * 12_000 * t), 48_000)
    files = [tmp_path / "low.wav", tmp_path / "both.wav"]
    one, other = sound_vectors(files, ReadingEncoder(), EncodingCache(None), silent)
    assert float(one @ other) == pytest.approx(1.0, abs=1e-4)


def test_labels_are_found_by_their_words_in_every_prompt(tones: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a figure for each prompt, their mean, and all of them in one vector."""
    monkeypatch.setattr(zero_shot, "PROMPTS", ("a {} tone", "one {} sound"))
    report = zero_shot.run([tones], [ReadingEncoder()], cache=EncodingCache(None), progress=silent)
    also = [zero_shot.MEAN, zero_shot.TOGETHER, zero_shot.BY_EXAMPLES]
    assert [row.prompt for row in report.rows] == ["a {} tone", "one {} sound", *also]
    assert all(row.accuracy > 0.6 and (row.top_5, row.labels) == (1.0, 3) for row in report.rows)
    assert report.rows[2].accuracy == pytest.approx((report.rows[0].accuracy + report.rows[1].accuracy) / 2)
    assert "a … tone" in zero_shot.markdown(report)


def test_top_5_counts_what_is_among_the_five_nearest_labels() -> None:
    likeness = np.tile(np.arange(7, 0, -1.0), (3, 1))
    right = np.eye(7, dtype=bool)[[0, 4, 5]]
    assert zero_shot._figures(likeness, right) == (pytest.approx(1 / 3), pytest.approx(2 / 3))


def test_a_sound_is_compared_with_the_mean_of_each_label_without_its_own_source() -> None:
    """What is of its own source is no example for it, and a label that only this has is none."""
    sounds = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8], [-1, 0]], np.float32)
    right = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], bool)
    likeness = zero_shot.likeness_to_examples(sounds, right, ["a", "a", "b", "c", "d"])
    np.testing.assert_allclose(likeness[0], [0, 0.6, -1], atol=1e-6)
    np.testing.assert_allclose(likeness[2], [0, 0.8, 0], atol=1e-6)
    np.testing.assert_allclose(likeness[3], [(1.2 + 0.8) / np.sqrt(5), -1, -0.6], atol=1e-6)
    assert likeness[4, 2] == -1


@pytest.mark.parametrize("protocol", ["maeb", "zero-shot"])
def test_the_command_asks_by_a_protocol(
    protocol: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report is printed, its figures are written as JSON; a plot is refused."""
    monkeypatch.chdir(tmp_path)
    asked = ["quality", "--protocol", protocol, "--dataset", str(folder), "--encoder", "spectral", "--no-cache"]
    if protocol == "zero-shot":
        with pytest.raises(UsageError, match="no encoder here reads words"):
            bench(*asked)
        return
    assert bench(*asked, "--json", "out.json") == 0
    assert capsys.readouterr().out.startswith("# Re-ranking")
    (row,) = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert row["draws"] == reranking.DRAWS
    with pytest.raises(UsageError, match="draws no plot"):
        bench(*asked, "--plot", "x.png")


def sound(folder: Path, name: str) -> dict[str, object]:
    return {"bytes": (folder / name).read_bytes(), "path": name}


def write_parquet(file: Path, columns: dict[str, list[object]]) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed (extra bench)")
    from pyarrow.parquet import write_table

    file.parent.mkdir(parents=True, exist_ok=True)
    write_table(arrow.table(columns), file)


def ask(task: object, folder: Path) -> float:
    assert isinstance(task, RerankingTask)
    assert all(file.is_relative_to(folder) for file in task.files)
    return reranking.score(task, sound_vectors(task.files, ReadingEncoder(), EncodingCache(None), silent))


def test_a_published_task_of_queries_with_right_and_wrong_sounds_is_read(folder: Path, tmp_path: Path) -> None:
    """As MAEB's first re-ranking tasks are: rows without a right or a wrong one are left out."""
    rows = [("low_2.wav", ["low_3.wav"], ["high_1.wav", "middle_1.wav"]), ("high_1.wav", [], ["low_1.wav"])]
    columns: dict[str, list[object]] = {
        "query": [sound(folder, query) for query, _, _ in rows],
        "positive": [[sound(folder, name) for name in right] for _, right, _ in rows],
        "negative": [[sound(folder, name) for name in wrong] for _, _, wrong in rows],
    }
    write_parquet(tmp_path / "few" / "data" / "test-00000-of-00001.parquet", columns)
    task = published_tasks.load(tmp_path / "few", tmp_path / "unpacked")
    assert isinstance(task, RerankingTask)
    assert [(len(asked.candidates), len(asked.relevant)) for asked in task.queries] == [(3, 1)]
    assert ask(task, tmp_path / "unpacked") == pytest.approx(1.0)
    with pytest.raises(UsageError, match="--protocol maeb"):
        datasets.load(tmp_path / "few")


def test_a_published_task_in_parts_is_read(folder: Path, tmp_path: Path) -> None:
    """As MTEB writes retrieval and re-ranking now: ids join corpus, queries, judgements and what is to be ranked."""
    task = tmp_path / "parts"
    names = ["low_3.wav", "high_1.wav", "middle_1.wav"]
    write_parquet(
        task / "corpus" / "test-00000-of-00001.parquet",
        {"id": ["a", "b", "c"], "audio": [sound(folder, name) for name in names]},
    )
    write_parquet(task / "queries" / "test.parquet", {"id": ["q"], "audio": [sound(folder, "low_2.wav")]})
    write_parquet(
        task / "default-qrels" / "test.parquet",
        {"query-id": ["q", "q"], "corpus-id": ["a", "b"], "score": [1, 0]},
    )
    loaded = published_tasks.load(task, tmp_path / "unpacked")
    assert isinstance(loaded, RerankingTask)
    assert len(loaded.queries[0].candidates) == 3
    assert ask(loaded, tmp_path / "unpacked") == pytest.approx(1.0)
    write_parquet(task / "top_ranked" / "test.parquet", {"query-id": ["q"], "corpus-ids": [["a", "c"]]})
    again = published_tasks.load(task, tmp_path / "unpacked")
    assert isinstance(again, RerankingTask)
    assert len(again.queries[0].candidates) == 2


def test_a_published_classification_is_a_data_set(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each label is a query in words; equal sounds are one clip."""
    monkeypatch.setattr(published_tasks, "UNPACKED", tmp_path / "unpacked")
    names = [f"{label}_{take}.wav" for label in PITCHES_HZ for take in (2, 3)]
    columns: dict[str, list[object]] = {
        "audio": [sound(folder, name) for name in [*names, names[0]]],
        "category": [name.partition("_")[0] + "_tone" for name in [*names, names[0]]],
    }
    write_parquet(tmp_path / "tones" / "test.parquet", columns)
    loaded = published_tasks.load(tmp_path / "tones", tmp_path / "unpacked")
    assert isinstance(loaded, DataSet)
    assert len(loaded.items) == 6
    assert [query.text for query in loaded.text_queries] == ["low tone", "middle tone", "high tone"]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"text": ["a"]}, "no task of sounds"),
        ({"audio": [{"bytes": None, "path": "a.wav"}], "label": ["x"]}, "with its sounds"),
    ],
)
def test_what_is_no_task_of_sounds_is_refused(columns: dict[str, list[object]], says: str, tmp_path: Path) -> None:
    write_parquet(tmp_path / "other" / "test.parquet", columns)
    with pytest.raises(UsageError, match=says):
        published_tasks.load(tmp_path / "other", tmp_path / "unpacked")


def test_a_file_that_is_no_parquet_is_refused_by_its_name(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed (extra bench)")
    (tmp_path / "test.parquet").write_text("no")
    with pytest.raises(UsageError, match="cannot be read as Parquet"):
        published_tasks.load(tmp_path, tmp_path / "unpacked")

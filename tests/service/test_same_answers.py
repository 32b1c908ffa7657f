"""The command line and REST give the same answer to the same query, in the same fields."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
import soundfile

from search import plugins, wiring
from search.cli import main
from tests.indexer.test_tunes import write_hum, write_midi
from tests.search.melodies import tune
from tests.service.conftest import RATE_HZ, application, noise, settings

NOTES = "C4 D4 E4 F4 G4 A4 B4 C5"
ODD_NAME = os.fsdecode(b"bell \xff.wav")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Sounds and tunes in two roots, the one inside the other; a name of bytes that are no text; and their library."""
    folder = tmp_path_factory.mktemp("same")
    outer, inner = folder / "sounds", folder / "sounds" / "inner"
    inner.mkdir(parents=True)
    for place, name, seed in ((outer, "rain.wav", 1), (outer, ODD_NAME, 4), (inner, "bell far.wav", 5)):
        soundfile.write(os.fsencode(place / name), noise(seed), RATE_HZ)
    for seed in range(3):
        write_midi(outer / "tunes" / f"tune {seed}.mid", tune(seed))
    write_hum(folder / "hum.wav", tune(1), 8)
    soundfile.write(folder / "asked.wav", noise(4), RATE_HZ)
    with wiring.library(folder / "library", settings(folder), create=True) as library:
        for root in (inner, outer):
            plugins.job("index")(library, "spectral", [str(root)], settings(folder))
    return folder


@pytest.fixture(scope="module")
def client(folder):
    with application(folder / "library") as made:
        yield made


def printed(capsys, folder: Path, *arguments: object) -> dict:
    """What a command prints with ``--json``."""
    assert main([*map(str, arguments), "--json", "--library", str(folder / "library")]) == 0
    return json.loads(capsys.readouterr().out)


def posted(client, address: str, **options: object) -> dict:
    response = client.post(f"/api/v1/{address}", **options)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def sent(folder: Path, field: str, name: str) -> dict:
    """A question that is a file alone."""
    return {"data": {field: (io.BytesIO((folder / name).read_bytes()), name), "query": json.dumps({"k": 5})}}


QUESTIONS = {
    "text": (["search", "--text", "bell"], "search", {"json": {"parts": [{"text": "bell"}], "k": 5}}),
    "clip": (["search", "--clip", 1], "search", {"json": {"parts": [{"clip_id": 1}], "k": 5}}),
    "several": (
        ["search", "--text", "bell", "--not-clip", 1, "--where", "duration_s < 60", "--collapse"],
        "search",
        {
            "json": {
                "parts": [{"text": "bell"}, {"clip_id": 1, "weight": -1}],
                "where": "duration_s < 60",
                "collapse": True,
                "k": 5,
            }
        },
    ),
    "notes": (["search", "--notes", NOTES], "search", {"json": {"parts": [{"notes": NOTES}], "k": 5}}),
    "recommend": (["recommend", "--like", 1], "recommend", {"json": {"likes": [{"clip_id": 1}], "k": 5}}),
}


def question(name: str, folder: Path) -> tuple[list[object], str, dict]:
    """The arguments of a command, an address, and what is posted there."""
    if name == "audio":
        return ["search", "--audio", folder / "asked.wav"], "search", sent(folder, "audio", "asked.wav")
    if name == "hum":
        return ["search", "--hum", folder / "hum.wav"], "search", sent(folder, "hum", "hum.wav")
    return QUESTIONS[name]


@pytest.mark.parametrize("name", ["text", "audio", "clip", "several", "hum", "notes", "recommend"])
def test_the_command_line_and_rest_give_the_same_answer(client, folder, capsys, name):
    """Field by field: only the time that it took differs, and where paths begin."""
    arguments, address, body = question(name, folder)
    command_line, replied = printed(capsys, folder, *arguments, "-k", 5), posted(client, address, **body)
    assert replied.pop("facets", None) is None, "which REST adds where they are asked for"
    assert command_line["hits"]
    assert command_line.pop("took_ms") > 0 < replied.pop("took_ms")
    hits, others = command_line.pop("hits"), replied.pop("hits")
    assert command_line == replied
    assert len(hits) == len(others)
    for hit, other in zip(hits, others, strict=True):
        assert list(hit) == list(other)
        path, below = hit.pop("path"), other.pop("path")
        assert hit == other
        assert Path(path).is_absolute()
        assert Path(path).is_file()
        shown = os.fsencode(path).decode("utf-8", "replace")
        assert shown in {f"{folder}/sounds/{below}", f"{folder}/sounds/inner/{below}"}


def test_a_similar_clip_is_the_same_hit_by_either_address(client):
    """Of the clip itself, or of a question with the clip in it."""
    one = client.get("/api/v1/clips/1/similar?k=5").get_json()
    other = posted(client, "search", json={"parts": [{"clip_id": 1}], "k": 5})
    assert one["hits"] == other["hits"]


def test_a_hit_is_named_below_the_root_that_it_is_of(client, folder):
    """An inner root's clips below the inner one; and bytes that are no text become characters that say so."""
    hits = posted(client, "search", json={"parts": [{"text": "bell"}], "k": 5})["hits"]
    assert {"bell far.wav", "bell \N{REPLACEMENT CHARACTER}.wav"} <= {hit["path"] for hit in hits}

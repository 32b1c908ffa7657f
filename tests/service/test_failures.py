"""Files that could not be indexed, over REST: listed with the cause, retried, cleared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commandline import soundalike
from tests.service.conftest import wav, work_off

API = "/api/v1"


@pytest.fixture
def broken(library_path: Path, tmp_path: Path) -> list[Path]:
    """Three files that the command line could not index."""
    files = [tmp_path / "mine" / f"broken {number}.wav" for number in range(3)]
    files[0].parent.mkdir()
    for file in files:
        file.write_text("no sound")
    assert soundalike("index", files[0].parent, "--library", library_path).returncode == 1
    return files


def listed(client, **query):
    return client.get(f"{API}/failures", query_string=query).get_json()


def test_what_the_command_line_could_not_index_is_listed_and_tried_again(client, library_path, broken):
    """Until it is indexed, or gone."""
    found = listed(client, offset=1, limit=1)
    assert (found["total"], found["offset"]) == (3, 1)
    (one,) = found["failures"]
    assert (one["folder"], one["file"]) == ("mine", "broken 1.wav")
    assert one["cause"]
    broken[0].write_bytes(wav(31))
    broken[2].unlink()
    job = client.post(f"{API}/failures/retry")
    assert (job.status_code, job.get_json()["files"]) == (202, ["mine/broken 0.wav", "mine/broken 1.wav"])
    work_off(library_path)
    done = client.get(job.headers["Location"]).get_json()
    assert (done["state"], [one["file"] for one in done["failures"]]) == ("done", ["mine/broken 1.wav"])
    assert [one["file"] for one in listed(client)["failures"]] == ["broken 1.wav"]


def test_the_list_is_cleared_and_a_later_scan_fills_it_again(client, library_path, broken):
    assert client.delete(f"{API}/failures").status_code == 204
    assert listed(client) == {"total": 0, "offset": 0, "failures": []}
    assert client.post(f"{API}/failures/retry").status_code == 404
    soundalike("index", broken[0].parent, "--library", library_path)
    assert listed(client)["total"] == 3

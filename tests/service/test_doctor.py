"""``soundalike doctor`` if something is unavailable: the index's server, the catalog's, the folder of snapshots."""

from __future__ import annotations

import json

import pytest

from tests.commandline import soundalike

SECRET = "pa55-of-the-index"
AWAY = "http://127.0.0.1:9"
"""Nobody listens there: the connection is refused at once."""


def examined(folder, status):
    """What it finds, by name; the status is this one, and its lines say the same."""
    done = soundalike("doctor", "--library", folder, "--json")
    assert done.returncode == status, done.stderr
    assert SECRET not in done.stdout + done.stderr
    return {one["what"]: one for one in json.loads(done.stdout)}


def test_a_server_of_the_index_that_does_not_answer_is_found(tmp_path, monkeypatch):
    pytest.importorskip("pymilvus", reason="pymilvus, which the extra milvus brings, is not installed")
    monkeypatch.setenv("MILVUS_URI", AWAY.replace("//", f"//anna:{SECRET}@"))
    monkeypatch.setenv("MILVUS_TOKEN", f"anna:{SECRET}")
    assert soundalike("init", "--library", tmp_path, "--index", "milvus").returncode == 0
    index = examined(tmp_path, 1)["index"]
    assert index["value"] == "milvus"
    assert "127.0.0.1:9: " in index["remedy"]
    assert "MILVUS_URI" in index["remedy"]


@pytest.mark.parametrize("place", ["file/below", "file", "file/below/that"])
def test_a_cache_that_cannot_be_made_is_found(tmp_path, place):
    (tmp_path / "file").write_text("no folder", "utf-8")
    folder = tmp_path / "library"
    assert soundalike("init", "--library", folder).returncode == 0
    (folder / "library.toml").write_text(f"cache = {json.dumps(str(tmp_path / place))}", "utf-8")
    assert "cannot be written" in examined(folder, 1)["cache"]["remedy"]


def test_a_cache_that_can_be_made_is_not_made_by_looking(tmp_path):
    folder = tmp_path / "library"
    assert soundalike("init", "--library", folder, "--cache", tmp_path / "far" / "cache").returncode == 0
    assert examined(folder, 0)["cache"]["remedy"] == ""
    assert sorted(file.name for file in tmp_path.iterdir()) == ["library"]


def test_with_the_catalog_away_the_rest_is_looked_at(tmp_path):
    """It says so and ends as what could not run does; store, cache and roots are the description's."""
    (tmp_path / "store").mkdir()
    (tmp_path / "file").write_text("no folder", "utf-8")
    lines = {
        "catalog": f"postgresql://anna:{SECRET}@127.0.0.1:9/sounds",
        "store": f"file://{tmp_path}/store",
        "cache": str(tmp_path / "file" / "cache"),
        "roots": [str(tmp_path / "gone")],
    }
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "library.toml").write_text("\n".join(f"{key} = {json.dumps(said)}" for key, said in lines.items()))
    found = examined(folder, 3)
    assert {what: bool(one["remedy"]) for what, one in found.items()} == {
        "catalog": True, "store": False, "cache": True, "root": True,
    }  # fmt: skip
    assert "does not answer" in found["catalog"]["remedy"]
    printed = soundalike("doctor", "--library", folder)
    assert printed.returncode == 3
    assert printed.stdout.startswith("catalog ")
    assert "root " in printed.stdout


def test_where_there_is_no_library_there_is_nothing_to_look_at(tmp_path):
    done = soundalike("doctor", "--library", tmp_path / "none", "--json")
    assert (done.returncode, done.stdout) == (3, "")
    assert "no library at" in done.stderr

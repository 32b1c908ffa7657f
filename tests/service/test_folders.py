"""The folders that a library indexes, over REST: listed, added by path, scanned again, removed."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import soundfile

from search import wiring
from search.cli import main
from tests.service.conftest import RATE_HZ, application, noise, settings, wav, work_off


def write(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise(seed), RATE_HZ)
    return path


@pytest.fixture
def open_client(library_path):
    """Of a service that takes folders by their path."""
    with application(library_path, folders=True) as made:
        yield made


def listed(client) -> dict:
    response = client.get("/api/v1/roots")
    assert response.status_code == 200
    return response.get_json()


def done(client, library_path, response) -> dict:
    """The job of an answer, once it was worked off."""
    assert response.status_code == 202, response.get_data(as_text=True)
    work_off(library_path)
    return client.get(response.headers["Location"]).get_json()


def test_a_folder_is_added_scanned_again_and_taken_out(open_client, library_path, tmp_path):
    """Its clips come, those whose files went are counted, and all go with it; no file is touched."""
    more = tmp_path / "more"
    kept = write(more / "deep" / "owl.wav", 11)
    gone = write(more / "crow.wav", 12)
    (more / "broken.wav").write_bytes(b"RIFFnothing")
    job = done(open_client, library_path, open_client.post("/api/v1/roots", json={"path": str(more)}))
    assert (job["kind"], job["state"], job["files"]) == ("scan", "done", ["more"])
    assert [one["file"] for one in job["failures"]] == ["broken.wav"]
    first, added = listed(open_client)["roots"]
    assert (first["name"], first["clips"]) == ("sounds", 6)
    assert {key: added[key] for key in ("name", "path", "present", "clips", "missing")} == {
        "name": "more",
        "path": str(more),
        "present": True,
        "clips": 2,
        "missing": 0,
    }
    assert added["scanned"] >= job["created"]

    gone.unlink()
    write(more / "jay.wav", 13)
    job = done(open_client, library_path, open_client.post(f"/api/v1/roots/{added['id']}/scan"))
    again = listed(open_client)["roots"][1]
    assert (job["state"], again["clips"], again["missing"]) == ("done", 3, 1)
    assert again["scanned"] > added["scanned"]

    job = done(open_client, library_path, open_client.delete(f"/api/v1/roots/{added['id']}"))
    assert (job["kind"], job["state"], job["progress"]["share"]) == ("remove", "done", 1)
    assert [root["name"] for root in listed(open_client)["roots"]] == ["sounds"]
    assert open_client.get("/api/v1/clips").get_json()["total"] == 6
    assert kept.is_file()
    assert open_client.delete(f"/api/v1/roots/{added['id']}").status_code == 404


@pytest.mark.thorough
def test_a_folder_that_was_taken_out_comes_back_whole(open_client, library_path, tmp_path):
    """Nothing of it is remembered as left out."""
    write(tmp_path / "more" / "owl.wav", 11)
    for _ in range(2):
        done(open_client, library_path, open_client.post("/api/v1/roots", json={"path": str(tmp_path / "more")}))
        root = listed(open_client)["roots"][1]
        assert root["clips"] == 1
        done(open_client, library_path, open_client.delete(f"/api/v1/roots/{root['id']}"))


def test_what_is_no_folder_that_can_be_read_is_refused_in_words(open_client, library_path, tmp_path):
    write(tmp_path / "one.wav", 1)
    refused = {
        "sounds": "give the full path",
        str(tmp_path / "nowhere"): "no such folder",
        str(tmp_path / "one.wav"): "is not a folder",
        str(library_path / "uploads"): "no such folder",
        str(library_path): "part of the library itself",
        "/" + "a" * 300: "cannot be read",
        "/a\0b": "the null character",
        "s3://bucket/sounds": "soundalike index",
    }
    for path, why in refused.items():
        response = open_client.post("/api/v1/roots", json={"path": path})
        assert response.status_code == 422, path
        assert why in response.get_json()["detail"]
    assert open_client.get("/api/v1/jobs").get_json()["total"] == 0


def test_a_service_takes_folders_by_path_only_where_that_was_said(client, tmp_path):
    """Others list them without saying where they lie, scan them again and take them out."""
    refused = client.post("/api/v1/roots", json={"path": str(tmp_path)})
    assert refused.status_code == 403
    assert "--folders" in refused.get_json()["detail"]
    found = listed(client)
    assert found["addable"] is False
    assert [(root["name"], root["path"]) for root in found["roots"]] == [("sounds", None)]
    assert str(tmp_path) not in json.dumps(found)
    assert client.post("/api/v1/roots/1/scan").status_code == 202


def test_uploads_are_no_folders_but_counted(open_client, library_path):
    done(open_client, library_path, open_client.post("/api/v1/clips", data={"files": (io.BytesIO(wav(8)), "a.wav")}))
    found = listed(open_client)
    assert (found["uploads"], len(found["roots"])) == (1, 1)
    with wiring.library(library_path, settings(library_path)) as library:
        upload = library.roots()[1].id
    assert open_client.delete(f"/api/v1/roots/{upload}").status_code == 404


def test_info_tells_the_clips_and_the_last_scan_of_a_root(library_path, capsys):
    assert main(["info", "--library", str(library_path), "--json"]) == 0
    (root,) = json.loads(capsys.readouterr().out)["roots"]
    assert (root["clips"], root["missing"]) == (6, 0)
    assert root["scanned"] > 0
    assert main(["info", "--library", str(library_path)]) == 0
    assert "6 clips, 0 missing, scanned 20" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "folders"),
    [
        ([], True),
        (["--no-folders"], False),
        (["--trusted-proxy", "127.0.0.1"], False),
        (["--require-keys"], False),
        (["--host", "0.0.0.0"], False),
        (["--host", "0.0.0.0", "--folders"], True),
    ],
)
def test_folders_are_taken_on_loopback_alone_or_where_that_is_said(options, folders, tmp_path):
    import argparse

    from search.commands.serve import Serve, _config

    parser = argparse.ArgumentParser()
    Serve().configure(parser)
    assert _config(parser.parse_args(options), tmp_path).folders is folders

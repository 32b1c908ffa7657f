"""``POST /identify``: the recording that a file is, and refusals of files without sound."""

from __future__ import annotations

import io


def test_a_file_is_identified_or_refused(client) -> None:
    """Without fingerprints nothing is known, and the answer says so; what is no sound is refused by its name."""
    import numpy as np
    import soundfile

    sound = io.BytesIO()
    soundfile.write(sound, np.random.default_rng(1).normal(0, 0.1, 44_100), 22_050, format="WAV")
    sound.seek(0)
    answer = client.post("/api/v1/identify", data={"audio": (sound, "noise.wav")})
    assert answer.status_code == 200, answer.text
    assert answer.json["recognitions"] == []
    assert answer.json["fingerprinted"] == 0
    assert answer.json["contents"] > 0
    assert answer.json["duration_s"] == 2.0
    refused = client.post("/api/v1/identify", data={"audio": (io.BytesIO(b"no sound"), "text.wav")})
    assert refused.status_code == 422
    assert "text.wav" in refused.text
    assert client.post("/api/v1/identify").status_code == 422


def test_a_job_makes_fingerprints_and_uploads_to_a_library_that_has_them_get_theirs_on_the_way(
    client, library_path, monkeypatch
) -> None:
    """Then they are recognised; what is uploaded is not listened to a second time."""
    import numpy as np
    import soundfile

    from search.analysis.exact import filling
    from tests.service.test_overview import work_off

    def sound(seed: int) -> io.BytesIO:
        file, rng = io.BytesIO(), np.random.default_rng(seed)
        strokes = np.exp(-6 * (np.arange(8 * 22_050) / 22_050 % 0.4))
        soundfile.write(file, 0.2 * strokes * rng.normal(size=len(strokes)), 22_050, format="WAV")
        file.seek(0)
        return file

    def upload(seed: int) -> None:
        job = client.post("/api/v1/clips", data={"files": [(sound(seed), f"{seed}.wav")]}).json
        work_off(library_path)
        assert client.get(f"/api/v1/jobs/{job['id']}").json["state"] == "done"  # who is told so finds what it wrote

    def recognised(seed: int) -> tuple[list[str], int]:
        answer = client.post("/api/v1/identify", data={"audio": (sound(seed), "what.wav")}).json
        return [one["title"] for one in answer["recognitions"]], answer["fingerprinted"]

    upload(1)
    assert recognised(1) == ([], 0)
    job = client.post("/api/v1/jobs", json={"kind": "fingerprints"}).json
    work_off(library_path)
    done = client.get(f"/api/v1/jobs/{job['id']}").json
    assert (done["kind"], done["state"]) == ("fingerprints", "done")
    titles, before = recognised(1)
    assert titles == ["1"]
    passage = {"audio": (sound(1), "what.wav"), "start_s": "2", "end_s": "8", "k": "1", "track": "0"}
    (found,) = client.post("/api/v1/identify", data=passage).json["recognitions"]
    assert abs(found["start_s"] - 2) < 0.2
    for wrong in ({"end_s": "2", "start_s": "3"}, {"track": "-1"}, {"k": "0"}, {"track": "7"}):
        refused = client.post("/api/v1/identify", data={"audio": (sound(1), "what.wav"), **wrong})
        assert refused.status_code == 422, wrong

    def listens_no_more(*_: object, **__: object) -> None:
        raise AssertionError("a file was listened to again")

    monkeypatch.setattr(filling, "of_file", listens_no_more)
    upload(2)
    assert recognised(2) == (["2"], before + 1)

"""``POST /identify``: the recording that a file is, and refusals of what is no sound."""

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

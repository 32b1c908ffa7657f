"""OpenAI's own client gets embeddings of words and sounds from ``/v1/embeddings``, over HTTP."""

from __future__ import annotations

import base64
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from werkzeug.serving import make_server

from search.service.app import create_app
from search.service.config import Limits, ServiceConfig
from search.service.service import Service
from tests.search.libraries import Entry, axis, fill, open_library, spec
from tests.service.conftest import application, wav


def data_url(sound: bytes) -> str:
    return f"data:audio/wav;base64,{base64.b64encode(sound).decode()}"


def as_object(sound: bytes) -> dict:
    return {"type": "input_audio", "input_audio": {"data": base64.b64encode(sound).decode(), "format": "wav"}}


def post(client, **body):
    response = client.post("/api/v1/embeddings", json=body)
    return response.status_code, response.get_json()


@contextmanager
def served_to_openai(tmp_path):
    """OpenAI's client with a key that may read, the encoder of the library that it asks, and their package."""
    openai = pytest.importorskip("openai", reason="the package openai is not installed (extra dev)")
    facts = spec(can_text=True)
    with open_library(tmp_path, facts) as library:
        fill(library, [Entry("a.wav", axis(1)[None])], facts)
        secret = library.keys.add("shop", ["read"])
        app = create_app(Service.over(library, ServiceConfig(library.path, needs_keys=True)))
        server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/v1"
            with openai.OpenAI(base_url=url, api_key=secret, max_retries=0) as client:
                yield client, library.encoders.of(library.spaces.get()), openai
        finally:
            server.shutdown()
            server.server_close()


def test_openais_client_gets_words_and_sounds_in_one_batch(tmp_path):
    """As numbers, and as base64, which its client asks for by itself and unpacks: the encoder's rows, in order."""
    inputs = ["band3", data_url(wav(1)), "band5", as_object(wav(1))]
    with served_to_openai(tmp_path) as (client, encoder, openai):
        numbers = client.embeddings.create(model="toy", input=inputs, encoding_format="float")
        packed = client.embeddings.create(model="toy", input=inputs)
        with pytest.raises(openai.AuthenticationError):
            client.with_options(api_key="wrong").embeddings.create(model="toy", input="band1")
        with pytest.raises(openai.UnprocessableEntityError):
            client.embeddings.create(model="toy", input=[" "])
        rows = np.array([one.embedding for one in numbers.data])
        assert np.allclose(rows[[0, 2]], encoder.encode_text(["band3", "band5"]))
    assert np.allclose(rows[1], rows[3])
    assert np.allclose(rows, [one.embedding for one in packed.data], atol=1e-6)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert [one.index for one in numbers.data] == [0, 1, 2, 3]
    assert (numbers.model, numbers.usage.total_tokens) == ("toy", 2)


def test_what_cannot_be_encoded_is_refused_by_its_place(reader):
    refused = {
        "rain": "cannot read words",
        "data:audio/wav;base64,%%%": "not base64",
        data_url(b"not a sound"): "input 0",
        "": "not a text of",
    }
    for text, message in refused.items():
        status, problem = post(reader, input=text)
        assert status == 422
        assert message in str(problem), problem
    assert post(reader, input=[])[0] == 422
    assert post(reader, input=data_url(wav(1)), dimensions=3)[0] == 422
    assert post(reader, input=data_url(wav(1)), model="nonsense")[0] == 422
    assert post(reader, input=[1, 2, 3])[0] == 422


def test_all_sounds_together_are_as_long_as_a_question_may_be(library_path):
    with application(library_path, limits=Limits(query_s=2.0)) as client:
        assert post(client, input=data_url(wav(1)))[0] == 200
        status, problem = post(client, input=[data_url(wav(1)), data_url(wav(2))])
        assert status == 422
        assert "input 1" in str(problem)


def test_keys_and_rates_are_those_of_the_service(library_path):
    body = {"input": data_url(wav(1))}
    with application(library_path, needs_keys=True) as client:
        for path in ("/v1/embeddings", "/api/v1/embeddings"):
            assert client.post(path, json=body).status_code == 401
    with application(library_path, clock=lambda: 0.0, limits=Limits(requests_per_s=1.0)) as client:
        statuses = [client.post("/v1/embeddings", json=body).status_code for _ in range(30)]
    assert statuses[0] == 200
    assert statuses[-1] == 429

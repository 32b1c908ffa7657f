"""``POST /ask`` says what a sentence means, and answers it on request."""

from __future__ import annotations


def ask(client, sentence, **fields):
    response = client.post("/api/v1/ask", json={"sentence": sentence, **fields})
    return response.status_code, response.get_json()


def test_a_sentence_comes_back_as_a_query_that_search_takes(reader):
    status, read = ask(reader, "rain shorter than 3 seconds, five results")
    assert status == 200
    assert read["query"]["where"] == "duration_s < 3"
    assert read["query"]["parts"] == [{"text": "rain five results", "weight": 1.0}]
    assert read["answer"] is None
    query = {**read["query"], "parts": [{"text": "rain", "weight": 1.0}]}
    assert reader.post("/api/v1/search", json=query).get_json()["hits"]


def test_the_second_one_is_that_of_the_last_answer(reader):
    hits = reader.post("/api/v1/search", json={"parts": [{"text": "rain"}]}).get_json()["hits"]
    previous = [hit["clip_id"] for hit in hits]
    status, read = ask(reader, "like the second one", previous=previous, answer=True)
    assert status == 200
    assert read["query"]["parts"] == [{"clip_id": previous[1], "weight": 1.0}]
    assert read["answer"]["hits"]
    assert previous[1] not in [hit["clip_id"] for hit in read["answer"]["hits"]]


def test_folders_are_those_of_the_library(reader):
    _, read = ask(reader, "rain in the weather folder")
    assert read["query"]["where"] == "folder = 'weather'"
    _, read = ask(reader, "rain in the zebra folder", answer=True)
    assert read["query"]["where"] is None
    assert read["not_understood"] == ["in the zebra folder"]
    assert read["answer"]["hits"]


def test_a_filter_alone_has_no_answer(reader):
    status, read = ask(reader, "silent files", answer=True)
    assert (status, read["query"]["where"], read["answer"]) == (200, "silent", None)


def test_what_cannot_be_read_is_refused(reader):
    for body in ({"sentence": ""}, {"sentence": " "}, {"sentence": "a" * 1001}, {"sentence": "a", "previous": ["x"]}):
        assert reader.post("/api/v1/ask", json=body).status_code == 422
    assert ask(reader, "rain", reader="model")[0] == 422

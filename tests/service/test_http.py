"""HTTP by RFC 9110: ranges, conditions, file names, and the response to a browser at an unknown address."""

from __future__ import annotations

import gzip
import io
import shutil
from pathlib import Path

import pytest

from search import plugins, wiring
from search.service.config import Limits
from search.service.http.files import header_name
from tests.service.conftest import application, noise, settings

URL = "/api/v1/clips/1/audio"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def whole(reader):
    return reader.get(URL)


def asked(reader, **headers: str):
    return reader.get(URL, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("written", ["bytes=-99999999", "bytes=0-", "bytes=0-99999999"])
def test_a_range_beyond_the_file_is_all_of_it(reader, whole, written):
    part = asked(reader, Range=written)
    size = len(whole.data)
    assert (part.status_code, part.headers["Content-Range"]) == (206, f"bytes 0-{size - 1}/{size}")
    assert part.data == whole.data


@pytest.mark.parametrize(
    ("written", "start", "stop"), [("bytes=10-19", 10, 20), ("bytes=-7", -7, None), ("BYTES=40-", 40, None)]
)
def test_one_range_is_that_range(reader, whole, written, start, stop):
    part = asked(reader, Range=written)
    assert (part.status_code, part.data) == (206, whole.data[start:stop])


@pytest.mark.parametrize(
    "written",
    ["bytes=0-1,5-6", "bytes=5-6,0-1", "seconds=0-1", "bytes=5-2", "bytes=", "bytes", "bytes=a-b", "=0-1", ""],
)
def test_what_is_not_followed_is_ignored(reader, whole, written):
    """Several ranges, other units, and what is none: all of the file, and no error."""
    got = asked(reader, Range=written)
    assert (got.status_code, got.data) == (200, whole.data)
    assert "Content-Range" not in got.headers


@pytest.mark.parametrize("written", ["bytes=99999999-", "bytes=-0"])
def test_a_range_without_any_of_the_file_is_refused_with_its_length(reader, whole, written):
    refused = asked(reader, Range=written)
    assert (refused.status_code, refused.headers["Content-Range"]) == (416, f"bytes */{len(whole.data)}")
    assert refused.mimetype == "application/problem+json"


def test_a_head_is_that_of_the_whole(reader, whole):
    """Ranges are for GET."""
    head = reader.head(URL, headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.data, head.content_length) == (200, b"", len(whole.data))
    assert head.headers["ETag"] == whole.headers["ETag"]


@pytest.mark.parametrize("form", ["{0}", "W/{0}", '"other", {0}', '"a", W/{0}, "b"', "*"])
def test_a_client_that_has_it_gets_it_not_again(reader, whole, form):
    """Tags in a list, weak ones too; the date does not count beside them."""
    same = asked(
        reader, If_None_Match=form.format(whole.headers["ETag"]), If_Modified_Since="Mon, 01 Jan 1990 00:00:00 GMT"
    )
    assert (same.status_code, same.data) == (304, b"")


def test_dates_decide_where_there_are_no_tags(reader, whole):
    modified = whole.headers["Last-Modified"]
    assert asked(reader, If_Modified_Since=modified).status_code == 304
    assert asked(reader, If_Modified_Since="Mon, 01 Jan 1990 00:00:00 GMT").status_code == 200
    assert asked(reader, If_Modified_Since="yesterday").status_code == 200
    assert asked(reader, If_None_Match='"other"', If_Modified_Since=modified).status_code == 200


def test_a_part_is_added_to_the_same_file_only(reader, whole):
    """If-Range: the tag, strong, or the very date; else all of it comes."""
    etag, modified = whole.headers["ETag"], whole.headers["Last-Modified"]
    for condition in (etag, modified):
        assert asked(reader, Range="bytes=0-9", If_Range=condition).status_code == 206
    for condition in (f"W/{etag}", '"other"', "Mon, 01 Jan 1990 00:00:00 GMT", "Mon, 01 Jan 2035 00:00:00 GMT"):
        assert asked(reader, Range="bytes=0-9", If_Range=condition).status_code == 200, condition


def test_a_condition_that_does_not_hold_is_told(reader, whole):
    """A tag that is another, or weak, or a date before the file's: no range is sent then, and none of the file."""
    etag, old = whole.headers["ETag"], "Mon, 01 Jan 1990 00:00:00 GMT"
    for condition in ({"If_Match": '"other"'}, {"If_Match": f"W/{etag}"}, {"If_Unmodified_Since": old}):
        for more in ({}, {"Range": "bytes=0-9"}, {"If_None_Match": etag}):
            refused = asked(reader, **condition, **more)
            assert (refused.status_code, refused.mimetype) == (412, "application/problem+json"), (condition, more)
            assert refused.json["status"] == 412


def test_a_condition_that_holds_is_no_matter(reader, whole):
    """The tag, in a list too, and any file that is there; a date counts beside no tag, and not if it is none."""
    etag, old = whole.headers["ETag"], "Mon, 01 Jan 1990 00:00:00 GMT"
    for tags in (etag, f'"other", {etag}', "*"):
        assert asked(reader, If_Match=tags, If_Unmodified_Since=old).data == whole.data
    for date in (whole.headers["Last-Modified"], "yesterday"):
        assert asked(reader, If_Unmodified_Since=date).data == whole.data


def test_a_client_that_has_it_gets_no_range_of_it(reader, whole):
    """Whether it has the file is looked at before the range."""
    assert asked(reader, If_None_Match=whole.headers["ETag"], Range="bytes=0-9").status_code == 304
    assert asked(reader, If_None_Match='"other"', Range="bytes=0-9").status_code == 206


def test_answers_in_json_have_conditions_as_well(reader):
    url = "/api/v1/clips/1/peaks?buckets=10"
    assert reader.get(url, headers={"If-Match": "*"}).status_code == 200
    assert reader.get(url, headers={"If-Match": '"other"'}).status_code == 412


def test_long_answers_come_packed_to_whoever_reads_that(reader):
    """The same content, an ETag of its own, and caches are told; short ones, and those for others, come as they are."""
    url = "/api/v1/peaks?buckets=160&clip_id=1&clip_id=2"
    plain, packed = reader.get(url), reader.get(url, headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.content_length == len(packed.data) < len(plain.data) / 2
    assert {plain.headers["Vary"], packed.headers["Vary"]} == {"Accept-Encoding"}
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["ETag"] != packed.headers["ETag"]
    again = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert (reader.get(url, headers=again).status_code, reader.get(url, headers=again).data) == (304, b"")
    for refused in ("identity", "gzip;q=0, identity"):
        assert "Content-Encoding" not in reader.get(url, headers={"Accept-Encoding": refused}).headers
    assert "Content-Encoding" not in reader.get("/health", headers={"Accept-Encoding": "gzip"}).headers


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb.wav", "a_b.wav"),
        ("a\r\nSet-Cookie: x.wav", "a__Set-Cookie: x.wav"),
        ('say "hi"; x\\y.wav', 'say "hi"; x\\y.wav'),
        ("caf\udce9.wav", "caf\ufffd.wav"),
        ("\u202egnp.wav", "_gnp.wav"),
        ("猫.wav", "猫.wav"),
    ],
)
def test_a_name_becomes_one_line(name, shown):
    assert header_name(name) == shown


def test_sounds_with_odd_names_can_be_had(made_library, tmp_path):
    """A newline, a quote, bytes that are no UTF-8, and a script of its own."""
    import soundfile

    names = [b"a\nb.wav", b'say "hi".wav', b"caf\xe9.wav", "猫.wav".encode()]
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    path = Path(shutil.copytree(made_library, tmp_path / "library"))
    for seed, name in enumerate(names, start=20):
        soundfile.write(tmp_path / "one.wav", noise(seed), 16_000)
        shutil.move(tmp_path / "one.wav", bytes(sounds) + b"/" + name)
    with wiring.library(path, settings(path)) as library:
        plugins.job("index")(library, "spectral", [str(sounds)], settings(path))
    with application(path) as client:
        clips = client.get("/api/v1/clips?limit=4&sort=-id").get_json()["clips"]
        answers = [client.get(f"/api/v1/clips/{clip['id']}/audio") for clip in clips]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert all("\n" not in answer.headers["Content-Disposition"] for answer in answers)


@pytest.mark.parametrize("path", ["/nowhere", "/assets/gone.js", "/library/deep"])
def test_a_browser_that_is_lost_sees_a_page(reader, path):
    """With a way back; a program gets a problem document, and so does everybody from the API."""
    lost = reader.get(path, headers=BROWSER)
    assert (lost.status_code, lost.mimetype) == (404, "text/html")
    assert 'href="/"' in lost.text
    assert "default-src 'self'" in lost.headers["Content-Security-Policy"]
    assert reader.get(path).mimetype == "application/problem+json"
    assert reader.get("/api/v1/nowhere", headers=BROWSER).mimetype == "application/problem+json"


def test_a_page_for_the_lost_is_no_way_to_run_a_script(reader):
    lost = reader.get("/assets/%3Cscript%3Ealert(1)%3C/script%3E", headers=BROWSER)
    assert "<script" not in lost.text


def test_a_request_that_is_too_large_is_refused_in_words(server, reader, library_path):
    """By the server before it is read, and by the application: megabytes, and the setting."""
    by_server = server.upload(("large.wav", bytes(66 << 20)))
    with application(library_path, limits=Limits(upload_bytes=1 << 20)) as client:
        by_application = client.post("/api/v1/clips", data={"files": (io.BytesIO(bytes(2 << 20)), "large.wav")})
    assert (by_server.status_code, by_application.status_code) == (413, 413)
    assert "(66 MB) is larger than 64 MB" in by_server.json()["detail"]
    assert "(2 MB) is larger than 1 MB" in by_application.get_json()["detail"]
    for answer in (by_server.text, by_application.text):
        assert "--max-upload-mb" in answer


@pytest.mark.parametrize("address", ["/api/v1/nothing", "/api/v1/clips/abc", "/api/v1/search/audio/"])
def test_an_address_without_anything_says_where_all_are_listed(reader, address):
    refused = reader.get(address)
    assert (refused.status_code, refused.mimetype) == (404, "application/problem+json")
    listed = refused.json["detail"].partition("; ")[2].split()[0]
    assert reader.get(listed).json["openapi"]


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("patch", "/api/v1/clips/1", None),
        ("post", "/api/v1/search", []),
        ("post", "/api/v1/search", "rain"),
        ("put", "/api/v1/feedback/anna", 3),
        ("post", "/api/v1/collections", [1]),
    ],
)
def test_what_is_no_object_of_json_is_refused_in_words_of_json(reader, method, address, body):
    """And not in Python's, with the names of our classes."""
    refused = getattr(reader, method)(address, json=body)
    assert refused.status_code in (400, 422)
    assert "object" in refused.json["detail"]
    assert not [word for word in ("instance", "dictionary", "Error") if word in refused.text]

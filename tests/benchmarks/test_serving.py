"""The serving benchmark measures a real service, and its load generator counts the responses."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.common import names
from benchmarks.index import filter_recall
from benchmarks.serving import hostile_files, http_load, load
from tests.service.conftest import library_path, made_library  # noqa: F401 - fixtures


@pytest.mark.thorough
def test_the_table_has_a_row_for_each_part(library_path, capsys):  # noqa: F811
    """No answer failed, and the overhead over the engine is printed."""
    parts = ["--only", "similar", "recommend", "text", "--seconds", "1", "--queries", "5", "--connections", "2"]
    assert load.main(["--library", str(library_path), *parts]) == 0
    printed = capsys.readouterr().out
    rows = [line for line in printed.splitlines() if line.startswith(("| similar", "| recommend", "| words"))]
    assert len(rows) == 3
    assert all(line.endswith("| 0 |") for line in rows)
    assert "Overhead over the engine" in printed


def test_filters_cost_no_recall_in_a_small_library(library_path, tmp_path):  # noqa: F811
    """Such a library is searched exactly, so every share has recall 1; the report is what is printed."""
    out = tmp_path / "filters.md"
    assert filter_recall.main([str(library_path), "--queries", "3", "--report", str(out)]) == 0
    rows = [line.split("|") for line in out.read_text("utf-8").splitlines() if line.startswith(("| at", "| all"))]
    assert len(rows) == 2 * len(filter_recall.SHARES)
    assert all(row[4].strip() == "1.000" for row in rows)


def test_the_load_generator_counts_statuses_and_broken_connections():
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.path == "/break":
                self.close_connection = True
                return
            self.send_response(500 if self.path == "/fail" else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        paths = ["/"] * 7 + ["/fail"] * 2 + ["/break"]
        tally = http_load.run(url, (http_load.get("x", path) for path in paths), 3, 30)
        server.shutdown()
    assert tally.statuses == {200: 7, 500: 2}
    assert (tally.broken, tally.failures(), len(tally.ms["x"])) == (1, 3, 9)


def test_names_are_made_of_words_as_often_as_words_are():
    """The same every time; the first words are in many names, most are in few."""
    made = [names.name(number) for number in range(3000)]
    assert made[7] == names.name(7)
    assert names.question(7) == " ".join(made[7].split("_")[:2])
    words = [word for name in made for word in name.split("_")]
    share = words.count(names.word(1)) / len(words)
    assert 0.02 < share < 0.2
    assert len(set(words)) > 2000


def test_spoiled_files_are_the_same_every_time():
    files = {"a": bytes(range(256)) * 10, "b": b"b" * 500}
    first = list(hostile_files.spoiled(files, 20, seed=1))
    assert first == list(hostile_files.spoiled(files, 20, seed=1))
    assert sum(content not in files.values() for _, content in first) >= 19

"""The command line's contract: the order of parts, passages, exit statuses, start-up time."""

from __future__ import annotations

import argparse
import csv
import json
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from search import cli, plugins
from search.commands import options, output
from search.commands.map import write_map
from search.commands.recommend import Recommend
from search.commands.search import Search
from search.errors import UsageError
from search.model import (
    Answer,
    AudioPart,
    Clip,
    ClipMap,
    ClipPart,
    Hit,
    Likely,
    Root,
    Segment,
    SegmentPart,
    Tag,
    TextPart,
)
from tests.commandline import soundalike


def parse(*arguments):
    parser = argparse.ArgumentParser()
    options.add_query(parser)
    return options.query(parser.parse_args(arguments))


def test_parts_keep_their_order_and_a_weight_belongs_to_the_part_before_it():
    query = parse("--text", "rain", "--weight", "2", "--not-text", "thunder", "--clip", "7", "--not-clip", "8",
                  "--weight", "0.5", "--segment", "9", "-k", "3")  # fmt: skip
    assert query.parts == (
        TextPart("rain", 2.0),
        TextPart("thunder", -1.0),
        ClipPart(7),
        ClipPart(8, -0.5),
        SegmentPart(9),
    )
    assert query.k == 3


def test_bare_words_are_looked_for_and_a_file_is_an_example(tmp_path, monkeypatch):
    assert parse("dog", "bark", "-k", "3").parts == (TextPart("dog bark"),)
    assert parse("dog", "--clip", "7").parts == (TextPart("dog"), ClipPart(7))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.wav").touch()
    assert parse("a.wav#1-2").parts == (AudioPart(str(tmp_path / "a.wav"), 1.0, 2.0),)
    assert parse("b.wav").parts == (TextPart("b.wav"),)


def test_the_overview_lists_every_command_once_in_the_order_of_its_headings():
    named = [name for _, names in cli.SECTIONS for name in names]
    assert sorted(named) == sorted(command.name for command in plugins.commands()), "a command has no heading, or two"
    shown = soundalike("--help").stdout.splitlines()
    listed = [line.split()[0] for line in shown if re.match(r"  [a-z][a-z-]*  ", line)]
    assert listed == named
    assert not [line for line in shown if "%%" in line]


def test_a_command_of_another_package_is_listed_last():
    text = cli.overview({"longest": "the longest clips", "search": "find sounds"})
    assert text == "Begin:\n  search        find sounds\n\nFrom other packages:\n  longest       the longest clips"


@pytest.mark.parametrize(
    ("before", "command"),
    [
        (["--library", "LIB"], ["tags"]),
        (["--library=LIB"], ["tags"]),
        (["--library", "tags"], ["tags"]),
        (["--json", "--library", "LIB"], ["tags"]),
        (["--json"], ["tags", "--library", "LIB"]),
    ],
)
def test_options_may_stand_before_the_command(before, command, tmp_path, monkeypatch, capsys):
    """As many programs take them: they are read as if they stood behind it. Here they get as far as the library."""
    monkeypatch.chdir(tmp_path)
    assert cli.main([*before, *command]) == 3
    printed = capsys.readouterr().err
    assert "no library" in printed.lower()


def test_a_wrong_command_behind_options_is_named_and_not_the_value_of_an_option(capsys):
    assert cli.main(["--library", "LIB", "serch", "dog"]) == 2
    assert "there is no command 'serch'; did you mean search?" in capsys.readouterr().err
    assert cli.main(["-k", "3", "serch", "dog"]) == 2
    assert "did you mean search?" in capsys.readouterr().err
    assert cli.main(["--library", "LIB"]) == 2
    assert "which command?" in capsys.readouterr().err


def test_a_mistyped_command_is_told_its_nearest_and_no_command_gives_the_overview(capsys):
    assert cli.main(["serch", "dog bark"]) == 2
    assert "there is no command 'serch'; did you mean search?" in capsys.readouterr().err
    assert cli.main(["dog bark"]) == 2
    error = capsys.readouterr().err
    assert "soundalike search 'dog bark' looks for it" in error
    assert "did you mean" not in error
    assert cli.main([]) == 2
    assert "Begin:\n  index" in capsys.readouterr().err


def test_what_a_command_does_not_understand_is_said_with_the_command(capsys):
    assert cli.main(["info", "7", "--jsn"]) == 2
    assert "info does not understand: 7 --jsn; did you mean --json? (soundalike info --help)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("search --txet rain", "search does not understand: --txet; did you mean --text? (soundalike search --help)"),
        ("search --zzz rain", "search does not understand: --zzz (soundalike search --help)"),
        ("search --clip x", "--clip is 'x'; it must be a whole number (soundalike search --help)"),
        ("search a --weight much", "--weight is 'much'; it must be a number (soundalike search --help)"),
        ("search --audio -take.wav", "--audio needs a value; write one that begins with a dash as --audio=-VALUE"),
        ("search a --language xx", "--language is 'xx'; it must be one of en, de, fr"),
        ("search a --json=3", "--json takes no value"),
        ("search a --json --csv", "--csv cannot be combined with --json"),
        ("events a.wav", "CLIP is 'a.wav'; it must be a whole number (soundalike events --help)"),
        (
            "search rain --aspects kind=1",
            "it refers to, like: --clip 17 --aspects timbre=1",
        ),
        ("compose", "it needs one of: --continue --notes (soundalike compose --help)"),
        ("identify", "it needs FILE[@track][#start-end] (soundalike identify --help)"),
        ("searches save a --txet b", "searches save does not understand: --txet b; did you mean --text?"),
        ("searches lst", "one of save, list, run, change, rename, delete; did you mean list? (soundalike searches"),
        ("bench sped", "did you mean speed? (soundalike bench --help)"),
    ],
)
def test_wrong_use_is_said_in_a_line_in_words_with_what_was_meant(words, says):
    """Twenty lines of usage before it would hide it."""
    done = soundalike(*words.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words", [("index", ""), ("index", "a", "--library", ""), ("search", "--audio", ""), ("backup", ""), ("facts", "")]
)
def test_a_path_that_is_empty_is_refused(words, tmp_path, monkeypatch):
    """A variable that is not set would be the folder that the command runs in."""
    monkeypatch.chdir(tmp_path)
    done = soundalike(*words)
    assert "the path is empty; is a variable unset?" in done.stderr
    assert done.returncode != 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["searches", "keys"])
def test_actions_take_options_before_them_and_without_one_all_are_listed(command, tmp_path):
    library = tmp_path / "library"
    assert soundalike("init", "--library", library).returncode == 0
    lists = [
        soundalike(*words)
        for words in (
            (command, "--library", library, "--json"),
            ("--library", library, command, "--json", "list"),
            (command, "list", "--json", "--library", library),
        )
    ]
    assert [(done.returncode, done.stdout) for done in lists] == [(0, "[]\n")] * 3
    assert f"with: soundalike {command} " in soundalike(command, "--library", library).stdout


@pytest.mark.parametrize(
    ("text", "start_s", "end_s"),
    [("a.wav", 0.0, None), ("a.wav#3-6", 3.0, 6.0), ("a.wav#1:30-1:31.5", 90.0, 91.5), ("a.wav#5-", 5.0, None),
     ("a.wav#-2", 0.0, 2.0)],
)  # fmt: skip
def test_a_passage_is_written_after_a_hash(text, start_s, end_s):
    assert options.passage(text) == AudioPart(str(Path.cwd() / "a.wav"), start_s, end_s)


def test_a_file_whose_name_looks_like_a_passage_is_that_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "take#1-2").touch()
    assert options.passage("take#1-2") == AudioPart(str(tmp_path / "take#1-2"))


@pytest.mark.parametrize("text", ["a.wav#6-3", "a.wav#1:2:x-3", "a.wav#..-3"])
def test_a_passage_that_makes_no_sense_is_refused(text):
    if text == "a.wav#1:2:x-3":
        assert options.passage(text).path.endswith(text)  # no times: a file name like any other
    else:
        with pytest.raises(UsageError):
            options.passage(text)


def test_nothing_to_look_for_is_wrong_use(capsys, tmp_path):
    assert cli.main(["search", "--library", str(tmp_path)]) == 2
    assert "say what to look for" in capsys.readouterr().err


def test_a_library_that_is_not_there_says_how_to_make_one(capsys, tmp_path):
    assert cli.main(["search", "--text", "x", "--library", str(tmp_path / "none")]) == 3
    err = capsys.readouterr().err
    assert "no library at" in err
    assert "soundalike index" in err
    assert len(err.splitlines()) == 1


def test_a_command_that_is_named_can_be_pasted_whatever_the_folder_is_called(tmp_path):
    library = tmp_path / "our sounds; $HOME"
    _, _, command = soundalike("info", "--library", library).stderr.strip().partition("make one with: ")
    assert shlex.split(command) == ["soundalike", "index", "FOLDER", "--library", str(library)]
    refused = soundalike("serve", "--host", "0.0.0.0", "--library", library, "--port", "0").stderr
    command = re.search(r"make one with: (.*) \(or", refused)[1]
    assert shlex.split(command) == ["soundalike", "keys", "add", "NAME", "--library", str(library)]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    """A folder of four sounds with hard names, and its library, made by the command."""
    folder = tmp_path_factory.mktemp("sounds")
    rate = 16000
    time_s = np.arange(2 * rate) / rate
    sounds = {"airhorn_03.wav": 400, "car 'horn'\nloud.wav": 420, "pip.flac": 3000, "päng 🎺.ogg": 2500}
    for name, frequency in sounds.items():
        soundfile.write(folder / name, 0.3 * np.sin(2 * np.pi * frequency * time_s), rate)
    library = tmp_path_factory.mktemp("library") / "library"
    done = soundalike("index", folder, "--library", library, "--encoder", "spectral", "--json")
    assert done.returncode == 0, done.stderr
    return folder, library


def test_json_has_the_contracts_fields(indexed):
    _, library = indexed
    found = soundalike("search", "--text", "horn", "--json", "--library", library)
    answer = json.loads(found.stdout)
    assert found.returncode == 0
    assert set(answer) == {
        "verdict", "hits", "took_ms", "reason", "next_offset", "did_you_mean", "language", "gone", "warnings",
        "nearest", "likely", "recall",
    }  # fmt: skip
    assert {Path(hit["path"]).name for hit in answer["hits"]} == {"airhorn_03.wav", "car 'horn'\nloud.wav"}
    second = json.loads(soundalike("search", "horn", "--json", "-k", "1", "--offset", "1", "--library", library).stdout)
    assert (second["hits"], second["next_offset"]) == (answer["hits"][1:], None)
    for hit in answer["hits"]:
        assert set(hit) == {"clip_id", "segment_id", "path", "title", "start_s", "end_s", "score", "probability",
                            "own_tags", "tags", "via", "copies", "same", "track", "notes", "remark",
                            "facts"}  # fmt: skip
        assert Path(hit["path"]).exists()


def test_a_hit_whose_file_is_gone_says_so_and_one_is_counted_as_one(indexed, tmp_path):
    sounds, library = tmp_path / "sounds", tmp_path / "library"
    shutil.copytree(indexed[0], sounds)
    index = ("index", sounds, "--library", library, "--encoder", "spectral")
    assert soundalike(*index).returncode == 0
    (sounds / "airhorn_03.wav").unlink()
    assert soundalike(*index).returncode == 0
    shown = soundalike("search", "airhorn", "-k", "1", "--library", library).stdout
    assert "airhorn_03.wav (missing)" in shown
    assert re.search(r"^1 hit in ", shown, re.MULTILINE)
    assert "(missing)" not in soundalike("search", "pip", "-k", "1", "--library", library).stdout


def test_an_example_finds_the_nearest_sound_and_csv_and_tables_hold_it(indexed):
    folder, library = indexed
    example = f"{folder / 'airhorn_03.wav'}#0.5-1.5"
    csv = soundalike("search", "--audio", example, "--csv", "--library", library).stdout.splitlines()
    assert csv[0].startswith("rank,score,probability,clip_id")
    assert "airhorn_03" in csv[1]
    table = soundalike("search", "--audio", example, "--library", library).stdout
    assert "car 'horn'\\nloud.wav" in table


@pytest.mark.parametrize(
    ("width", "columns"),
    [(54, []), (80, []), (100, ["tags"]), (130, ["title", "tags"])],
)
def test_a_table_fits_its_terminal_and_never_cuts_ids_and_scores(monkeypatch, capsys, width, columns):
    """Titles that say no more than the file's name are left out; where it is too narrow, tags and then titles go."""
    titled = columns[:1] == ["title"]
    hits = [
        Hit(
            clip=Clip(
                id=1_234_567,
                content_id=number,
                root=Root(1, "/sounds"),
                path=f"weather/rain_on_leaves_{number:02}.wav",
                title="Rain on the leaves of an oak" if titled else f"rain_on_leaves_{number:02}",
                duration_s=3661.0,
                size_bytes=0,
                added=0.0,
                tags=(Tag("Rain on surface", 0.9), Tag("Raindrop", 0.4)),
            ),
            segment=Segment(number, 0.0, 3661.0),
            score=0.9871,
            probability=0.83,
            via=(),
        )
        for number in range(3)
    ]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", str(width))
    output.print_table(Answer("good", tuple(hits), 1.0))
    header, *rows = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert header.split() == ["clip", "score", "sure", "passage", *["title"] * titled, "file", *columns[-1:]]
    assert max(map(len, [header, *rows])) <= width
    first = rows[0].split()
    assert first[:4] == ["1234567", "0.987", "83%", "0:00.0-1:01:01"]
    assert width == 54 or "/sounds/weather/rain_on_leaves_00.wav" in rows[0]


@pytest.mark.parametrize(
    ("clip_ids", "is_all", "said"),
    [
        ((), True, None),
        ((7,), True, "Of all clips, 1 is likely; the others less so."),
        ((7, 8), True, "Of all clips, 2 are likely; the others less so."),
        ((7, 8), False, "Of all clips, at least 2 are likely; the others less so."),
    ],
)
def test_how_many_are_likely_is_said_where_any_are(clip_ids, is_all, said, capsys):
    output.print_table(Answer("weak", (), 1.0, likely=Likely(clip_ids, 0.6, is_all)))
    lines = [line for line in capsys.readouterr().out.splitlines() if "likely" in line]
    assert lines == ([] if said is None else [said])


@pytest.mark.parametrize(
    "other", [("rain", "--csv"), ("rain", "--moments"), ("rain THEN wind",), ("--exact", "a.wav"), ("--spoken", "rain")]
)
def test_what_has_no_likely_clips_to_count_is_refused(other, indexed):
    done = soundalike("search", *other, "--count", "--library", indexed[1])
    assert done.returncode == 2
    assert "--count" in done.stderr


def test_exporting_gives_unit_rows_beside_their_clips(indexed, tmp_path):
    _, library = indexed
    out = tmp_path / "v.npz"
    assert soundalike("export", "--vectors", out, "--library", library).returncode == 0
    with np.load(out) as arrays:
        assert set(arrays) == {"clip_id", "path", "start_s", "end_s", "vectors", "space"}
        assert len(arrays["clip_id"]) == len(arrays["vectors"]) == 4
        np.testing.assert_allclose(np.linalg.norm(arrays["vectors"], axis=1), 1, atol=1e-3)
    for name in ("hits.csv", "hits.json", "hits.m3u8"):
        done = soundalike("export", "--hits", tmp_path / name, "--text", "horn", "--library", library)
        assert done.returncode == 0
        assert "airhorn_03.wav" in (tmp_path / name).read_text(encoding="utf-8")


def test_hits_are_taken_out_as_files_passages_and_projects(indexed, tmp_path, capsys):
    """An archive with licences; an edit list and a project that find the files; passages sample by sample."""
    _, library = indexed

    def export(*arguments):
        return cli.main(["export", *map(str, arguments), "--text", "horn", "--library", str(library)])

    for name in ("hits.zip", "hits.edl", "hits.rpp"):
        assert export("--hits", tmp_path / name) == 0
    with zipfile.ZipFile(tmp_path / "hits.zip") as archive:
        assert {"airhorn_03.wav", "licences.csv", "selection.rpp"} <= set(archive.namelist())
    for name in ("hits.edl", "hits.rpp"):
        assert "/airhorn_03.wav" in (tmp_path / name).read_text("utf-8")
    assert export("--passages", tmp_path / "cuts") == 0
    passages = sorted(path.name for path in (tmp_path / "cuts").iterdir())
    assert re.fullmatch(r"airhorn_03 0\.000-\d\.\d{3}\.wav", passages[0])
    assert soundfile.info(tmp_path / "cuts" / passages[0]).frames > 0
    assert export("--passages", tmp_path / "cuts", "--handles", "-1") == 2
    assert "--handles" in capsys.readouterr().err


def test_own_tags_are_set_and_shown_by_command(indexed, capsys):
    """Of clips by their ids or a filter; they come first, and stand in CSV with the sound track."""
    _, library = indexed

    def run(*arguments):
        status = cli.main([*arguments, "--library", str(library)])
        return status, capsys.readouterr().out

    def tags(*arguments):
        return json.loads(run("tags", "--json", *arguments)[1])

    added = tags("--where", 'title ~ "horn"', "--add", "hero, Big Fight", "--add", "loud", "--remove", "LOUD")
    assert [one["own_tags"] for one in added] == [["hero", "Big Fight"]] * 2
    assert [(one["name"], one["value"], one["own"]) for one in tags()[:2]] == [
        ("Big Fight", 2, True),
        ("hero", 2, True),
    ]
    clip_id = str(added[0]["clip_id"])
    assert tags("--clip", clip_id, "--remove", "hero") == [{"clip_id": int(clip_id), "own_tags": ["Big Fight"]}]
    assert [tag["name"] for tag in tags("--clip", clip_id) if tag["own"]] == ["Big Fight"]
    rows = list(csv.DictReader(run("search", "--csv", "horn")[1].splitlines(keepends=True)))
    assert {row["own_tags"] for row in rows} == {"hero, Big Fight", "Big Fight"}
    assert {row["track"] for row in rows} == {"0"}
    assert run("tags", "--add", "x")[0] == run("tags", "--clip", "999", "--add", "x")[0] == 2


def test_info_verify_tags_and_remove(indexed, tmp_path):
    folder, library = indexed
    info = json.loads(soundalike("info", "--json", "--library", library).stdout)
    assert (info["clips"], info["roots"][0]["path"]) == (4, str(folder))
    assert soundalike("verify", "--library", library).returncode == 0
    assert soundalike("tags", "--library", library).returncode == 0
    assert soundalike("remove", tmp_path / "nothing.wav", "--library", library).returncode == 1
    copy = tmp_path / "copy.sqlite"
    assert soundalike("backup", copy, "--library", library).returncode == 0
    assert soundalike("remove", folder / "pip.flac", "--library", library).stdout == "1 clip removed\n"
    assert json.loads(soundalike("info", "--json", "--library", library).stdout)["clips"] == 3
    assert soundalike("restore", copy, "--library", library).returncode == 0
    assert json.loads(soundalike("info", "--json", "--library", library).stdout)["clips"] == 4
    assert soundalike("reindex", "--library", library).returncode == 0
    assert soundalike("verify", "--library", library).returncode == 0


def test_what_changes_a_library_says_in_json_what_it_did(tmp_path):
    """A script reads what was done; what people read is not mixed in."""
    folder, library = tmp_path / "sounds", tmp_path / "library"
    folder.mkdir()
    for name, frequency in (("low.wav", 300), ("high.wav", 3000)):
        soundfile.write(folder / name, 0.3 * np.sin(2 * np.pi * frequency * np.arange(16000) / 16000), 16000)

    def said(*words, status=0):
        done = soundalike(*words, "--json", "--library", library)
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout)

    assert said("init", "--root", folder) == {"library": str(library), "roots": [str(folder)]}
    said("index", "--encoder", "spectral", "--no-facts")
    assert said("facts", "--measure") == {"measured": 2, "unmeasured": 0, "failed": []}
    hits, vectors = tmp_path / "hits.csv", tmp_path / "vectors.npz"
    assert said("export", "--hits", hits, "--text", "low") == {"file": str(hits), "hits": 1, "missing": []}
    assert said("export", "--vectors", vectors) == {"file": str(vectors), "segments": 2, "missing": []}
    copy = tmp_path / "copy.sqlite"
    assert said("backup", copy) == {"file": str(copy), "bytes": copy.stat().st_size}
    removed = said("remove", folder / "low.wav", folder / "none.wav", status=1)
    assert (len(removed["removed"]), removed["unknown"]) == (1, [str(folder / "none.wav")])
    assert said("restore", copy) == {"library": str(library), "clips": 2}
    assert said("reindex") == {"rebuilt": ["spectral"], "encoded": [], "left": {}}
    assert said("reindex", "--encoder", "spectral") == {"rebuilt": [], "encoded": ["spectral"], "left": {}}
    moved = tmp_path / "moved"
    assert said("relocate", folder, moved) == {"clips": 2, "path": str(moved), "there": False}
    target = tmp_path / "target"
    migrated = json.loads(soundalike("migrate", library, "--to", target, "--json").stdout)
    assert migrated == {"source": str(library), "library": str(target), "left_behind": []}


def test_what_asks_no_library_loads_no_engine():
    """For help all commands are loaded."""
    names = loaded("from search import cli\ntry: cli.main(['--help'])\nexcept SystemExit: pass\nimport sys")
    assert "search.commands.serve" in names
    assert sorted(names & {*OF_THE_ENGINE, *FOR_SOUNDS, *FOR_OTHER_COMMANDS, *UNNEEDED, "sqlalchemy"}) == []


def test_a_command_is_loaded_when_it_is_called():
    """The version, and the process that starts those of a service, need neither another one nor NumPy."""
    names = loaded("from search import cli\ntry: cli.main(['serve', '--help'])\nexcept SystemExit: pass\nimport sys")
    commands = {name for name in names if name.startswith("search.commands.")}
    assert commands == {"search.commands.libraries", "search.commands.serve"}
    assert not names & {"numpy", "search.model"}


def test_a_command_that_needs_no_model_loads_little_more_than_its_libraries(indexed):
    """It starts in half a second, most of it numpy's and SQLAlchemy's: nothing else that is heavy is loaded."""
    _, library = indexed
    bare = loaded("import numpy, sqlalchemy.orm, sqlalchemy.dialects.sqlite, platformdirs")
    info = loaded(f"from search import cli; cli.main(['info', '--library', {str(library)!r}])")
    assert sorted(info & FOR_OTHER_COMMANDS) == []
    packages, known = ({name.partition(".")[0] for name in names} for names in (info, bare))
    assert packages - known - set(sys.stdlib_module_names) <= {"search", "indexer", "webui", "benchmarks", "training"}
    assert len(packages - known) < 40, packages - known


def test_a_search_by_words_loads_neither_torch_nor_a_decoder(indexed):
    """Cold start: what a search does not need is not imported, of SQLAlchemy's dialects none but SQLite's."""
    _, library = indexed
    names = loaded(f"from search import cli; cli.main(['search', '--text', 'horn', '--library', {str(library)!r}])")
    assert sorted(names & {*FOR_SOUNDS, *FOR_OTHER_COMMANDS, *UNNEEDED}) == []


@pytest.mark.thorough
def test_a_search_by_a_file_loads_neither_torch_nor_what_other_commands_need(indexed):
    sounds, library = indexed
    asked = ["search", "--audio", str(next(sounds.rglob("*.wav"))), "--library", str(library)]
    names = loaded(f"from search import cli; cli.main({asked!r})")
    assert sorted(names & {*FOR_OTHER_COMMANDS, *UNNEEDED}) == []


OF_THE_ENGINE = {
    "search.engine.search", "search.engine.confidence", "search.engine.views", "search.columns.clipcolumns",
    "search.vectors.scoring", "search.library.library",
}  # fmt: skip
FOR_SOUNDS = {"av", "soundfile", "soxr", "onnxruntime"}
FOR_OTHER_COMMANDS = {
    "search.library.live.listening", "search.library.live.watching",
    "search.analysis.exact.listening", "search.analysis.exact.matching",
    "search.analysis.facts.measuring", "search.evaluation", "indexer.model", "http.client", "statistics",
}  # fmt: skip
UNNEEDED = {
    "torch", "transformers", "scipy", "numba", "faiss", "alembic", "pydantic", "flask", "sqlalchemy.orm",
    "sqlalchemy.dialects.postgresql",
}  # fmt: skip
"""Heavy modules: for searching, for decoding and encoding, for what is no search, and for no command of these."""


def loaded(code):
    """The modules that a Python process has loaded once it has run ``code``."""
    code = f"import sys; {code}; print(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("arguments", "weights"),
    [
        (["search", "--text", "rain", "--weight", "2", "--not-clip", "3", "--weight", "0.5"], [2.0, -0.5]),
        (["recommend", "--like", "1", "--unlike", "2", "--weight", "3", "--like", "4"], [1.0, 1.0, 3.0]),
    ],
)
def test_a_weight_is_that_of_the_part_before_it(arguments, weights):
    """Of whichever option that is; what is to be avoided stays so."""
    name, *rest = arguments
    parser = argparse.ArgumentParser()
    {"search": Search(), "recommend": Recommend()}[name].configure(parser)
    args = parser.parse_args(rest)
    parts = args.parts if name == "search" else [*args.like, *args.unlike]
    assert [part.weight for part in parts] == weights


@pytest.mark.parametrize("name", ["search", "recommend"])
def test_a_weight_of_nothing_is_wrong_use(name, capsys):
    assert cli.main([name, "--weight", "2"]) == 2
    assert "--weight must follow the part that it weighs, like: --" in capsys.readouterr().err


def test_a_map_that_cannot_be_written_is_said_in_one_line(tmp_path):
    drawn = ClipMap(1, 1, np.array([1]), np.zeros((1, 2), np.float32))
    for out in (tmp_path / "nowhere" / "map.npz", tmp_path / "map.csv"):
        with pytest.raises(UsageError, match="map"):
            write_map(drawn, out)
    write_map(drawn, tmp_path / "map.npz")
    with np.load(tmp_path / "map.npz") as arrays:
        assert arrays["clip_id"].tolist() == [1]
        assert arrays["xy"].tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("text", "path", "track", "start_s"),
    [
        ("film.mkv@1", "film.mkv", 1, 0.0),
        ("film.mkv@2#1:30-", "film.mkv", 2, 90.0),
        ("me@home.wav", "me@home.wav", None, 0),
    ],
)
def test_a_sound_track_is_written_after_an_at_sign(text, path, track, start_s):
    """Counted from 0, before the passage; what is no number belongs to the name."""
    part = options.passage(text)
    assert (part.path, part.track, part.start_s) == (str(Path.cwd() / path), track, start_s)
    assert options.hum(text).track == (track or 0)


def test_a_file_whose_name_ends_like_a_track_is_that_file(tmp_path, monkeypatch):
    """The name that is there wins."""
    (tmp_path / "take@2").touch()
    monkeypatch.chdir(tmp_path)
    assert options.passage("take@2") == AudioPart(str(tmp_path / "take@2"))
    assert options.passage("take@2#1-2") == AudioPart(str(tmp_path / "take@2"), 1.0, 2.0)
    assert options.passage("take@2@1") == AudioPart(str(tmp_path / "take@2"), track=1)


def test_a_question_in_plain_language_is_shown_as_the_command_that_asks_the_same(indexed, tmp_path):
    _, library = indexed
    first = soundalike("search", "--text", "horn", "--json", "--library", library)
    (tmp_path / "last.json").write_text(first.stdout)
    sentence = "like the first one, shorter than 10 seconds, newest first"
    found = soundalike(
        "search", "--ask", sentence, "--last", tmp_path / "last.json", "-k", "2", "--json", "--library", library
    )
    assert found.returncode == 0, found.stderr
    clip_id = json.loads(first.stdout)["hits"][0]["clip_id"]
    command = f"search --text 'newest first' --clip {clip_id} -k 2 --where 'duration_s < 10'"
    assert command in found.stderr
    assert "not understood, so searched for as words: newest first" in found.stderr
    answer = json.loads(found.stdout)
    assert answer["understood"]["query"]["where"] == "duration_s < 10"
    assert [hit["clip_id"] for hit in answer["hits"]]
    assert clip_id not in [hit["clip_id"] for hit in answer["hits"]]
    for wrong in (
        ["--ask", "rain", "horn"],
        ["--ask", "rain", "--last", tmp_path / "no.json"],
        ["--ask", "silent files"],
    ):
        done = soundalike("search", *wrong, "--library", library)
        assert done.returncode == 2, (wrong, done.stderr)

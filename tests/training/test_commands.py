"""How the commands of training end if something that they need is missing."""

from __future__ import annotations

import numpy as np
import pytest

from search.errors import UsageError
from training import curves, export, overlap, prepare, procedural, ranking, recipe, speech, words
from training.corpus import Corpus, present, write_corpus
from training.running import command

MAINS = {
    "recipe": (recipe.main, ["--run", "r", "--corpora", "."]),
    "overlap": (overlap.main, ["--folder", "."]),
    "curves": (curves.main, ["."]),
    "words": (words.main, ["--shared", ".", "--corpora", ".", "--folder", "."]),
    "export": (export.main, ["state.pt", "tower.safetensors", "out.safetensors", "--corpora", "."]),
    "ranking": (ranking.main, ["state.pt", "--corpora", "."]),
}


@pytest.mark.parametrize("name", MAINS)
def test_what_is_missing_is_a_line_and_no_traceback(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(words, "MiniLm", object)
    main, arguments = MAINS[name]
    assert main(arguments) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line


def test_a_command_keeps_its_own_status_and_other_errors():
    @command
    def main(status: int) -> int:
        if status < 0:
            raise ValueError(status)
        return status

    assert main(1) == 1
    with pytest.raises(ValueError, match="-1"):
        main(-1)


def test_an_error_names_a_command_that_there_is(tmp_path):
    with pytest.raises(UsageError, match=r"python -m training\.prepare songs"):
        Corpus.open(tmp_path / "songs")


@pytest.mark.thorough
def test_corpora_that_need_no_tool_are_made_and_the_others_named(tmp_path, monkeypatch, capsys):
    """Nothing is installed and nothing lies beside the project: formulas are still learnt from."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(prepare, "Size", lambda: SMALL)
    asked = ["--corpora", str(tmp_path / "corpus"), "--shared", str(tmp_path)]
    assert prepare.main(asked) == 1
    said = capsys.readouterr()
    assert said.out.startswith("procedural: 3 sounds")
    assert "not made: natural, natural-slow, natural-fast, instruments, drums, songs, speech" in said.err
    assert "fluidsynth" in said.err
    assert prepare.main(["procedural", *asked]) == 0


SMALL = prepare.Size(phrases=1, drum_phrases=1, songs=1, procedural=3, utterances=1)


def test_captions_that_are_not_there_are_named(tmp_path):
    with pytest.raises(UsageError, match=r"none\.csv cannot be read"):
        next(speech.utterances(tmp_path / "none.csv", 1, seed=1))


def test_overlap_looks_at_the_corpora_that_are_there_before_it_decodes(tmp_path, corpus, monkeypatch, capsys):
    """None at all, or no evaluation set, is said at once; some that lack are named."""
    monkeypatch.setattr(overlap, "load_teacher", lambda _path: None)
    monkeypatch.setattr(overlap, "stream", lambda *_given: pytest.fail("it decoded"))
    assert overlap.main(["--folder", str(tmp_path / "none"), "--shared", str(tmp_path)]) == 3
    assert "training.prepare" in capsys.readouterr().err
    folder = _one_corpus(tmp_path)
    assert overlap.main(["--folder", str(folder), "--shared", str(tmp_path)]) == 3
    said = capsys.readouterr().err
    assert "natural, instruments, drums, songs, speech" in said
    assert "esc50" in said
    monkeypatch.setattr(overlap, "evaluation_corpus", lambda _shared: corpus)
    monkeypatch.setattr(
        overlap, "embed", lambda _teacher, found: (np.eye(16, dtype=np.float32)[: len(found.clips)], None)
    )
    assert overlap.main(["--folder", str(folder), "--shared", str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith("procedural: ")


def test_what_is_exported_does_without_instruments(tmp_path, capsys):
    """Natural alone works: classes get their directions from what is there, and what is not is named."""
    _one_corpus(tmp_path)
    assert present(tmp_path, ["procedural", "drums"])[1] == ["drums"]
    assert export.instruments_in(tmp_path) == []
    assert "instruments, drums" in capsys.readouterr().err


def _one_corpus(folder):
    """A folder of corpora with that of formulas alone in it."""
    write_corpus(folder / "procedural", procedural.sounds(3, seed=5))
    return folder

"""Programs of the benchmarks report errors as the command line does: in one line, without a traceback."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import benchmarks
from benchmarks.quality import facts
from search.errors import AudioError, QueryError, SoundalikeError, UsageError
from search.ground.ending import with_status

ROOM = Path(benchmarks.__file__).parent
PROGRAMS = sorted(
    str(path.relative_to(ROOM)) for path in ROOM.rglob("*.py") if "__main__" in path.read_text(encoding="utf-8")
)


def test_every_program_ends_with_a_status() -> None:
    """What its `main` gives is that of the process, whatever is raised on purpose."""
    ends = {"raise SystemExit(main())", "sys.exit(main())", "sys.exit(main(sys.argv[1:]))"}
    for program in PROGRAMS:
        tree = ast.parse((ROOM / program).read_text(encoding="utf-8"))
        last = tree.body[-1]
        assert isinstance(last, ast.If), program
        assert ast.unparse(last.body[0]) in ends, program
        (main,) = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == "main"]
        assert "with_status" in map(ast.unparse, main.decorator_list), program


def test_a_set_that_is_not_there_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["facts", str(tmp_path), "--only", "loudness"])
    assert facts.main() == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("soundalike: ")
    assert str(tmp_path) in line


@pytest.mark.parametrize(
    ("error", "status"),
    [(UsageError("no"), 2), (QueryError("no"), 2), (AudioError("a.wav", "no"), 3), (SoundalikeError("no"), 3)],
)
def test_an_error_has_its_status(error: Exception, status: int, capsys) -> None:
    @with_status
    def main() -> None:
        raise error

    assert main() == status
    assert capsys.readouterr().err == f"soundalike: {error}\n"


def test_a_defect_keeps_its_traceback() -> None:
    @with_status
    def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        main()

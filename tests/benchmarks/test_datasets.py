"""Data sets: our CSV, and the published layouts as tiny generated trees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.quality.datasets import default_datasets, load
from benchmarks.quality.items import DataSet
from benchmarks.quality.published import most_specific
from search.errors import UsageError


def write(file: Path, text: str = "") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def relevant_to(dataset: DataSet, text: str) -> list[str]:
    (query,) = [q for q in dataset.text_queries if q.text == text]
    return [dataset.items[i].path.name for i in query.relevant]


def test_a_csv_gives_paths_relative_to_itself_with_labels_groups_and_texts(tmp_path: Path) -> None:
    """Columns mean what DESIGN.md says; a clip without a group is its own; without a text it asks nothing."""
    for name in "abc":
        write(tmp_path / "audio" / f"{name}.wav")
    file = write(
        tmp_path / "set.csv",
        'path,label,group,text\naudio/a.wav,dog,1,a dog\naudio/b.wav,dog,,"barks, twice"\naudio/c.wav,cat,2,\n',
    )
    dataset = load(file)
    assert dataset.name == "set"
    assert [item.path for item in dataset.items] == [tmp_path / "audio" / f"{name}.wav" for name in "abc"]
    assert [item.group for item in dataset.items] == ["1", "audio/b.wav", "2"]
    assert relevant_to(dataset, "a dog") == ["a.wav", "b.wav"]
    assert [query.text for query in dataset.text_queries] == ["a dog", "barks, twice"]
    assert not dataset.has_folds


def test_a_folder_with_a_manifest_is_called_after_the_folder(tmp_path: Path) -> None:
    """A byte-order mark from a spreadsheet does not hide the first column."""
    write(tmp_path / "mine" / "a.wav")
    write(tmp_path / "mine" / "manifest.csv", "\ufeffpath,label,group,text\na.wav,x,1,x\n")
    assert load(tmp_path / "mine").name == "mine"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,label\n", "lacks the columns path"),
        ("path,label\n", "lists no clip"),
        ("path,label\na.wav,\n", "line 2"),
        ("path,label\nb.wav,x\n", "1 of 1 files are not there"),
        ("path,label\na.wav,x\na.wav,y\n", "more than once"),
    ],
)
def test_a_csv_that_is_no_data_set_is_refused_with_the_reason(tmp_path: Path, text: str, says: str) -> None:
    """Each fault has one message that names it."""
    write(tmp_path / "a.wav")
    with pytest.raises(UsageError, match=says):
        load(write(tmp_path / "set.csv", text))


def test_what_is_neither_a_file_nor_a_known_folder_is_refused(tmp_path: Path) -> None:
    """The message says what could be given."""
    with pytest.raises(UsageError, match="no such data set"):
        load(tmp_path / "nowhere.csv")
    with pytest.raises(UsageError, match=r"meta/esc50\.csv"):
        load(tmp_path)
    binary = tmp_path / "a.csv"
    binary.write_bytes(b"\xff\xfe\x00path")
    with pytest.raises(UsageError, match="cannot be read as CSV"):
        load(binary)


def test_esc50_as_published(tmp_path: Path) -> None:
    """Folds, source recordings as groups, categories in words."""
    files = ["1-100-A-0.wav", "1-100-B-0.wav", "2-200-A-0.wav", "2-300-A-20.wav"]
    for name in files:
        write(tmp_path / "audio" / name)
    write(
        tmp_path / "meta" / "esc50.csv",
        "filename,fold,target,category,esc10,src_file,take\n"
        "1-100-A-0.wav,1,0,dog,True,100,A\n1-100-B-0.wav,1,0,dog,True,100,B\n"
        "2-200-A-0.wav,2,0,dog,True,200,A\n2-300-A-20.wav,2,20,crying_baby,True,300,A\n",
    )
    dataset = load(tmp_path)
    assert dataset.name == "esc50"
    assert dataset.has_folds
    assert [item.group for item in dataset.items] == ["100", "100", "200", "300"]
    assert relevant_to(dataset, "crying baby") == ["2-300-A-20.wav"]
    assert relevant_to(dataset, "dog") == files[:3]


def test_urbansound8k_as_published(tmp_path: Path) -> None:
    """Files lie in their fold's folder; the Freesound id is the group."""
    write(tmp_path / "audio" / "fold1" / "7061-6-0-0.wav")
    write(tmp_path / "audio" / "fold10" / "7383-3-0-0.wav")
    write(
        tmp_path / "metadata" / "UrbanSound8K.csv",
        "slice_file_name,fsID,start,end,salience,fold,classID,class\n"
        "7061-6-0-0.wav,7061,0.0,2.1,1,1,6,gun_shot\n7383-3-0-0.wav,7383,0.0,4.0,1,10,3,dog_bark\n",
    )
    dataset = load(tmp_path)
    assert [item.path.parent.name for item in dataset.items] == ["fold1", "fold10"]
    assert [item.group for item in dataset.items] == ["7061", "7383"]
    assert dataset.items[0].labels == {"gun shot"}


def fsd50k_tree(folder: Path) -> Path:
    for name in ("1", "2", "3", "4"):
        write(folder / "FSD50K.eval_audio" / f"{name}.wav")
    write(
        folder / "FSD50K.ground_truth" / "eval.csv",
        'fname,labels,mids\n1,"Bark,Dog,Animal","/m/1,/m/2,/m/3"\n2,"Growling,Dog,Animal","x"\n'
        '3,"Meow,Cat,Animal","x"\n4,"Dog,Animal","x"\n',
    )
    return folder


def test_fsd50k_as_published(tmp_path: Path) -> None:
    """By example only the most specific labels count; in words every label finds all clips that carry it."""
    dataset = load(fsd50k_tree(tmp_path))
    assert [set(item.labels) for item in dataset.items] == [{"Bark"}, {"Growling"}, {"Meow", "Cat"}, {"Dog"}]
    assert relevant_to(dataset, "Dog") == ["1.wav", "2.wav", "4.wav"]
    assert relevant_to(dataset, "Animal") == ["1.wav", "2.wav", "3.wav", "4.wav"]
    assert [item.group for item in dataset.items] == ["1", "2", "3", "4"]


def test_fsd50k_groups_are_uploaders_where_the_metadata_is_there(tmp_path: Path) -> None:
    """The authors split the set by uploader; metadata of another kind is refused."""
    info = fsd50k_tree(tmp_path) / "FSD50K.metadata" / "eval_clips_info_FSD50K.json"
    write(info, json.dumps({name: {"title": "t", "uploader": f"u{int(name) // 3}"} for name in "1234"}))
    assert [item.group for item in load(tmp_path).items] == ["u0", "u0", "u1", "u1"]
    write(info, "[1]")
    with pytest.raises(UsageError, match="clip metadata"):
        load(tmp_path)


def test_labels_that_always_come_together_both_stay() -> None:
    """Neither of two labels with the same clips is the more specific one."""
    assert most_specific([frozenset("ab"), frozenset("ab")]) == [frozenset("ab")] * 2


def test_clotho_as_published(tmp_path: Path) -> None:
    """Five captions a clip, each a query for that clip alone; nothing is relevant by example."""
    for name in ("Rain on roof.wav", "x, y.wav"):
        write(tmp_path / "evaluation" / name)
    captions = ",".join(f"caption_{i}" for i in range(1, 6))
    write(
        tmp_path / "clotho_captions_evaluation.csv",
        f'file_name,{captions}\nRain on roof.wav,Rain falls.,It rains.,c3,c4,c5\n"x, y.wav","A, b.",d2,d3,d4,d5\n',
    )
    dataset = load(tmp_path)
    assert len(dataset.text_queries) == 10
    assert relevant_to(dataset, "A, b.") == ["x, y.wav"]
    assert all(not item.labels for item in dataset.items)


def test_without_data_beside_the_project_the_demo_collection_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data beside the project comes first, then the demo collection; with neither the message says how to make it."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    with pytest.raises(UsageError, match=r"python data/demo\.py"):
        default_datasets()
    write(project / "data" / "demo" / "manifest.csv")
    assert default_datasets() == [Path("data/demo")]
    write(tmp_path / "shared" / "data" / "sfx" / "manifest.csv")
    assert default_datasets() == [Path("../shared/data/sfx")]


@pytest.mark.shared
def test_the_sets_beside_the_project_load_with_the_sizes_that_their_description_gives(shared: Path) -> None:
    """Clips, classes and relevant pairs are those of ../shared/README.md."""
    sizes = {name: len(load(shared / "data" / name).items) for name in ("esc10", "esc50", "sfx", "fsdd")}
    assert sizes == {"esc10": 400, "esc50": 2000, "sfx": 367, "fsdd": 600}
    esc50 = load(shared / "data" / "esc50")
    assert esc50.has_folds
    assert len(esc50.text_queries) == 50

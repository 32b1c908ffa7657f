"""What a scan leaves out (bins, patterns, other kinds of files), and what it takes under any name."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import pytest
import soundfile

from indexer.job import index
from indexer.model import Options
from indexer.rules import IGNORE_FILE, parse
from indexer.summaries import for_people, left_out_line
from indexer.watch import places_to_look
from search.audio import libav
from search.audio.names import MIDI_SUFFIXES, SUFFIXES, kind
from search.audio.signatures import is_sound
from search.errors import UsageError
from search.model import FileFacts, MoveClip
from tests.indexer.conftest import Bench, write_tone

BIN_FOLDERS = (
    "$RECYCLE.BIN/S-1-5-21", "RECYCLER", "Recycled", ".Trash-1000/files", ".Trashes/501", "#recycle", "@Recycle",
    "x/@eaDir/a.wav", "lost+found", "found.007", "_gsdata_", "System Volume Information", "__MACOSX",
    "deep/er/$Recycle.Bin",
)  # fmt: skip


def paths(bench: Bench) -> list[str]:
    return sorted(bench.clips())


def options(*exclude: str, **more) -> Options:
    return Options(workers=1, exclude=exclude, **more)


def test_a_folder_without_sounds_says_that_none_were_found(bench: Bench) -> None:
    """Not that there is nothing to do, which is said of nothing: sounds that are known count as unchanged."""
    (bench.sounds / "notes.txt").write_text("no sound")
    assert for_people(bench.index()).startswith("no sounds found (")
    assert for_people(bench.index()).endswith("left out: 1 .txt")
    assert for_people(bench.index(), is_plan=True).startswith("nothing indexed yet")
    write_tone(bench.sounds / "a.wav")
    bench.index()
    assert for_people(bench.index()).startswith("1 unchanged (")


def test_what_was_deleted_is_not_searched(bench: Bench) -> None:
    """Bins and trash of every system and network disk are left out, at any depth, and counted."""
    write_tone(bench.sounds / "kept.wav")
    for number, folder in enumerate(BIN_FOLDERS):
        write_tone(bench.sounds / folder / f"$R{number}.wav", 300 + 20 * number)
    (bench.sounds / BIN_FOLDERS[0] / "$I0.wav").write_bytes(b"\2\0\0\0")

    summary = bench.index()

    assert paths(bench) == ["kept.wav"]
    assert summary.failed == ()
    assert summary.excluded == len([f for f in BIN_FOLDERS if not f.startswith(".")])


def test_what_is_excluded_stays_so_until_it_is_forgotten(bench: Bench) -> None:
    """Patterns are kept with the root: the next run without them leaves out the same; clips that were there go."""
    for number, name in enumerate(("kept.wav", "Live Project/Backup/old.wav", "Live Project/new.wav", "x/a copy.wav")):
        write_tone(bench.sounds / name, 300 + 100 * number)
    assert bench.index().indexed == 4

    excluded = bench.index(options=options("Live*/Backup/", "* copy.wav"))
    again = bench.index()

    assert (excluded.removed, excluded.missing, excluded.excluded) == (2, 0, 2)
    assert (again.unchanged, again.removed, again.excluded) == (2, 0, 2)
    assert paths(bench) == ["Live Project/new.wav", "kept.wav"]
    assert bench.library.roots()[0].excludes == ("Live*/Backup/", "* copy.wav")

    bench.index(options=options("!* copy.wav"))
    assert "x/a copy.wav" in paths(bench)
    bench.index(options=options(forget_excludes=True))
    assert len(paths(bench)) == 4
    assert bench.library.roots()[0].excludes == ()


def test_a_part_or_a_file_that_is_left_out_is_not_taken_by_its_own_path(bench: Bench) -> None:
    """What --watch or a person names inside of a root goes by the root's rules."""
    path = write_tone(bench.sounds / "drafts" / "a.wav")
    write_tone(bench.sounds / "b.wav", 700)
    bench.index(options=options("drafts/"))

    for place in (path, path.parent):
        summary = bench.index(place)
        assert (summary.indexed, summary.failed, summary.excluded) == (0, (), 1)
    assert paths(bench) == ["b.wav"]


def test_a_file_of_patterns_holds_for_its_folder_and_the_nearest_decides(bench: Bench) -> None:
    """.soundalikeignore has gitignore's rules: comments, anchors, ! and folders; deeper ones come first."""
    for number, name in enumerate(("a.wav", "x/a.wav", "x/b.wav", "x/y/b.wav", "x/out/c.wav", "z/out/c.wav")):
        write_tone(bench.sounds / name, 300 + 100 * number)
    (bench.sounds / IGNORE_FILE).write_text("# mine\n/a.wav\nb.wav\n!\n\\\n", encoding="utf-8")
    (bench.sounds / "x" / IGNORE_FILE).write_bytes(b"\xef\xbb\xbfout/\r\n")
    (bench.sounds / "x" / "y" / IGNORE_FILE).write_text("!b.wav\n")

    bench.index()

    assert paths(bench) == ["x/a.wav", "x/y/b.wav", "z/out/c.wav"]


def test_a_pattern_that_is_none_is_named() -> None:
    """--exclude '!' is wrong use, not a job that fails."""
    with pytest.raises(UsageError, match="'!'"):
        parse(["*.wav", "!"])


def test_content_decides_whatever_a_file_is_called(bench: Bench) -> None:
    """A WAV named .mp3, without a suffix, with one that nobody knows or that others bear: all are clips; no texts."""
    tones = ["named.mp3", "no suffix", "old.bak", "take.001", "clip.ts", "mark.dat", "cover.jpg", "said.txt", "a.zip"]
    for number, name in enumerate(tones):
        write_tone(bench.sounds / name, 300 + 100 * number)
    for name in ("main.ts", "README", "data.dat", "notes.txt", "a.xyz"):
        (bench.sounds / name).write_text("const x = 1;\n" * 100)
    (bench.sounds / "blob.bin").write_bytes(bytes(range(256)) * 20)
    (bench.sounds / "half.wav.part").write_bytes((bench.sounds / "no suffix").read_bytes()[:4000])

    first, second = bench.index(), bench.index()

    assert paths(bench) == sorted(tones)
    assert (first.indexed, second.unchanged, first.failed, second.missing) == (9, 9, (), 0)
    assert first.left_out == {"ts": 1, "": 1, "dat": 1, "txt": 1, "xyz": 1, "bin": 1, "part": 1}
    assert left_out_line(first) == ("left out: 1 without a suffix, 1 .bin, 1 .dat, 1 .part, 1 .ts, 1 .txt, 1 .xyz")


def test_sound_is_told_from_its_first_bytes_for_every_container_that_ffmpeg_writes(tmp_path: Path) -> None:
    """What FFmpeg writes is known again without its name; pictures and random bytes are not sound."""
    for name, codec in (
        ("wav", "pcm_s16le"), ("flac", "flac"), ("ogg", "libopus"), ("mp3", "libmp3lame"), ("adts", "aac"),
        ("mp4", "aac"), ("matroska", "flac"), ("mpegts", "mp2"), ("aiff", "pcm_s16be"), ("caf", "pcm_s16le"),
        ("au", "pcm_s16be"), ("w64", "pcm_s16le"), ("mp2", "mp2"), ("avi", "pcm_s16le"), ("flv", "aac"),
        ("wv", "wavpack"),         ("tta", "tta"), ("asf", "mp2"),
    ):  # fmt: skip
        path = tmp_path / f"sound.{name}"
        options = {"id3v2_version": "0", "write_xing": "0"} if name == "mp3" else {}
        with av.open(str(path), "w", format=name, options=options) as container:
            stream = container.add_stream(codec, rate=48000)
            for place in range(50):
                frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
                frame.planes[0].update(bytes(frame.planes[0].buffer_size))
                frame.sample_rate, frame.pts = 48000, 960 * place
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        assert is_sound(path.read_bytes()[:4096]), name
    assert not is_sound(b"\x89PNG\r\n\x1a\n" + bytes(4000))
    assert not is_sound(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 15)
    assert not is_sound(b"\0\0\0\x1cftypheic" + bytes(100))
    assert not is_sound(b"\xff\xfb")
    assert not is_sound(b"")


def test_every_suffix_that_a_decoder_knows_has_its_place() -> None:
    """FFmpeg and libsndfile are asked: no suffix of theirs is passed over by its name; the usual ones are believed."""
    known: set[str] = {name.lower() for name in soundfile.available_formats()}
    known -= {"ircam", "mat4", "mat5", "mpc2k", "nist", "svx", "wavex", "rf64"} - SUFFIXES  # names, not suffixes
    for name in av.formats_available:
        try:
            known |= av.format.ContainerFormat(name, "r").extensions
        except ValueError:
            continue  # it only writes it

    assert {s for s in known if kind(f"a.{s}") == "other"} == set()
    assert {"wav", "mp3", "ec3", "mka", "aax", "thd", "htk", "sds", "adx", "mk3d", "m2a", "qoa"} <= SUFFIXES
    assert not SUFFIXES & MIDI_SUFFIXES


def test_what_bears_a_suffix_of_sound_may_be_opened() -> None:
    """Each container of FFmpeg's is one that is opened, or libsndfile's; raw pictures of films are called .m4v, too."""
    opened = set(libav.FORMATS.split(","))
    read: set[str] = {name.lower() for name in soundfile.available_formats()} | {"fap"}
    others: set[str] = set()
    for name in av.formats_available:
        try:
            container = av.format.ContainerFormat(name, "r")
        except ValueError:
            continue
        (read if opened.intersection(container.name.split(",")) else others).update(container.extensions)

    assert (others - read) & SUFFIXES == {"m4v"}


def test_watching_does_not_look_at_what_is_left_out_for_good(tmp_path: Path) -> None:
    """Changes in bins are passed over; a change of the patterns is a change of their folder."""
    (tmp_path / "x").mkdir()
    (tmp_path / "$RECYCLE.BIN").mkdir()
    bin_file = write_tone(tmp_path / "$RECYCLE.BIN" / "a.wav")
    odd = write_tone(tmp_path / "x" / "no suffix")
    changed = {str(bin_file), str(tmp_path / "x" / IGNORE_FILE)}

    assert places_to_look(changed, [str(tmp_path)]) == [str(tmp_path / "x")]
    assert places_to_look({str(odd)}, [str(tmp_path)]) == [str(odd)]


def test_a_library_of_before_is_rid_of_what_is_left_out_now(bench: Bench) -> None:
    """Clips of deleted files that an older version took go with the next run, and their files stay."""
    inner = write_tone(bench.sounds / "bin" / "a.wav")
    write_tone(bench.sounds / "b.wav", 700)
    bench.index()
    shutil.move(inner.parent, bench.sounds / "#recycle")
    (bench.sounds / "bin").mkdir()
    catalog = bench.library.catalog
    root = catalog.roots()[0]
    clip = bench.clips()["bin/a.wav"]
    with catalog.lease("an older version", 0) as lease:
        catalog.apply(lease, [MoveClip(clip.id, root.id, FileFacts("#recycle/a.wav", 1, 1))])

    summary = index(bench.library, bench.encoder, [str(bench.sounds)], Options(workers=1), bench.notes)

    assert (summary.removed, paths(bench)) == (1, ["b.wav"])
    assert (bench.sounds / "#recycle" / "a.wav").is_file()

"""Full-text search of the catalog: matches and their order, and that no text can harm it."""

from __future__ import annotations

import os
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.catalog import words
from search.catalog.words import split, split_query
from search.model import RemoveClip
from tests.search.catalog_helpers import FilledCatalog

pytestmark = pytest.mark.usefixtures("kind")


@pytest.fixture(scope="module")
def filled(tmp_path_factory, kind):
    made = FilledCatalog(tmp_path_factory.mktemp("words"))
    made.apply(
        made.add("signals/airhorn_03.wav"),
        made.add("signals/Horn section.wav"),
        made.add("animals/DogBarking2.wav"),
        made.add("animals/cat.wav", title="Katze", metadata={"artist": "Björk Guðmundsdóttir", "comment": "no dogs"}),
        made.add("horn/tone.wav"),
        made.add("weather/rain on a tin roof.wav"),
        made.add("weather/light rain.wav"),
    )
    yield made
    made.catalog.close()


def found(filled: FilledCatalog, text: str) -> list[str]:
    paths = {clip_id: path for path, clip_id in filled.ids().items()}
    return [paths[match.clip_id].rpartition("/")[2] for match in filled.catalog.match_words(text, 10)]


def test_words_are_cut_where_people_see_them():
    """Punctuation, digits and camelCase separate words; case and accents do not."""
    assert split("BigDog-bark_03 (take2).WAV") == ["big", "dog", "bark", "03", "take", "2", "wav"]
    assert split("Ärger_ÉTÉ HTTPServer") == ["arger", "ete", "http", "server"]


def test_of_names_that_hold_a_word_inside_others_the_shortest_comes_first(tmp_path):
    """However often: to count would mean to count all clips that have it, which takes longer than the search."""
    filled = FilledCatalog(tmp_path)
    filled.apply(
        filled.add("bark barkley dogbarker long name.wav"), filled.add("embarks.wav"), filled.add("a ship embarks.wav")
    )
    assert found(filled, "mbark") == ["embarks.wav", "a ship embarks.wav"]
    assert found(filled, "arke") == ["bark barkley dogbarker long name.wav"]
    assert found(filled, "ark")[:2] == ["embarks.wav", "a ship embarks.wav"]
    filled.catalog.close()


def test_small_words_do_not_count_beside_telling_ones():
    """ "the sound of a horn" asks for horns; "the" alone asks for "the"."""
    assert split_query("The sound of a horn") == ["horn"]
    assert split_query("the of") == ["the", "of"]
    assert len(split_query("word " * 5000)) == 1


def test_horn_finds_airhorn_after_whole_horns(filled):
    """A word inside a file's name is found; the whole word comes first, in the name before in the folder."""
    assert found(filled, "horn") == ["Horn section.wav", "tone.wav", "airhorn_03.wav"]


def test_inflections_beginnings_case_and_accents_do_not_matter(filled):
    """Stems, prefixes and folded letters find the same clip."""
    for text in ("dog barks", "DOGS", "dogbarking", "barki"):
        assert "DogBarking2.wav" in found(filled, text), text
    assert found(filled, "guðmundsdottir") == ["cat.wav"]
    assert found(filled, "BJÖRK") == ["cat.wav"]
    assert found(filled, "katze") == ["cat.wav"]


def test_clips_with_every_word_come_before_clips_with_one(filled):
    """All words first, then any."""
    assert found(filled, "rain roof") == ["rain on a tin roof.wav", "light rain.wav"]


def test_of_several_words_the_rarer_finds_first(tmp_path, monkeypatch):
    """A word that everything is called fills what is left of a list; alone it is asked for in full."""
    monkeypatch.setattr(words, "COMMON", 5)
    filled = FilledCatalog(tmp_path)
    filled.apply(
        *(filled.add(f"take {n}.wav") for n in range(12)), filled.add("zither.wav"), filled.add("zither take.wav")
    )
    matches = filled.catalog.match_words("take zither gong", 7)
    paths = {clip_id: path for path, clip_id in filled.ids().items()}
    assert {paths[match.clip_id] for match in matches[:2]} == {"zither.wav", "zither take.wav"}
    assert len(matches) == 7
    assert matches[1].score > matches[2].score >= matches[6].score
    assert len(filled.catalog.match_words("take", 100)) == 13
    filled.catalog.close()


def test_a_clip_says_every_word_unless_one_is_inside_another_by_chance(tmp_path):
    """Whole, as a beginning, or after letters that can be a word themselves."""
    filled = FilledCatalog(tmp_path)
    names = ("foghorn", "bighorsegallop", "holding", "train", "old horn", "threshold", "horn", "an in the box")
    filled.apply(*(filled.add(f"{name}.wav") for name in names))
    said = {
        name: {True: set(), False: set()} for name in ("horn", "horse", "old", "rain", "old horn", "a cow in the sty")
    }
    paths = {clip_id: path.removesuffix(".wav") for path, clip_id in filled.ids().items()}
    for text, found_here in said.items():
        for match in filled.catalog.match_words(text, 10):
            found_here[match.every_word].add(paths[match.clip_id])
    assert said["horn"] == {True: {"foghorn", "old horn", "horn"}, False: set()}
    assert said["horse"] == {True: {"bighorsegallop"}, False: set()}
    assert said["old"] == {True: {"old horn", "threshold"}, False: {"holding"}}
    assert said["rain"] == {True: set(), False: {"train"}}
    assert said["old horn"] == {True: {"old horn"}, False: {"foghorn", "horn", "threshold"}}
    assert said["a cow in the sty"] == {True: set(), False: set()}
    filled.catalog.close()


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("小狗叫声", "狗叫声"),
        ("小狗叫声", "狗叫声 下雨天"),
        ("초인종소리", "종소리 개소리"),
        ("いぬのこえ", "のこえ いぬの子"),
        ("المطر", "مطر رعد"),
    ],
)
def test_scripts_whose_words_do_not_stand_apart_are_found_inside_others(tmp_path, name, asked):
    """One character is a word there, and two letters may be the article."""
    filled = FilledCatalog(tmp_path)
    filled.apply(filled.add(f"{name}.wav"))
    (match,) = filled.catalog.match_words(asked, 10)
    assert match.every_word == (" " not in asked)
    filled.catalog.close()


def test_scores_fall_with_the_order(filled):
    """Best first, by scores that can be compared within the answer."""
    scores = [match.score for match in filled.catalog.match_words("rain roof horn", 10)]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 5


def test_the_limit_holds(filled):
    """At most as many as asked for; none for none."""
    assert len(filled.catalog.match_words("rain horn", 2)) == 2
    assert filled.catalog.match_words("rain", 0) == []


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE clips; --",
        '" OR "1"="1',
        "horn' UNION SELECT 1, 2 --",
        "NEAR(horn rain, 5)",
        "title : horn",
        "horn AND",
        "NOT horn",
        "{title name} : horn",
        "^horn",
        "horn*",
        "-horn +rain",
        "(((((",
        "\0horn\0",
        "🎺 horn 🎺",
        "\ud800 horn",
        '"' * 10_000,
        "horn " * 2_000,
        "x" * 10_000,
    ],
)
def test_no_text_is_read_as_a_command(filled, text):
    """Operators, quotes, NUL and ten thousand characters are words or nothing, and the catalog stays as it was."""
    answer = found(filled, text)
    assert ("Horn section.wav" in answer) == ("horn" in text.lower())
    assert filled.catalog.verify() == []
    assert len(filled.ids()) == 7


@settings(max_examples=50)
@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(string.punctuation)), max_size=60))
def test_any_text_is_safe(filled, text):
    """No text raises, whatever it holds."""
    for match in filled.catalog.match_words(text, 5):
        assert match.score > 0


def test_a_file_is_found_by_its_own_name(tmp_path):
    """Asking for a file's name finds it; after a move the new name alone does, after removal none."""
    filled = FilledCatalog(tmp_path)
    for name in ("Zweite Aufnahme 12.wav", "雨の音.wav", "ÄÖÜ-test.wav", "snake_case_name.flac", "x.y.z.wav"):
        filled.apply(filled.add(f"in/{name}"))
        assert name in found(filled, name)
    filled.apply(filled.move(filled.ids()["in/snake_case_name.flac"], "in/otherwise.flac"))
    assert found(filled, "snake") == []
    assert found(filled, "otherwise") == ["otherwise.flac"]
    filled.apply(RemoveClip(filled.ids()["in/otherwise.flac"]))
    assert found(filled, "otherwise") == []


def test_a_name_in_an_old_code_page_is_found_by_its_words(tmp_path):
    """Bytes that are no UTF-8, from old disks and archives; each folder and name in a code page of its own."""
    filled = FilledCatalog(tmp_path)
    names = {
        "cp1252": "Türglocke/café.wav",
        "cp1251": "Природа/Собака лает.wav",
        "cp932": "効果音/犬の鳴き声.wav",
    }
    paths = {page: os.fsdecode(name.encode(page)) for page, name in names.items()}
    mixed = os.fsdecode("Möwen/".encode() + "Möwe schreit.wav".encode("latin-1"))
    filled.apply(*(filled.add(path) for path in (*paths.values(), mixed)))
    for text, path in (
        ("café", paths["cp1252"]),
        ("turglocke", paths["cp1252"]),
        ("собака", paths["cp1251"]),
        ("природа", paths["cp1251"]),
        ("鳴き声", paths["cp932"]),
        ("möwe schreit", mixed),
        ("Möwen", mixed),
    ):
        assert path.rpartition("/")[2] in found(filled, text), text
    filled.catalog.close()


def test_a_title_that_was_the_name_follows_a_name_in_an_old_code_page(tmp_path):
    """Also in a library of an earlier version, in which letters stood for no letter."""
    filled = FilledCatalog(tmp_path)
    old = os.fsdecode("Möwe.wav".encode("latin-1"))
    filled.apply(filled.add(old, title="Möwe"), filled.add(f"b/{old}", "other", title="M\udcf6we"))
    for path, new in ((old, "Fähre.wav"), (f"b/{old}", "b/Fähre.wav")):
        filled.apply(filled.move(filled.ids()[path], os.fsdecode(new.encode("latin-1"))))
    clips = filled.catalog.clips(sorted(filled.ids().values()))
    assert [clip.title for clip in clips] == ["Fähre", "Fähre"]
    filled.catalog.close()


def test_a_phrase_in_quotes_is_found_as_it_stands(filled):
    assert found(filled, '"tin roof"') == ["rain on a tin roof.wav"]
    assert found(filled, '"roof tin"') == []
    assert found(filled, '"light rain"')[0] == "light rain.wav"
    assert split_query('"Tin Roof" rain') == ["tin roof", "rain"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("hron", "horn"), ("ohrn", "horn"), ("ligth", "light"), ("sectoin", "section"), ("dgo", "dog"), ("cta", "cat")],
)
def test_a_slip_of_the_pen_is_read_as_the_word_that_some_name_has(filled, written, meant):
    matches = filled.catalog.match_words(written, 10)
    assert {match.read_as for match in matches} == {meant}
    assert not any(match.every_word for match in matches)


def test_a_slip_in_the_beginning_of_a_compound_is_one(tmp_path):
    filled = FilledCatalog(tmp_path)
    filled.apply(filled.add("far thunderstorm.wav"), filled.add("thumb.wav"))
    assert [match.read_as for match in filled.catalog.match_words("thnuder", 10)] == ["thunderstorm"]
    filled.catalog.close()


@pytest.mark.parametrize("written", ["horn", "rian", "dig", "zebra", "roofs"])
def test_words_that_some_name_has_and_those_that_none_is_like_are_taken_as_they_are(filled, written):
    expected = {"rian": {"rain"}}.get(written, {""})
    assert {match.read_as for match in filled.catalog.match_words(written, 10)} <= expected


@pytest.mark.parametrize(
    ("name", "written", "meant"),
    [
        ("дождь по крыше", "дожть", "дождь"),
        ("κύματα", "κυμαατ", "κυματα"),
        ("صوت المطر", "المرط", "المطر"),
        ("גשם חזק", "גםש", "גשם"),
    ],
)
def test_slips_are_read_in_every_alphabet_whose_words_stand_apart(tmp_path, name, written, meant):
    filled = FilledCatalog(tmp_path)
    filled.apply(filled.add(f"{name}.wav"), filled.add("雨の音.wav"))
    assert [match.read_as for match in filled.catalog.match_words(written, 10)] == [meant]
    assert not filled.catalog.match_words("雪の歌", 10)
    filled.catalog.close()


def test_emoji_in_names_and_questions_are_words(tmp_path):
    filled = FilledCatalog(tmp_path)
    filled.apply(filled.add("\U0001f415 walk.wav"), filled.add("a dog.wav"), filled.add("\u2614\ufe0f.wav"))
    assert sorted(found(filled, "dog")) == sorted(found(filled, "\U0001f436")) == ["a dog.wav", "\U0001f415 walk.wav"]
    assert found(filled, "rain") == found(filled, "\u2614") == ["\u2614\ufe0f.wav"]
    filled.catalog.close()


def test_one_and_two_characters_are_found_inside_chinese_names(tmp_path):
    filled = FilledCatalog(tmp_path)
    filled.apply(filled.add("天气/大雨声.wav"), filled.add("狗叫.wav"), filled.add("安静的雨.wav"))
    assert sorted(found(filled, "雨")) == ["大雨声.wav", "安静的雨.wav"]
    assert found(filled, "雨声") == ["大雨声.wav"]
    assert found(filled, "叫") == ["狗叫.wav"]
    assert found(filled, "猫") == []
    filled.catalog.close()


def test_how_much_a_name_says_is_by_how_rare_its_words_are(tmp_path):
    filled = FilledCatalog(tmp_path)
    filled.apply(filled.add("door_close_01.wav"), *(filled.add(f"old_{number}.wav") for number in range(40)))
    share = {match.clip_id: match.share for match in filled.catalog.match_words("door slam", 10)}
    assert share[filled.ids()["door_close_01.wav"]] > 0.5
    old = filled.catalog.match_words("old zanzibar", 10)
    assert 0 < old[0].share < 0.5
    both = {match.clip_id: match.share for match in filled.catalog.match_words("old door", 50)}
    assert both[filled.ids()["door_close_01.wav"]] > 0.5 > both[filled.ids()["old_3.wav"]]
    filled.catalog.close()

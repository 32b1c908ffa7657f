"""Texts that do not declare their encoding."""

from __future__ import annotations

import os

import pytest

from search.ground.codepages import WESTERN, code_page, mended, readable, text_of, whole_letters

TITLES = {
    "cp932": "雷鳴と雨|犬の鳴き声|ドラムループ|足音|カエル|東京の夜の雨と雷|サンプル01",
    "euc_jp": "雷鳴と雨|犬の鳴き声",
    "cp1251": "Дождь|Шаги по снегу|Колокол|Собака лает|гром|Кино - Группа крови",
    "koi8-r": "Дождь|Шаги по снегу",
    "cp1252": "Möwe|Café crème|Türglocke|Señal|Glöckchen über dem Wasser|cloche d'église|Straße",
    "cp1250": "Déšť|Žluťoučký kůň|Dźwięk dzwonu|Kroki na śniegu",
    "cp1253": "Βροχή|Καμπάνα",
    "cp1254": "Yağmur sesi|Kapı zili",
    "cp1255": "גשם|פעמון",
    "cp1256": "المطر",
    "gb18030": "下雨|狗叫声|钟声|雷雨|北京的街道",
    "big5": "下雨|狗叫聲|鐘聲|雷雨|台北的街道",
    "euc_kr": "초인종|개소리|빗소리|서울의 거리",
    "mac_roman": "Möwe",
}


def guessed(text: str, page: str) -> bool:
    data = text.encode(page)
    return text_of(data, code_page([data])) == text


def test_titles_of_a_word_or_four_in_fourteen_code_pages():
    """Of fifty, each by itself, no more than eight are taken for others: one or two letters say little."""
    right = {(text, page): guessed(text, page) for page, texts in TITLES.items() for text in texts.split("|")}
    assert len(right) == 50
    assert sum(right.values()) >= 42, [title for title, is_right in right.items() if not is_right]


@pytest.mark.parametrize("page", ["cp932", "cp1251", "cp1252", "gb18030", "big5", "euc_kr", "cp1250", "cp1253"])
def test_texts_of_one_file_are_judged_together(page):
    """Then all are told right, beside ASCII and UTF-8 too."""
    texts = TITLES[page].replace("Déšť|", "").split("|")
    data = [text.encode(page) for text in texts]
    assert [text_of(text, code_page([b"plain", *data, "Möwe".encode()])) for text in data] == texts


@pytest.mark.parametrize("title", ["Türgeräusch öffnen", "Café crème", "déjà vu", "garçon"])
def test_names_from_an_old_macintosh_are_told_from_western_ones(title):
    """By capitals in the middle of words, which no western name has."""
    assert guessed(title, "mac_roman")
    assert guessed(title, "cp1252")


@pytest.mark.parametrize("title", ["Das Mädchen sagt: rock’n’roll", "it’s „größer“ – 5 €"])
def test_western_marks_and_capitals_are_no_macintosh(title):
    assert guessed(title, "cp1252")


def test_what_is_marked_or_utf_8_is_not_guessed():
    """UTF-16 with its mark, ISO-2022-JP with its escapes, UTF-8 with a mark or without."""
    assert code_page([b"plain", "Möwe".encode()]) == WESTERN
    for page in ("utf-8", "utf-8-sig", "utf-16", "iso2022_jp"):
        assert text_of("犬の鳴き声".encode(page), WESTERN) == "犬の鳴き声"


def test_mended_is_only_what_was_broken():
    """UTF-8 that was taken for a western code page, and is UTF-8."""
    assert mended("MÃ¶we Â© shipâ€™s") == "Möwe © ship’s"
    for text in ("Möwe", "plain", "Ã", "犬", "naïve café", "Ünï"):
        assert mended(text) == text


def test_a_cut_letter_goes():
    """In UTF-8 alone, in which alone it can be seen."""
    assert whole_letters("Möwö".encode()[:-1]) == "Möw".encode()
    for data in ("Möwe".encode(), b"plain", "Möwö".encode("cp1252"), b""):
        assert whole_letters(data) == data


def test_paths_for_people():
    """Every folder and name by itself; half characters that stand for no byte are no reason to fail."""
    assert readable("plain/name.wav") == "plain/name.wav"
    assert readable("Möwe/犬.wav") == "Möwe/犬.wav"
    assert readable(os.fsdecode("Möwe/".encode() + "Собака лает".encode("cp1251"))) == "Möwe/Собака лает"
    assert readable("a\ud800b") == "a?b"

"""The meanings of the four-letter names of text chunks."""

INFO_NAMES = {
    b"INAM": "title",
    b"IART": "artist",
    b"ICMT": "comment",
    b"IGNR": "genre",
    b"IKEY": "keywords",
    b"ISBJ": "subject",
    b"IPRD": "album",
    b"ICRD": "date",
    b"ICOP": "copyright",
    b"IENG": "engineer",
    b"ISRC": "source",
    b"ISFT": "encoder",
}
"""Names in a LIST chunk of type INFO, in WAV, AVI and RIFF MIDI."""

AIFF_NAMES = {b"NAME": "title", b"AUTH": "artist", b"ANNO": "comment", b"(c) ": "copyright"}

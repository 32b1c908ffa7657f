"""Rules for names (tags, folders, formats, titles), and for silent or missing clips."""

from __future__ import annotations

from typing import Final

from search.engine.sentences.context import FORMATS, Context, one_of
from search.engine.sentences.scan import BREAK, START, Scan

_QUOTED: Final = r'"[^"]+"'
_ONES: Final = r"(?:clips?|files?|sounds?|ones?|recordings?|samples?)"
_MOST_FOLDERS: Final = 16
"""If a named folder has more folders below it, the filter matches folders that contain its name."""


def read(scan: Scan, context: Context) -> None:
    """Take the names of tags, folders, formats and titles. Fix any other quoted text."""
    _tags(scan, context)
    _folders(scan, context)
    _titles(scan)
    for match in scan.matches(_QUOTED):
        scan.fix(*match.span())
    _formats(scan)
    _flags(scan)


def _tags(scan: Scan, context: Context) -> None:
    name = rf"(?:\"(?P<quoted>[^\"]+)\"|(?P<name>{one_of(context.tags)}))"
    which = r"(?:my\s+|own\s+|the\s+|a\s+)*"
    forms = (
        rf"{START}(?:(?:but|and)\s+)?(?P<not>not\s+|isn't\s+|never\s+)?tagged\s+(?:as\s+|with\s+)?{name}",
        rf"{START}(?:(?:but|and)\s+)?(?:with|having|(?P<not>without))\s+{which}tag\s+{name}",
    )
    spelled = {tag.lower(): tag for tag in reversed(context.tags)}
    for form in forms:
        for match in scan.matches(form):
            tag = spelled.get((match["quoted"] or match["name"]).strip())
            if tag is not None:
                scan.take(match, "filter", f"tag {'!=' if match['not'] else '='} {quoted(tag)}")
    for match in scan.matches(rf"{START}(?:untagged|without\s+(?:any\s+)?tags?)(?!\w)"):
        scan.take(match, "filter", "own_tag = ''")
    for match in scan.matches(rf"{START}(?:tagged|(?:with|without)\s+{which}tag)(?!\w)(?:\s+[^\s,;]+)?"):
        scan.report(*match.span())
        scan.fix(*match.span())


def _folders(scan: Scan, context: Context) -> None:
    names = {name for folder in context.folders for name in (folder, folder.rpartition("/")[2])}
    name = rf"(?:\"(?P<quoted>[^\"]+)\"|(?P<name>{one_of(names)}))"
    way = rf"{START}(?P<not>(?:but\s+)?(?:not|nothing|none)\s+)?(?:in|inside|from|under|within)\s+(?:the\s+|my\s+)?"
    for form in (rf"{way}(?:folder|directory)\s+{name}", rf"{way}{name}\s+(?:folder|directory)(?!\w)"):
        for match in scan.matches(form):
            if where := _in_folder((match["quoted"] or match["name"]), context.folders, is_not=bool(match["not"])):
                scan.take(match, "filter", where)
    for match in scan.matches(
        rf"{way}(?:(?:folder|directory)(?!\w)\s+[^\s,;]+|(?:\S+\s+){{1,3}}?(?:folder|directory)(?!\w))"
    ):
        scan.report(*match.span())
        scan.fix(*match.span())


def _in_folder(name: str, folders: tuple[str, ...], *, is_not: bool) -> str | None:
    """Return the filter for a folder, given by its path or last name, with all folders below it."""
    name = name.strip().strip("/")
    tops = [folder for folder in folders if folder.lower() == name]
    tops = tops or [folder for folder in folders if folder.lower().rpartition("/")[2] == name]
    inside = [one for one in folders if any(one == top or one.startswith(f"{top}/") for top in tops)]
    if not inside:
        return None
    if len(inside) == 1:
        return f"folder {'!=' if is_not else '='} {quoted(inside[0])}"
    if len(inside) > _MOST_FOLDERS:
        return f"{'not ' if is_not else ''}folder ~ {quoted(tops[0])}"
    return f"folder {'not ' if is_not else ''}in ({', '.join(map(quoted, inside))})"


def _titles(scan: Scan) -> None:
    text = r"(?:\"(?P<quoted>[^\"]+)\"|(?P<name>[^\s,;\"]+))"
    called = r"(?:\"(?P<quoted>[^\"]+)\"|(?P<name>[^\s,;\"]*[\d_][^\s,;\"]*))"
    place = r"(?:name|title|filename|file\s+name)s?(?!\w)"
    forms = (
        rf"{START}(?P<not>not\s+)?(?:called|named|titled)\s+{called}",
        rf"{START}(?:with|having|(?P<not>without))\s+{text}\s+in\s+(?:the|its|their)\s+{place}",
        rf"{START}(?P<not>(?!))?(?:whose|where\s+the)\s+{place}\s+(?:contains?|has|have|includes?)\s+{text}",
    )
    for form in forms:
        for match in scan.matches(form):
            start, end = match.span("quoted" if match["quoted"] else "name")
            is_not = "not " if match["not"] else ""
            scan.take(match, "filter", f"{is_not}title ~ {quoted(scan.sentence[start:end])}")


def _formats(scan: Scan) -> None:
    one = rf"\.?(?P<format>{'|'.join(FORMATS)})"
    kind = r"(?:files?|format|recordings?|ones|clips)(?!\w)"
    forms = (
        rf"{START}(?:but\s+)?(?P<not>no|not|without|excluding|except)\s+(?:any\s+)?{one}s?(?!\w)(?:\s+{kind})?(?=\s*(?:{BREAK}|$|and|or|but))",
        rf"{START}(?P<not>(?!))?(?:(?:only|just|all|as|in|as\s+an?|in\s+an?)\s+)+{one}s?(?!\w)(?:\s+{kind}(?:\s+of(?=\s))?|(?=\s*(?:{BREAK}|$)))(?:\s+only)?",
        rf"{START}(?P<not>(?!))?{one}s?\s+(?:{kind}(?:\s+of(?=\s))?(?:\s+only)?|only(?!\w))",
    )
    for form in forms:
        for match in scan.matches(form):
            scan.take(match, "filter", f"format {'!=' if match['not'] else '='} '{match['format']}'")


def _flags(scan: Scan) -> None:
    forms = (
        (rf"{START}(?:but\s+)?not\s+(?P<flag>silent|missing)(?=\s*(?:{BREAK}|$))", "not "),
        (rf"{START}(?P<flag>silent|missing)\s+{_ONES}(?!\w)", ""),
        (rf"{START}(?:{_ONES}\s+)?(?:that|which)\s+are\s+(?P<flag>silent|missing)(?=\s*(?:{BREAK}|$))", ""),
    )
    for form, sign in forms:
        for match in scan.matches(form):
            scan.take(match, "filter", f"{sign}{match['flag']}")


def quoted(text: str) -> str:
    """Return a text as a string of the ``--where`` language."""
    return "'" + text.replace("'", "''") + "'"

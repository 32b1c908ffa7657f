"""What several requests have in common: numbers, filters, and the two bases of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from search.analysis.facts.ordering import NUMBERS
from search.columns.parsing import MAX_CHARACTERS
from search.engine.search import MAX_OFFSET
from search.model import CLIP_LIST
from search.service.config import MAX_K
from search.service.http.described import Described
from search.settings import RECALLS

MAX_ID = 2**63 - 1
MAX_WAVEFORMS = 24
MAX_FACTS = 200
MAX_EXPORTED = 10_000
MAX_ADDRESSED = 400
"""So many ids an address has room for, also at proxies: 8 KB."""
ABOUT_FACTS = "Whether each hit has its facts, as far as they were measured."
ABOUT_FACETS = (
    "Count the clips that are likely (`likely`), and their tags, durations, dates, folders and facts (`facets`), "
    "however many hits are asked for; those of the hits where none is likely or nobody can tell."
)
ABOUT_COLLAPSE = "One hit for each recording, its best; `copies` names the other clips of it that were found."

Id: TypeAlias = Annotated[int, Field(ge=1, le=MAX_ID)]
Weight: TypeAlias = Annotated[
    float, Field(ge=-1000, le=1000, description="How much it counts; below 0: not like this. Not 0.")
]
Count: TypeAlias = Annotated[int, Field(ge=1, le=MAX_K, description="How many hits.")]
Offset: TypeAlias = Annotated[
    int, Field(ge=0, le=MAX_OFFSET, description="How many hits to pass over: the `next_offset` of the page before.")
]
Filter: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=MAX_CHARACTERS, description='A filter, like: duration_s < 6 and tag = "Dog"'),
]
Language: TypeAlias = Annotated[
    Literal["en", "de", "fr", "es", "it", "pt", "zh", "ja", "ru"],
    Field(description="The language of the words; without it the service's own, else it is found out."),
]
Recall: TypeAlias = Annotated[
    float,
    Field(
        ge=RECALLS[0],
        le=RECALLS[1],
        description="In a large library: search with as much effort as finds this part of the nearest ten; without it "
        "as the service is set.",
    ),
]
Seconds: TypeAlias = Annotated[float, Field(ge=0, le=1e7)]
CORNER = r"-?[0-9]{1,6}(\.[0-9]{1,6})?,-?[0-9]{1,6}(\.[0-9]{1,6})?"
Region: TypeAlias = Annotated[
    str,
    Field(
        max_length=4000,
        pattern=f"^{CORNER}( {CORNER}){{2,199}}$",
        description="Only clips inside this polygon of `GET /map`: its corners, `x,y x,y x,y`.",
    ),
]


Within: TypeAlias = Annotated[
    str,
    Field(
        max_length=300,
        pattern=CLIP_LIST,
        description="Only clips of a list: `collection:3`, or what a profile liked, `liked:anna`; of a folder, "
        "`root:2`; or `clip:17`.",
    ),
]


def one_of(orders: Sequence[str]) -> Callable[[str], str]:
    """What takes one of these, also with - before it."""

    def check(order: str) -> str:
        if order.removeprefix("-") not in orders:
            raise PydanticCustomError(
                "order", "it must be one of {known}; with - before it, from high to low", {"known": ", ".join(orders)}
            )
        return order

    return check


HitSort: TypeAlias = Annotated[
    str,
    Field(
        description="A fact that is a number: hits from low to high, with - before it from high to low, in place of "
        "the best first. Those without it come last.",
        json_schema_extra={
            "enum": [f"{sign}{name}" for name in NUMBERS for sign in ("", "-")],
            "pattern": f"^-?({'|'.join(NUMBERS)})$",
        },
    ),
    AfterValidator(one_of(NUMBERS)),
]


class Body(Described, BaseModel):
    """A JSON body: types are taken at their word, and unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Parameters(Described, BaseModel):
    """Parameters of a path or a query string: text that is read as the type it should have."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


# --- the parts of a query ---------------------------------------------------------------------------------

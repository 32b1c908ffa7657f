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
"""Most ids in a URL, so that it stays within the 8 KB that proxies accept."""
ABOUT_FACTS = "Whether to add to each hit its facts, if they were measured."
ABOUT_FACETS = (
    "Count the likely clips of the whole library (`likely`), and their tags, durations, dates, folders and facts "
    "(`facets`). If no clip is likely, or there are no probabilities, `facets` counts over the hits."
)
ABOUT_COLLAPSE = (
    "One hit for each recording, its best; `copies` lists the other clips of that recording that were found."
)

Id: TypeAlias = Annotated[int, Field(ge=1, le=MAX_ID)]
Weight: TypeAlias = Annotated[
    float, Field(ge=-1000, le=1000, description="How much it counts; negative: unlike this. Must not be 0.")
]
Count: TypeAlias = Annotated[int, Field(ge=1, le=MAX_K, description="How many hits.")]
Offset: TypeAlias = Annotated[
    int, Field(ge=0, le=MAX_OFFSET, description="How many hits to skip: the `next_offset` of the page before.")
]
Filter: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=MAX_CHARACTERS, description='A filter, like: duration_s < 6 and tag = "Dog"'),
]
Language: TypeAlias = Annotated[
    Literal["en", "de", "fr", "es", "it", "pt", "zh", "ja", "ru"],
    Field(description="The language of the words; by default that of the service, else detected."),
]
Recall: TypeAlias = Annotated[
    float,
    Field(
        ge=RECALLS[0],
        le=RECALLS[1],
        description="In a large library: the share of the true nearest ten to aim for; by default as the service is "
        "configured.",
    ),
]
Seconds: TypeAlias = Annotated[float, Field(ge=0, le=1e7)]
CORNER = r"-?[0-9]{1,6}(\.[0-9]{1,6})?,-?[0-9]{1,6}(\.[0-9]{1,6})?"
Region: TypeAlias = Annotated[
    str,
    Field(
        max_length=4000,
        pattern=f"^{CORNER}( {CORNER}){{2,199}}$",
        description="Only clips inside this polygon on the map of `GET /map`, given by its corners: `x,y x,y x,y`.",
    ),
]


Within: TypeAlias = Annotated[
    str,
    Field(
        max_length=300,
        pattern=CLIP_LIST,
        description="Only clips in this list: a collection (`collection:3`), the likes of a profile (`liked:anna`), a "
        "folder (`root:2`) or one clip (`clip:17`).",
    ),
]


def one_of(orders: Sequence[str]) -> Callable[[str], str]:
    """A validator that accepts one of these, also with - before it."""

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
        description="Sort the hits by a numeric fact, lowest first, or with - before it, highest first; by default the "
        "best match comes first. Hits without the fact come last.",
        json_schema_extra={
            "enum": [f"{sign}{name}" for name in NUMBERS for sign in ("", "-")],
            "pattern": f"^-?({'|'.join(NUMBERS)})$",
        },
    ),
    AfterValidator(one_of(NUMBERS)),
]


class Body(Described, BaseModel):
    """A JSON body: types are not converted, and unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Parameters(Described, BaseModel):
    """Parameters of a path or a query string: text that is converted to the declared type."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


# --- the parts of a query ---------------------------------------------------------------------------------

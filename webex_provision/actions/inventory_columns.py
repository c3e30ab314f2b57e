"""The columns of a row that changes a location's number inventory, and what they may not say together."""

import hashlib

import polars as pl

from webex_provision.actions.action_helpers import needs, only_with
from webex_provision.actions.columns import LOCATION_KEY
from webex_provision.actions.declaration import Column, Kind, Rule

MOST_NUMBERS = 500  # a row; what Webex takes in one DEACTIVATE
MOST_MOBILE = 20  # in one request

# The example row adds the numbers of all other examples, so that these together are a whole site.
EXAMPLE_NUMBERS = (
    "+34910002100",
    "+34910002101",
    "+34910002102",
    "+34910002103",
    "+34910002301",
    "+34910002800",
    "+34910002801",
    "+34910002900",
    "+34910002901",
    "+34910002902",
    "+34910002903",
    "+34910002905",
    "+34910002950",
    "+34910002951",
)


def _digests(cells: pl.Series) -> pl.Series:
    """A short name of each list of numbers, whatever their order."""
    digests = [
        None if cell is None else hashlib.sha256("|".join(sorted(cell.split("|"))).encode()).hexdigest()[:12]
        for cell in cells
    ]
    return pl.Series(cells.name, digests, pl.String)


DIGEST = pl.col("number_phone_numbers").map_batches(_digests, return_dtype=pl.String)

COLUMNS = (
    LOCATION_KEY,
    Column(
        name="number_action",
        help="What happens to the numbers.",
        kind=Kind.CHOICE,
        choices=("ADD", "ACTIVATE", "DEACTIVATE"),
        required=True,
        feeds="action",
        example="ADD",
    ),
    Column(
        name="number_phone_numbers",
        help="The numbers, E.164; each stands in one row of the file.",
        kind=Kind.PHONE_NUMBER,
        many=True,
        most_items=MOST_NUMBERS,
        required=True,
        feeds="phoneNumbers",
        example="+34910002100|+34910002101",
    ),
    Column(
        name="number_type",
        help="Kind of the added numbers; blank: Webex decides. MOBILE takes at most 20 a row.",
        kind=Kind.CHOICE,
        choices=("DID", "TOLLFREE", "MOBILE"),
        feeds="numberType",
        example="DID",
    ),
    Column(
        name="number_usage_type",
        help="Whether the added numbers serve high-volume services.",
        kind=Kind.CHOICE,
        choices=("NONE", "SERVICE"),
        feeds="numberUsageType",
        example="NONE",
    ),
    Column(
        name="number_initial_state",
        help="State of the added numbers; blank: ACTIVE. Numbers that are there keep theirs.",
        kind=Kind.CHOICE,
        choices=("ACTIVE", "INACTIVE"),
        feeds="state",
        example="ACTIVE",
    ),
    Column(
        name="number_main_phone_number",
        help="Main number of the location, E.164, in its inventory.",
        kind=Kind.PHONE_NUMBER,
        feeds="callingLineId.phoneNumber",
        example="+34910002100",
    ),
    Column(
        name="number_main_caller_id_name",
        help="Name shown with the main number.",
        largest=30,
        feeds="callingLineId.name",
        example="Madrid HQ",
    ),
)

RULES = (
    needs("number_main_phone_number", "number_main_caller_id_name"),
    only_with("number_type", "number_action", equal="ADD"),
    only_with("number_usage_type", "number_action", equal="ADD"),
    only_with("number_initial_state", "number_action", equal="ADD"),
    Rule(
        "number_phone_numbers",
        (pl.col("number_type") == "MOBILE") & (pl.col("number_phone_numbers").str.count_matches(r"\|") >= MOST_MOBILE),
        f"number_type=MOBILE takes at most {MOST_MOBILE} numbers a row; split the row",
    ),
)

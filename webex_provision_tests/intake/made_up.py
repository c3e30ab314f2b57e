"""A small world of invented entity types, and the way to run an intake over a text."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import SecretStr

from webex_provision.actions.columns import EMAIL, EXTENSION, LOCATION_KEY, PHONE_NUMBER, PHONE_NUMBERS_SECONDARY
from webex_provision.actions.declaration import (
    Claim,
    Column,
    EntityType,
    Join,
    Kind,
    OutOfScope,
    Rule,
)
from webex_provision.clock import Clock
from webex_provision.config import Environment, Settings
from webex_provision.intake.data_pipeline import IntakeResult, run_intake
from webex_provision.vocabulary import Phase


def entity(name: str, *columns: Column, **more: Any) -> EntityType:
    settings: dict[str, Any] = {"phase": Phase.USERS, "rank": 1, "title": f"{name}.", "steps": ()}
    return EntityType(name=name, columns=columns, touches=lambda _: [], **(settings | more))


SITE = entity(
    "site",
    Column(name="location_key", help="Key."),
    Column(name="site_name", help="Name.", required=True),
    phase=Phase.ROUTING,
    entity_key=pl.col("site_name"),
    called=("location_key", "site_name"),
    remote_name="site_name",
)
DESK = entity(
    "desk",
    LOCATION_KEY,
    Column(name="desk_name", help="Name.", required=True),
    EXTENSION,
    PHONE_NUMBER,
    PHONE_NUMBERS_SECONDARY,
    Column(
        name="desk_colour", help="Colour.", kind=Kind.CHOICE, choices=("darkBlue", "RED_HOT"), old_names=("desk_paint",)
    ),
    Column(name="desk_lift", help="Nothing serves it."),
    rank=2,
    entity_key=pl.format("{}/{}", "location_key", "desk_name"),
    owner=pl.format("desk:{}/{}", "location_key", "desk_name"),
    claims=(Claim("extension", per_location=True), Claim("phone_number"), Claim("phone_numbers_secondary")),
    joins=(Join(columns=("extension", "phone_number"), from_types=("desk_line",)),),
    rules=(
        Rule(
            "extension",
            pl.all_horizontal(pl.col("extension", "phone_number").is_null()),
            "a desk needs an extension or a phone_number; fill one",
        ),
    ),
    out_of_scope=(OutOfScope("desk_lift", pl.col("desk_lift").is_not_null(), "no API lifts desks; empty it"),),
)
DESK_LINE = entity(
    "desk_line",
    LOCATION_KEY,
    Column(name="desk_name", help="Name.", required=True),
    EXTENSION,
    PHONE_NUMBER,
    rank=3,
    entity_key=pl.format("{}/{}", "location_key", "desk_name"),
    owner=DESK.owner,
    claims=(Claim("extension", per_location=True), Claim("phone_number")),
)
PERSON = entity(
    "person",
    EMAIL,
    Column(name="person_tags", help="Tags.", many=True, most_items=3, clearable=True, old_names=("person_labels",)),
    aliases=("human",),
    rank=1,
    entity_key=pl.col("email"),
    owner=pl.format("person:{}", "email"),
    identity_columns=("display_name",),
)
WORLD = (SITE, PERSON, DESK, DESK_LINE)


def settings(**changes: Any) -> Settings:
    return Settings(
        webex_token=SecretStr("invented"),
        webex_base_url="http://127.0.0.1:1",
        environment=Environment.LAB,
        **changes,
    )


def csv_of(*rows: dict[str, str]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def intake_of(folder: Path, content: str | bytes, types: Sequence[EntityType] = WORLD, **changes: Any) -> IntakeResult:
    path = folder / "input.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return run_intake(path, settings(**changes), Clock(), types)


def rejections(result: IntakeResult) -> dict[int, tuple[str, str]]:
    """Row number -> reason and message."""
    frame = result.rejected.select("row_number", "reason_code", "reason_message")
    return {row: (reason, message) for row, reason, message in frame.iter_rows()}


def ready_numbers(result: IntakeResult) -> list[int]:
    return result.ready.get_column("row_number").to_list()


def cells(result: IntakeResult, column: str) -> list[str | None]:
    return result.ready.get_column(column).to_list()

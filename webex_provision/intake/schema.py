"""The pandera schemas of an entity type, built from its declaration: one for cells, one for rules over cells."""

from dataclasses import dataclass
from functools import lru_cache, partial

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData
from pandera.config import ValidationDepth, config_context

from webex_provision.actions.columns import COMMON_COLUMNS
from webex_provision.actions.declaration import Column, EntityType, Rule
from webex_provision.intake.complaints import Complaint, complaints
from webex_provision.intake.csv_file import TYPE_COLUMN, shortened
from webex_provision.intake.faults import FAULTS, no_faults
from webex_provision.vocabulary import Reason

_BLANK = "not_nullable"


class FaultyDeclaration(Exception):
    """A rule or pattern of an entity type can't be evaluated: a fault of the program, not of the CSV."""


@lru_cache(maxsize=256)
def columns_of(entity_type: EntityType) -> tuple[Column, ...]:
    """Every column that a row of the type may fill, common ones first, without entity_type itself."""
    own = {column.name for column in entity_type.columns}
    common = (column for column in COMMON_COLUMNS if column.name not in own | {TYPE_COLUMN})
    return (*common, *entity_type.columns)


@dataclass(frozen=True)
class Validation:
    """A pandera schema and, by the identifier of each check, what to tell about it."""

    schema: pa.DataFrameSchema
    complaints: dict[str, Complaint]
    columns: dict[str, Column]

    def faults(self, part: pl.DataFrame) -> pl.DataFrame:
        """What is wrong with the rows of a type; `part` names them in `row`. Raises FaultyDeclaration."""
        if part.is_empty() or not self.columns:
            return no_faults()
        try:
            with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
                self.schema.validate(part.select(list(self.columns)), lazy=True)
        except pa.errors.SchemaErrors as errors:
            cases = errors.failure_cases
        else:
            return no_faults()
        if not isinstance(cases, pl.DataFrame) or cases.get_column("index").has_nulls():
            raise FaultyDeclaration(f"schema of {self.schema.name}: {cases}")
        place = pl.Series("column", list(self.columns), pl.String)
        order = pl.DataFrame({"column": place, "place": range(place.len())})
        found = (
            cases.select(
                part.get_column("row").gather(cases.get_column("index")).alias("row"),
                pl.col("column"),
                pl.col("check"),
                pl.col("check_number").fill_null(-1),
                pl.col("failure_case").cast(pl.String),
            )
            .join(order, on="column", maintain_order="left")
            .sort("row", "place", "check_number")
            .unique(["row", "column"], keep="first", maintain_order=True)
        )
        told = found.select("column", "check", "failure_case").unique()
        messages = [self._message(*case) for case in told.iter_rows()]
        return (
            found.join(
                told.with_columns(pl.Series("message", messages, pl.String)),
                on=["column", "check", "failure_case"],
                nulls_equal=True,
                maintain_order="left",
            )
            .select("row", "column", pl.lit(Reason.INVALID_INPUT_SCHEMA.value).alias("reason"), "message")
            .cast(FAULTS)
        )

    def _message(self, name: str, check: str, value: str | None) -> str:
        """One message for each distinct bad value. Cells of `*_env` columns may hold a secret by mistake."""
        column = self.columns[name]
        if check == _BLANK:
            example = f", such as {column.example}" if column.example else ""
            return f"{name} is blank and required; fill it{example}"
        complaint = self.complaints[check]
        text = complaint.text if complaint.explain is None or value is None else complaint.explain(value)
        return f"{name}: {_quoted(name, value)} {text.strip()}" if complaint.quotes else f"{name}: {text}"


def _quoted(name: str, value: str | None) -> str:
    return "the value" if value is None or name.endswith("_env") else f"'{shortened(value)}'"


def _check(identifier: str, bad: pl.Expr) -> pa.Check:
    """A pandera check; a null verdict means that there is nothing to complain about."""

    def good(data: PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(~bad.fill_null(value=False))

    return pa.Check(good, error=identifier, ignore_na=False)


@lru_cache(maxsize=256)
def cell_validation(entity_type: EntityType) -> Validation:
    """Every cell by itself: required, kind, bounds, pattern, shape."""
    told: dict[str, Complaint] = {}
    columns = {}
    for column in columns_of(entity_type):
        checks = []
        for number, complaint in enumerate(complaints(column)):
            identifier = f"{column.name}#{number}"
            told[identifier] = complaint
            checks.append(_check(identifier, complaint.over(column)))
        columns[column.name] = pa.Column(pl.String, checks=checks, nullable=not column.required, required=True)
    return Validation(
        pa.DataFrameSchema(columns, name=entity_type.name), told, {c.name: c for c in columns_of(entity_type)}
    )


def _verdict(rule: Rule, _: pl.Expr) -> pl.Expr:
    return rule.broken


@lru_cache(maxsize=256)
def rule_validation(entity_type: EntityType) -> Validation:
    """The declared rules over several cells of a row."""
    told: dict[str, Complaint] = {}
    checks: dict[str, list[pa.Check]] = {column.name: [] for column in columns_of(entity_type)}
    for number, rule in enumerate(entity_type.rules):
        identifier = f"rule#{number}"
        told[identifier] = Complaint(rule.message, partial(_verdict, rule), quotes=False)
        checks[rule.column].append(_check(identifier, rule.broken))
    columns = {name: pa.Column(pl.String, checks=found, nullable=True) for name, found in checks.items()}
    named = {c.name: c for c in columns_of(entity_type)} if entity_type.rules else {}
    return Validation(pa.DataFrameSchema(columns, name=entity_type.name), told, named)

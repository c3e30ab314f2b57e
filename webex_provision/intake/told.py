"""How a warning speaks of many things: a few of them, and how many more there are."""

from collections.abc import Sequence

import polars as pl

from webex_provision.intake.csv_file import shortened
from webex_provision.intake.lists import restored

MOST_SHOWN = 5
_MOST_WARNINGS = 50


def shown(found: pl.DataFrame) -> pl.DataFrame:
    """The rows of a frame that a warning names."""
    return found.head(MOST_SHOWN)


def named(value: str) -> str:
    """A value as a warning shows it: short, on one line."""
    return shortened(" ".join(restored(value).split()))


def several(texts: Sequence[str], total: int) -> str:
    """The texts in one line; `total` is how many there would be in all."""
    more = total - len(texts)
    return ", ".join(texts) + (f", and {more} more" if more > 0 else "")


def bounded(warnings: Sequence[str]) -> list[str]:
    """So many warnings as a person reads; the last one counts the rest."""
    if len(warnings) <= _MOST_WARNINGS:
        return list(warnings)
    return [*warnings[:_MOST_WARNINGS], f"and {len(warnings) - _MOST_WARNINGS} more warnings"]

"""Text as intake compares it: trimmed, NFC, casefolded. Whole columns at a time."""

import difflib
import unicodedata
from collections.abc import Callable, Iterable

import polars as pl


def tidied(cell: pl.Expr) -> pl.Expr:
    """NFC, trimmed, line breaks as LF; a blank cell is null. Doing it twice changes nothing."""
    one_break = cell.str.normalize("NFC").str.replace_all("\r\n", "\n", literal=True)
    text = one_break.str.replace_all("\r", "\n", literal=True).str.strip_chars()
    return pl.when(text != "").then(text)


def _casefolded(column: pl.Series) -> pl.Series:
    """Casefolding knows no context, so the whole column is folded in one call; cells hold no NUL."""
    if column.is_empty():
        return column
    folded = unicodedata.normalize("NFC", "\0".join(column.fill_null("").to_list()).casefold())
    return pl.Series(column.name, folded.split("\0"), pl.String).zip_with(
        column.is_not_null(), pl.Series([None], dtype=pl.String)
    )


def folded(cell: pl.Expr) -> pl.Expr:
    """The cell NFC and casefolded: how names and keys are compared."""
    return cell.map_batches(_casefolded, return_dtype=pl.String)


def judged(cell: pl.Expr, fault: Callable[[str], str]) -> pl.Expr:
    """Whether `fault` finds something wrong with a cell; it is asked once for each distinct cell."""

    def judge(column: pl.Series) -> pl.Series:
        bad = pl.Series([value for value in column.drop_nulls().unique() if fault(value)], dtype=pl.String)
        return column.is_in(bad.implode())

    return cell.map_batches(judge, return_dtype=pl.Boolean)


def nearest(name: str, names: Iterable[str]) -> str:
    """` (nearest: …)` for a name that is not known; empty when nothing comes near."""
    near = difflib.get_close_matches(name[:200], list(names), n=1, cutoff=0.6)
    return f" (nearest: {near[0]})" if near else ""

"""List cells: items separated by `|`, where a backslash escapes `|`, `=`, `@`, `:` and itself.

The same grammar as `actions.row.split_items`, for whole columns: escapes are set aside as NULs, which no cell holds.
"""

import polars as pl

_ESCAPE = r"\\[|=@:\\]"
_BACKSLASH, _BAR = "\0b", "\0p"


def items_of(cell: pl.Expr) -> pl.Expr:
    """The trimmed items of a list cell, without empty ones; escapes are still set aside, so only for looking."""
    aside = cell.str.replace_all(r"\\", _BACKSLASH, literal=True).str.replace_all(r"\|", _BAR, literal=True)
    return aside.str.split("|").list.eval(pl.element().str.strip_chars().filter(pl.element().str.strip_chars() != ""))


def joined(items: pl.Expr) -> pl.Expr:
    """The items as one cell again."""
    cell = items.list.join("|")
    return cell.str.replace_all(_BAR, r"\|", literal=True).str.replace_all(_BACKSLASH, r"\\", literal=True)


def names_of(item: pl.Expr) -> pl.Expr:
    """An item of `items_of`, without its `=` attribute and its escapes: the name as it stands in the tenant."""
    plain = item.str.replace(r"([^\\])=[^=]*$", "${1}").str.strip_chars().str.replace_all(r"\\([=@:])", "${1}")
    return plain.str.replace_all(_BAR, "|", literal=True).str.replace_all(_BACKSLASH, "\\", literal=True)


def restored(item: str) -> str:
    """One item of `items_of` as it was written."""
    return item.replace(_BAR, r"\|").replace(_BACKSLASH, r"\\")


def badly_escaped(cell: pl.Expr) -> pl.Expr:
    """Whether a backslash stands before something that needs none."""
    return cell.str.replace_all(_ESCAPE, "").str.contains("\\", literal=True)

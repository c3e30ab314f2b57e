"""What each column of the header is: declared, old spelling, ours, free text or unknown. And its warnings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from webex_provision.actions.columns import COMMON_COLUMNS, SHARED_COLUMNS
from webex_provision.actions.declaration import EntityType
from webex_provision.intake.csv_file import UnusableCsv, shortened
from webex_provision.intake.text import nearest
from webex_provision.ledger.ready_rows import BOOKKEEPING

_OLD_SUFFIX = "_csv"


@dataclass(frozen=True)
class Header:
    """The columns of the input under their declared names, in the input's order.

    `known` are those that some type declares; `unknown` none does; what is in neither is ignored. `names` leaves
    out what an earlier intake added.
    """

    renamed: dict[str, str]
    names: tuple[str, ...]
    known: tuple[str, ...]
    unknown: tuple[str, ...]
    warnings: tuple[str, ...]


def known_columns(types: Sequence[EntityType]) -> dict[str, tuple[str, ...]]:
    """Every column that has a meaning, and the types that use it (none for common ones)."""
    found: dict[str, list[str]] = {column.name: [] for column in COMMON_COLUMNS}
    found |= {name: [] for name in sorted(SHARED_COLUMNS)}
    for entity_type in types:
        for name in (*(column.name for column in entity_type.columns), *entity_type.identity_columns):
            found.setdefault(name, []).append(entity_type.name)
    return {name: tuple(dict.fromkeys(users)) for name, users in found.items()}


def is_free_text(name: str) -> bool:
    """Whether a column is the operator's own: never read."""
    return name == "comment" or name.startswith("x_")


def resolved(path: Path, written: Sequence[str], types: Sequence[EntityType]) -> Header:
    """Sort the columns of a header. Raises UnusableCsv when a column stands there in its old and its new spelling."""
    known = known_columns(types)
    columns = [column for entity_type in types for column in entity_type.columns]
    lists = {column.name for column in columns if column.many}
    old = {f"{name}{_OLD_SUFFIX}": name for name in lists}
    old |= {name: column.name for column in columns for name in column.old_names}
    renamed: dict[str, str] = {}
    warnings = []
    for name in written:
        if name in known or name not in old:
            continue
        new = old[name]
        if new in written or new in renamed.values():
            raise UnusableCsv(path, f"'{name}' is the old spelling of '{new}', and both are there; keep one", line=1)
        renamed[name] = new
        how = "; its items are separated by |, not by commas" if new in lists else ""
        warnings.append(f"column '{name}' is read as '{new}'{how}")
    ours = [name for name in written if name in BOOKKEEPING and name not in known]
    warnings += [f"column '{name}' is made by this program; its cells are not read" for name in ours]
    names = tuple(renamed.get(name, name) for name in written if name not in ours)
    unknown = tuple(name for name in names if name not in known and not is_free_text(name))
    warnings += [
        f"column '{shortened(name)}' is not known{nearest(name, known)}; rows that fill it are not sent"
        for name in unknown
    ]
    return Header(renamed, names, tuple(name for name in names if name in known), unknown, tuple(warnings))

"""CSV templates: a header and one example row a type, written from the declarations.

`python -m webex_provision.templates` writes one file a phase and one with all types into data/templates (another
folder: its one argument); a test holds the committed files equal to that. Nothing is read from a folder, so an
installed wheel writes templates too.
"""

import csv
import io
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from webex_provision.actions.actions_registry import ENTITY_TYPES, entity_types_by_name, entity_types_of
from webex_provision.actions.columns import COMMON_COLUMNS
from webex_provision.actions.declaration import EntityType
from webex_provision.vocabulary import Phase

NOTE = "comment"  # free text: intake never reads it


def template(names: Iterable[str]) -> str:
    """A CSV for these types, in execution order: their columns, and one example row for each name or alias.

    Columns that no API serves are left out. A row fills every cell that can stand beside the others: what is not
    wanted is emptied. Raises KeyError for a name that is no type's.
    """
    wanted = set(names)
    chosen = {entity_types_by_name()[name] for name in wanted}
    types = [declared for declared in ENTITY_TYPES if declared in chosen]
    columns = [
        *(column.name for column in COMMON_COLUMNS),
        *(column.name for declared in types for column in declared.columns if column.example),
        NOTE,
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(columns)), restval="", lineterminator="\n")
    writer.writeheader()
    for declared in types:
        titled = {NOTE: declared.title}
        writer.writerows(example_row(declared, name) | titled for name in declared.names if name in wanted)
    return text.getvalue()


def example_row(declared: EntityType, name: str) -> dict[str, str]:
    """The filled cells of the example row that a type has under its name or an alias, by column."""
    cells = {column.name: column.example for column in declared.columns}
    cells |= {**declared.example, **declared.alias_examples.get(name, {})}
    return {"entity_type": name} | {column: cell for column, cell in cells.items() if cell}


def names_of(types: Iterable[EntityType]) -> list[str]:
    """Every name and alias of the types."""
    return [name for declared in types for name in declared.names]


def templates() -> Mapping[str, str]:
    """Every file of data/templates, by name: one a phase, and one with all types."""
    phases = {f"phase_{int(phase)}.csv": template(names_of(entity_types_of(phase))) for phase in Phase}
    return phases | {"all.csv": template(names_of(ENTITY_TYPES))}


def write_templates(folder: Path) -> None:
    """Write every template into a folder, which is made when it is not there. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in templates().items():
        (folder / name).write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    write_templates(Path(*sys.argv[1:2] or ["data/templates"]))

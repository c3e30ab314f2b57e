"""data/input_schema.md: the closed input contract, written from the declarations.

`python -m webex_provision.input_schema` prints it; a test holds the committed file equal to what is printed.
"""

import sys
from collections.abc import Iterator

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.actions.columns import COMMON_COLUMNS
from webex_provision.actions.declaration import Check, Column, EntityType
from webex_provision.explanation import facts

_HEAD = """# What may stand in the CSV

One row is one entity. The columns of a row's `entity_type` are listed below; other cells of the row stay blank.

- UTF-8 with commas; a BOM, CRLF line ends, quoted line breaks and any order of columns are fine.
- So is an .xlsx workbook: each sheet has its own header in row 1. Hidden sheets are not read, nor those named `_…`,
  `notes…`, `readme…`, `instructions…`, `notas…`, `léeme…`, `instrucciones…`.
- A blank cell is not sent and changes nothing. A lone `-` clears, where the table says *clearable*.
- Lists are separated by `|`; one attribute of an item follows `=`; a backslash escapes `|`, `=`, `@`, `:` in a name.
- Phone numbers are E.164 (`+34910002101`), extensions 2 to 8 digits; leading zeros are kept.
- A member is an email, `workspace:<name>` or `virtual_line:<name>`, with `@<location_key>` where names repeat.
- Another entity is named by a key of its row in the same CSV, else by its name in the tenant; never by an id.
- Free text lives in `comment` or `x_…` columns, which are ignored.

Rows run in the order of this page: phase 1, 2, 3, and inside a phase type by type.
"""


def markdown() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_common(), *(line for declared in ENTITY_TYPES for line in _section(declared))]) + "\n"


def _common() -> Iterator[str]:
    yield "## Every row\n"
    yield from _table(COMMON_COLUMNS)


def _section(declared: EntityType) -> Iterator[str]:
    also = f" (also written `{'`, `'.join(declared.aliases)}`)" if declared.aliases else ""
    yield f"## {declared.name}\n"
    yield f"Phase {int(declared.phase)}{also}. {declared.title}\n"
    yield from _table(declared.columns)
    for message in (*(rule.message for rule in declared.rules), *(wish.message for wish in declared.apart)):
        yield f"- {message}."
    for wish in declared.out_of_scope:
        yield f"- `{wish.column}` waits as out_of_scope: {wish.message}."
    for unfit in declared.unfit:
        yield f"- A warning: {unfit.message} (`{unfit.members}`)."
    for overlap in declared.overlaps:
        meets = "begin with" if overlap.leading else "match"
        yield f"- A warning where `{overlap.patterns}` {meets} the `{overlap.other}` of a row: {overlap.message}."
    yield f"\nSteps: {' → '.join(dict.fromkeys(_steps(declared)))}.\n"


def _steps(declared: EntityType) -> Iterator[str]:
    for step in declared.steps:
        endpoint = getattr(step, "endpoint", None)
        if endpoint is not None:
            yield f"`{step.name}` ({endpoint})"
        elif not isinstance(step, Check):
            yield f"`{step.name}`"


def _table(columns: tuple[Column, ...]) -> Iterator[str]:
    yield "| column | needed | what | API field | example |"
    yield "| --- | --- | --- | --- | --- |"
    for column in columns:
        needed = "yes" if column.required else ""
        cells = (f"`{column.name}`", needed, _what(column), _code(column.feeds), _code(column.example))
        yield f"| {' | '.join(cells)} |"
    yield ""


def _what(column: Column) -> str:
    return f"{column.help} *{'; '.join(facts(column, quote='`'))}*"


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


if __name__ == "__main__":
    sys.stdout.write(markdown())

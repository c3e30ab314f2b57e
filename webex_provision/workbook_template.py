"""A workbook to start from: a sheet a type, whose cells a spreadsheet program leaves as they are typed.

All columns are text, so that no number loses its plus or its zeros; the header explains its columns in comments and
marks what is required; what has a closed list of values offers it.
"""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from webex_provision.actions.actions_registry import ENTITY_TYPES, entity_types_by_name
from webex_provision.actions.columns import COMMON_COLUMNS
from webex_provision.actions.declaration import Column, EntityType, Kind
from webex_provision.actions.row import CLEAR
from webex_provision.explanation import facts
from webex_provision.templates import NOTE, example_row

_TEXT = "@"
_LAST_ROW = 1_048_576
_LONGEST_LIST = 255  # characters that a list of values may have inside a cell's validation
_BOLD = Font(bold=True)
_REQUIRED = PatternFill("solid", start_color="FFE699")
_WIDEST = 40
_TYPE = "entity_type"
_NOTES = (
    "One sheet a type; the rows run in the order of the types, whatever the order of the sheets.",
    "Yellow columns must be filled; point at a header for what may stand below it. A blank cell changes nothing.",
    "The rows below the headers are examples: mend them, delete what is not wanted.",
    "All columns are text: keep it so, or numbers lose their + and leading zeros.",
    "Sheets named notes…, notas… or _… are not read, like this one; nor are columns named comment or x_….",
)


def workbook_template(names: Iterable[str]) -> bytes:
    """An .xlsx for these types in execution order, with an example row for each name or alias.

    Raises KeyError for a name that is no type's.
    """
    wanted = set(names)
    chosen = {entity_types_by_name()[name] for name in wanted}
    types = [declared for declared in ENTITY_TYPES if declared in chosen]
    book = Workbook()
    _write_notes(book.active, types)
    for declared in types:
        _write_sheet(book.create_sheet(declared.name), declared, [name for name in declared.names if name in wanted])
    book.active = 1 if types else 0
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _write_notes(sheet: Any, types: Sequence[EntityType]) -> None:
    sheet.title = "notes"
    for line in _NOTES:
        sheet.append([line])
    sheet.append([])
    sheet.append(["sheet", "phase", "what a row is"])
    for declared in types:
        sheet.append([declared.name, int(declared.phase), declared.title])


def _write_sheet(sheet: Any, declared: EntityType, names: Sequence[str]) -> None:
    examples = [example_row(declared, name) | {NOTE: declared.title} for name in names]
    columns = {column.name: column for column in (*COMMON_COLUMNS, *declared.columns) if _offered(column)}
    for index, name in enumerate([*columns, NOTE], start=1):
        letter = get_column_letter(index)
        column = columns.get(name)
        cells = [row.get(name, "") for row in examples]
        _write_header(sheet.cell(1, index), name, column)
        for number, text in enumerate(cells, start=2):
            cell = sheet.cell(number, index, text or None)
            cell.number_format = _TEXT
            if text:
                cell.data_type = "s"  # never a formula, whatever it begins with
        sheet.column_dimensions[letter].width = min(max(map(len, [name, *cells])) + 2, _WIDEST)
        sheet.column_dimensions[letter].number_format = _TEXT
        values = declared.names if name == _TYPE else _values(column)
        if values:
            _offer(sheet, letter, values)
    sheet.freeze_panes = "B2"


def _offered(column: Column) -> bool:
    return column in COMMON_COLUMNS or bool(column.example)


def _write_header(cell: Any, name: str, column: Column | None) -> None:
    cell.value = name
    cell.font = _BOLD
    if column is None:
        return
    if column.required:
        cell.fill = _REQUIRED
    needed = "Required. " if column.required else ""
    example = f"\nExample: {column.example}" if column.example else ""
    comment = Comment(f"{needed}{column.help}\n{'; '.join(facts(column))}{example}", "webex-provision")
    comment.width, comment.height = 360, 140
    cell.comment = comment


def _values(column: Column | None) -> Sequence[str]:
    """The closed list of a column's cells; empty where there is none."""
    if column is None or column.many:
        return ()
    values = ("true", "false") if column.kind is Kind.BOOLEAN else tuple(column.choices)
    return (*values, CLEAR) if values and column.clearable else values


def _offer(sheet: Any, letter: str, values: Sequence[str]) -> None:
    listed = ",".join(values)
    if len(listed) > _LONGEST_LIST or '"' in listed:
        return  # the header's comment lists them
    offer = DataValidation("list", formula1=f'"{listed}"', allow_blank=True, showErrorMessage=True)
    offer.error = f"One of: {', '.join(values)}"[:_LONGEST_LIST]
    offer.add(f"{letter}2:{letter}{_LAST_ROW}")
    sheet.add_data_validation(offer)

"""Tables whose rows become lists where the screen is too narrow for them; names, which are to be copied, are never cut.

What stands in a cell can't move the cursor.
"""

from collections.abc import Iterable, Mapping, Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from webex_provision.console.screen import harmless, say, say_folded, stdout

Cell = str | tuple[str, ...]  # lines of their own

_GAP = 2  # columns of the screen between two columns of a table
_NARROWEST = 30  # columns of the screen below which sentences in a table are cramped


def show_table(
    columns: Sequence[str], rows: Sequence[Sequence[Cell]], sentences: Mapping[str, str], *, head: str = ""
) -> None:
    """A table where the screen has room for one, else a list.

    `sentences` are the columns that may be folded, each with what stands before it in a list; `head` stands there
    before the first cell of a row.
    """
    names = [place for place, column in enumerate(columns) if column not in sentences]
    widths = [max(cell_len(line) for row in (columns, *rows) for line in _lines(row[place])) for place in names]
    if stdout().width < sum(widths) + len(sentences) * _NARROWEST + (len(columns) - 1) * _GAP:
        _stack(columns, rows, sentences, head)
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column not in sentences)
    for row in rows:
        table.add_row(*(Text("\n").join(map(harmless, _lines(cell))) for cell in row))
    stdout().print(table)


def _stack(columns: Sequence[str], rows: Iterable[Sequence[Cell]], sentences: Mapping[str, str], head: str) -> None:
    """Each row by itself: its first cell, below it the other names on one line, then the sentences."""
    for row in rows:
        say(head + " ".join(_lines(row[0])), style="bold")
        told = {column: _lines(cell) for column, cell in zip(columns, row, strict=True) if cell}
        names = [f"{name}: {' '.join(told[name])}" for name in columns[1:] if name in told and name not in sentences]
        texts = [f"{sentences[column]}{line}" for column in sentences for line in told.get(column, ())]
        for text in ("; ".join(names), *texts):
            say_folded(text, first="    ", rest="      ")


def _lines(cell: Cell) -> tuple[str, ...]:
    return (cell,) if isinstance(cell, str) else cell

"""The end of a run, and `status`: how rows stand, why some wait with the command that mends it, where the files are."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from webex_provision.console.languages import ENGLISH, Words
from webex_provision.console.screen import harmless, say, say_folded, stdout
from webex_provision.console.standing import Standing

_COLOURS = {"COMPLETED": "bold green", "COMPLETED_WITH_PENDING": "bold yellow", "RUNNING": "bold cyan"}
_MOST_REASONS = 20
_WIDEST = 1_000  # columns of a screen on which every table has room
_NARROWEST = 30  # a remedy in fewer columns stands below its reason
_FILES = (
    ("results.csv", "file_results"),
    ("row_errors.csv", "file_errors"),
    ("run_summary.json", "file_summary"),
    ("run.log", "file_log"),
)


def show_standing(standing: Standing, words: Words = ENGLISH) -> None:
    """The whole of it: state, counts, reasons with remedy and command, what to do next, files."""
    out = stdout()
    out.print()
    out.print(Text(standing.state, style=_COLOURS.get(standing.state, "bold red")), harmless(standing.input))
    if standing.holder:
        say(words("worked_on_by", holder=standing.holder))
    elif standing.message:
        say(standing.message)
    if standing.finished and standing.not_reached:
        say(words("part_only", count=standing.not_reached), style="yellow")
    out.print(_counts(standing, words))
    show_rejected(standing, words)
    if standing.rejected:
        say(f"  {standing.run_command()}   # {words('next_mended')}")
    show_reasons(words("pending_title"), standing.pending_by_reason, words, standing.retry_commands())
    _next(standing, words)
    _files(standing, words)


def _counts(standing: Standing, words: Words) -> Table:
    names = [words(key) for key in ("success", "pending", "not_reached", "rejected", "all")]
    table = Table("", *names, box=None, pad_edge=False)
    for name, counts in standing.by_type.items():
        done = _cells(*(counts.get(status, 0) for status in ("success", "pending")))
        refused = str(counts["rejected"]) if "rejected" in counts else ""
        table.add_row(harmless(name or words("no_type")), *done, "", refused, "")
    table.add_row(
        Text(words("all_rows"), style="bold"),
        *_cells(standing.success, standing.pending, standing.not_reached, standing.rejected),
        str(standing.read),
    )
    names_stay_whole(table)
    return table


def names_stay_whole(table: Table) -> None:
    """For a table of counts with its rows: where the screen is narrow, headings are folded rather than names cut.

    They are folded at spaces, elsewhere only where that does not suffice.
    """
    first, *counts = table.columns
    first.no_wrap = True
    out = stdout()
    wide = out.measure(table, options=out.options.update(width=_WIDEST)).maximum > out.width
    for column in counts:
        column.justify, column.overflow = "right", "fold"
        column.header = str(column.header).replace(" ", "\n") if wide else column.header


def _cells(*counts: int) -> list[str]:
    return [str(count) for count in counts]


def show_rejected(standing: Standing, words: Words) -> None:
    """Why rows were rejected, and the first of them with row, column and cure."""
    show_reasons(words("rejected_title"), standing.rejected_by_reason, words)
    show_first(standing.rejections, standing.rejected, standing.folder / "rejected_rows.csv", words)


def show_first(messages: Sequence[str], count: int, file: Path, words: Words) -> None:
    """The messages of the first rows of `count`, and where the others are told."""
    for message in messages:
        say_folded(message, first="  ", rest="    ")
    if count > len(messages):
        say(f"  {words('rows_more', count=count - len(messages), file=file)}")


def show_reasons(
    title: str, reasons: Mapping[str, int], words: Words, commands: Mapping[str, str] | None = None
) -> None:
    """Each reason with its rows, its remedy and, on a line of its own to be copied, its command; none: nothing.

    The most frequent ones come first, _MOST_REASONS at most.
    """
    if not reasons:
        return
    shown = list(reasons.items())[:_MOST_REASONS]
    known = commands or {}
    first = max(len(title), *(len(reason) for reason, _ in shown))
    second = max(len(words("rows")), *(len(str(count)) for _, count in shown))
    say("")
    say(f"{title:<{first}}  {words('rows'):>{second}}  {words('what_to_do')}", style="bold")
    for reason, count in shown:
        _remedy(f"{reason:<{first}}  {count:>{second}}  ", words.remedy(reason))
        if reason in known:
            say(f"  {known[reason]}", style="cyan")


def _remedy(head: str, remedy: str) -> None:
    """A remedy beside its reason, folded at words; below it where the screen is too narrow."""
    out = stdout()
    beside = out.width - len(head) >= _NARROWEST
    lines = textwrap.wrap(remedy, max(out.width - (len(head) if beside else 4), _NARROWEST)) or [""]
    if not beside:
        say(head.rstrip())
    for place, line in enumerate(lines):
        say((head if place == 0 else " " * len(head)) + line if beside else f"    {line}")


def _next(standing: Standing, words: Words) -> None:
    """What is to be done to the roll-out as a whole."""
    commands = standing.whole_commands(words)
    if not commands:
        return
    say("")
    say(words("next"), style="bold")
    for why, command in commands:
        say(f"  {command}   # {why}")


def _files(standing: Standing, words: Words) -> None:
    say("")
    say(words("files_in", folder=standing.folder), style="bold")
    for name, what in _FILES:
        if (standing.folder / name).exists():
            say(f"  {name:<18}{words(what)}")

"""Tables for people: how rows stand, why some wait and what to do, where the files are."""

from rich.table import Table
from rich.text import Text

from webex_provision.console.languages import ENGLISH, Words
from webex_provision.console.screen import harmless, say, stdout
from webex_provision.console.standing import Standing

_COLOURS = {"COMPLETED": "bold green", "COMPLETED_WITH_PENDING": "bold yellow", "RUNNING": "bold cyan"}
_MOST_REASONS = 10
_FILES = (
    ("results.csv", "file_results"),
    ("row_errors.csv", "file_errors"),
    ("run_summary.json", "file_summary"),
    ("run.log", "file_log"),
)


def show_standing(standing: Standing, words: Words = ENGLISH) -> None:
    """The whole of it: state, counts, reasons, what to do next, files."""
    out = stdout()
    out.print()
    out.print(Text(standing.state, style=_COLOURS.get(standing.state, "bold red")), harmless(standing.input))
    if standing.holder:
        say(words("worked_on_by", holder=standing.holder))
    elif standing.message:
        say(standing.message)
    out.print(_counts(standing, words))
    show_reasons(words("pending_title"), standing.pending_by_reason, words)
    show_reasons(words("rejected_title"), standing.rejected_by_reason, words)
    _next(standing, words)
    _files(standing, words)


def _counts(standing: Standing, words: Words) -> Table:
    names = [words(key) for key in ("success", "pending", "not_reached", "rejected", "all")]
    table = Table("", *names, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, counts in standing.by_type.items():
        table.add_row(harmless(name), *_cells(counts.get("success", 0), counts.get("pending", 0)), "", "", "")
    table.add_row(
        Text(words("all_rows"), style="bold"),
        *_cells(standing.success, standing.pending, standing.not_reached, standing.rejected),
        str(standing.read),
    )
    return table


def _cells(*counts: int) -> list[str]:
    return [str(count) for count in counts]


def show_reasons(title: str, reasons: dict[str, int], words: Words) -> None:
    """The most frequent ones with their remedy; nothing where there are none."""
    if not reasons:
        return
    out = stdout()
    out.print()
    table = Table(title, words("rows"), words("what_to_do"), box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for reason, count in list(reasons.items())[:_MOST_REASONS]:
        table.add_row(harmless(reason), str(count), words.remedy(reason))
    out.print(table)


def _next(standing: Standing, words: Words) -> None:
    commands = standing.next_commands(words)
    if not commands:
        return
    say("")
    say(words("next"), style="bold")
    for why, command in commands[:_MOST_REASONS]:
        say(f"  {command}   # {why}")


def _files(standing: Standing, words: Words) -> None:
    say("")
    say(words("files_in", folder=standing.folder), style="bold")
    for name, what in _FILES:
        if (standing.folder / name).exists():
            say(f"  {name:<18}{words(what)}")

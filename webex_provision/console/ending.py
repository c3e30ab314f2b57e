"""Tables for people: how rows stand, why some wait and what to do, where the files are."""

from rich.table import Table
from rich.text import Text

from webex_provision.console.screen import say, stdout
from webex_provision.console.standing import Standing
from webex_provision.vocabulary import Reason

_COLOURS = {"COMPLETED": "bold green", "COMPLETED_WITH_PENDING": "bold yellow", "RUNNING": "bold cyan"}
_MOST_REASONS = 10
_FILES = (
    ("results.csv", "one line a row and attempt"),
    ("row_errors.csv", "rejected and pending rows with their remedy"),
    ("run_summary.json", "this run in figures"),
    ("run.log", "what happened, one JSON object a line"),
)


def show_standing(standing: Standing) -> None:
    """The whole of it: state, counts, reasons, what to do next, files."""
    out = stdout()
    out.print()
    out.print(Text(standing.state, style=_COLOURS.get(standing.state, "bold red")), Text(standing.input))
    if standing.holder:
        say(f"being worked on by {standing.holder}")
    elif standing.message:
        say(standing.message)
    out.print(_counts(standing))
    _reasons("Pending", standing.pending_by_reason)
    _reasons("Rejected at intake, never sent", standing.rejected_by_reason)
    _next(standing)
    _files(standing)


def _counts(standing: Standing) -> Table:
    table = Table("", "success", "pending", "not reached", "rejected", "all", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, counts in standing.by_type.items():
        table.add_row(name, *_cells(counts.get("success", 0), counts.get("pending", 0)), "", "", "")
    table.add_row(
        Text("all rows", style="bold"),
        *_cells(standing.success, standing.pending, standing.not_reached, standing.rejected),
        str(standing.read),
    )
    return table


def _cells(*counts: int) -> list[str]:
    return [str(count) for count in counts]


def _reasons(title: str, reasons: dict[str, int]) -> None:
    if not reasons:
        return
    out = stdout()
    out.print()
    table = Table(title, "rows", "what to do", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for reason, count in list(reasons.items())[:_MOST_REASONS]:
        remedy = Reason(reason).remedy if reason in {known.value for known in Reason} else ""
        table.add_row(reason, str(count), remedy)
    out.print(table)


def _next(standing: Standing) -> None:
    commands = standing.next_commands()
    if not commands:
        return
    say("")
    say("Next", style="bold")
    for why, command in commands[:_MOST_REASONS]:
        say(f"  {command}   # {why}")


def _files(standing: Standing) -> None:
    say("")
    say(f"Files in {standing.folder}/", style="bold")
    for name, what in _FILES:
        if (standing.folder / name).exists():
            say(f"  {name:<18}{what}")

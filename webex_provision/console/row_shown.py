"""The verb `show`: a row's story as text, or as JSON for scripts. What stands in a cell can't move the cursor."""

from dataclasses import asdict

from rich.table import Table

from webex_provision.console.languages import ENGLISH
from webex_provision.console.past_runs import to_seconds
from webex_provision.console.row_story import Attempt, Story, stories_of
from webex_provision.console.screen import harmless, say, say_json, stdout
from webex_provision.ledger.folder import RollOutFolder

_COLOURS = {"success": "green", "pending": "yellow", "rejected": "red"}


def show_row(folder: RollOutFolder, wanted: str, *, as_json: bool) -> None:
    """One row is told whole, several are listed. Raises NoSuchRow, NoRollOut, CorruptLedger."""
    stories, more = stories_of(folder, wanted)
    if as_json:
        rows = [asdict(story) | {"remedy": ENGLISH.remedy(story.reason)} for story in stories]
        say_json({"folder": str(folder.root), "asked": wanted, "rows": rows, "more": more})
    elif len(stories) == 1:
        _tell(stories[0])
    else:
        _list(stories, more)


def _list(stories: list[Story], more: int) -> None:
    table = Table("row_id", "entity_type", "entity_key", "state", "reason", "message", box=None, pad_edge=False)
    for story in stories:
        cells = (story.row_id, story.entity_type, story.entity_key, story.status, story.reason, story.message)
        table.add_row(*map(harmless, cells))
    stdout().print(table)
    say("")
    say(f"{len(stories) + more} rows{f', of which {more} are not listed' if more else ''}. One: show with its row_id.")


def _tell(story: Story) -> None:
    say(f"row {story.row_id}: {story.entity_type} {story.entity_key}", style="bold")
    phase = f", phase {story.phase}" if story.phase else ""
    say(f"{story.status}{phase}, row {story.row_number} of the CSV", style=_COLOURS.get(story.status, ""))
    if story.reason:
        say(f"{story.reason}: {story.message}")
        say(f"what to do: {ENGLISH.remedy(story.reason)}")
    say("")
    say("Cells", style="bold")
    width = max((len(name) for name in story.cells), default=0)
    for name, value in story.cells.items():
        say(f"  {name:<{width}}  {value}")
    say("")
    say("Attempts", style="bold")
    if not story.attempts:
        say("  rejected at intake, never sent" if story.phase is None else "  none yet")
    for attempt in story.attempts:
        _tell_attempt(attempt)
    for request in story.unanswered:
        say(
            f"  {request.attempt}, {to_seconds(request.timestamp)}: {request.step} was about to be sent; "
            "no outcome is recorded. The next attempt looks it up first."
        )


def _tell_attempt(attempt: Attempt) -> None:
    by = f" by {attempt.who}" if attempt.who else ""
    say(f"  {attempt.attempt}, {to_seconds(attempt.timestamp)}, run {attempt.run_id}{by}, {attempt.batch_id}")
    status = f", HTTP {attempt.http_status}" if attempt.http_status is not None else ""
    reason = f" ({attempt.reason})" if attempt.reason else ""
    say(f"     {attempt.status}{reason} at {attempt.step}{status}", style=_COLOURS.get(attempt.status, ""))
    told = (("message", attempt.message), ("tracking id", attempt.tracking_id), ("remote id", attempt.remote_id))
    for name, value in told:
        if value:
            say(f"     {name}: {value}")

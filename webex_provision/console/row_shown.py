"""The verb `show`: a row's story as text, or as JSON for scripts. What stands in a cell can't move the cursor."""

from dataclasses import asdict

from webex_provision.console.languages import ENGLISH, Words
from webex_provision.console.past_runs import to_seconds
from webex_provision.console.row_story import Attempt, Story, stories_of
from webex_provision.console.screen import say, say_folded, say_json
from webex_provision.console.tables import show_table
from webex_provision.ledger.folder import RollOutFolder

_COLOURS = {"success": "green", "pending": "yellow", "rejected": "red"}


def show_row(folder: RollOutFolder, wanted: str, *, as_json: bool, words: Words = ENGLISH) -> None:
    """One row is told whole, several are listed. Raises NoSuchRow, NoRollOut, CorruptLedger."""
    stories, more = stories_of(folder, wanted)
    if as_json:
        rows = [asdict(story) | {"remedy": ENGLISH.remedy(story.reason)} for story in stories]
        say_json({"folder": str(folder.root), "asked": wanted, "rows": rows, "more": more})
    elif len(stories) == 1:
        _tell(stories[0], words)
    else:
        _list(stories, more, words)


def _list(stories: list[Story], more: int, words: Words) -> None:
    headings = [*(words(key) for key in ("row", "type", "key", "state")), words("filter_reason").lower(), words("told")]
    rows = [
        (story.row_id, story.entity_type, story.entity_key, story.status, story.reason, story.message)
        for story in stories
    ]
    show_table(headings, rows, {headings[-1]: ""}, head=f"{headings[0]} ")
    say("")
    say(words("rows_listed" if more else "rows_all_listed", count=len(stories) + more, more=more))


def _tell(story: Story, words: Words) -> None:
    say(f"{words('row')} {story.row_id}: {story.entity_type} {story.entity_key}", style="bold")
    place = words("phase_of" if story.phase else "row_of", phase=story.phase, row=story.row_number)
    say(f"{story.status}, {place}", style=_COLOURS.get(story.status, ""))
    if story.reason:
        say_folded(f"{story.reason}: {story.message}", rest="  ")
        say_folded(f"{words('what_to_do')}: {words.remedy(story.reason)}", rest="  ")
    say("")
    say(words("cells"), style="bold")
    width = max((len(name) for name in story.cells), default=0)
    for name, value in story.cells.items():
        say(f"  {name:<{width}}  {value}")
    say("")
    say(words("attempts"), style="bold")
    if not story.attempts:
        say(f"  {words('never_sent' if story.phase is None else 'no_attempt')}")
    for attempt in story.attempts:
        _tell_attempt(attempt, words)
    for request in story.unanswered:
        say(f"  {request.attempt}, {to_seconds(request.timestamp)}: {words('unanswered', step=request.step)}")


def _tell_attempt(attempt: Attempt, words: Words) -> None:
    key = "attempt_by" if attempt.who else "attempt_of"
    facts = {"time": to_seconds(attempt.timestamp), "run": attempt.run_id, "who": attempt.who}
    say_folded(words(key, attempt=attempt.attempt, batch=attempt.batch_id, **facts), first="  ", rest="     ")
    status = f", HTTP {attempt.http_status}" if attempt.http_status is not None else ""
    reason = f" ({attempt.reason})" if attempt.reason else ""
    what = words("at_step", status=f"{attempt.status}{reason}", step=attempt.step)
    say(f"     {what}{status}", style=_COLOURS.get(attempt.status, ""))
    told = (("told", attempt.message), ("tracking_id", attempt.tracking_id), ("remote_id", attempt.remote_id))
    for key, value in told:
        if value:
            say_folded(f"{words(key)}: {value}", first="     ", rest="       ")

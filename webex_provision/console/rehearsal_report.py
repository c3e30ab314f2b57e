"""What a rehearsal has shown: states and calls by type, reasons, and the time that a real run would take."""

import shlex
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.console.call_counter import minutes_needed
from webex_provision.console.ending import show_reasons
from webex_provision.console.languages import Words
from webex_provision.console.screen import harmless, say, stdout
from webex_provision.console.standing import Standing
from webex_provision.console.tally import duration


@dataclass(frozen=True)
class Rehearsed:
    """How it ended; calls by entity type (in the order of the run) and endpoint family; what was provided for it."""

    standing: Standing
    calls: dict[str, Counter[str]]
    calls_per_minute: float
    missing_users: float
    needs: tuple[str, ...]

    def states_by_type(self) -> dict[str, Counter[str]]:
        """Rows by state under the names of their types; an alias counts with its type."""
        known, found = entity_types_by_name(), dict[str, Counter[str]]()
        for written, counts in self.standing.by_type.items():
            found.setdefault(known[written].name, Counter()).update(counts)
        return found

    def seconds_by_type(self) -> dict[str, float]:
        """How long the calls of each type take at least; types run one after the other."""
        return {name: minutes_needed(calls, self.calls_per_minute) * 60 for name, calls in self.calls.items()}

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        standing, seconds, states = self.standing, self.seconds_by_type(), self.states_by_type()
        return {
            "state": standing.state,
            "message": standing.message,
            "folder": str(standing.folder),
            "read": standing.read,
            "rejected": standing.rejected,
            "success": standing.success,
            "pending": standing.pending,
            "not_reached": standing.not_reached,
            "pending_by_reason": standing.pending_by_reason,
            "rejected_by_reason": standing.rejected_by_reason,
            "by_type": {
                name: {**states.get(name, {}), "calls": calls.total(), "seconds": round(seconds[name], 1)}
                for name, calls in self.calls.items()
            },
            "calls_by_family": dict(sum(self.calls.values(), Counter[str]())),
            "calls": sum(calls.total() for calls in self.calls.values()),
            "calls_per_minute": self.calls_per_minute,
            "seconds": round(sum(seconds.values()), 1),
            "a_real_run_needs": list(self.needs),
        }


def show_rehearsal(rehearsed: Rehearsed, csv: Path, words: Words) -> None:
    """The whole of it, for people."""
    standing, out = rehearsed.standing, stdout()
    out.print()
    out.print(Text(standing.state, style="bold"), harmless(words("in_rehearsal", csv=csv)))
    if standing.message:
        say(standing.message)
    out.print(_types(rehearsed, words))
    show_reasons(words("would_be_pending"), standing.pending_by_reason, words)
    show_reasons(words("rejected_title"), standing.rejected_by_reason, words)
    if rehearsed.missing_users:
        say(words("left_out", share=rehearsed.missing_users * 100))
    _time(rehearsed, words)
    say("")
    say(words("rehearsal_files", folder=standing.folder))
    if rehearsed.needs:
        say(words("set_before", names=" ".join(rehearsed.needs)), style="yellow")
    say(words("for_real", command=shlex.join(["webex-provision", "run", str(csv)])))


def _types(rehearsed: Rehearsed, words: Words) -> Table:
    standing, states, seconds = rehearsed.standing, rehearsed.states_by_type(), rehearsed.seconds_by_type()
    headings = [words(key) for key in ("success", "pending", "not_reached", "rejected", "all", "calls")]
    at_limit = words("at_limit", rate=rehearsed.calls_per_minute)
    table = Table("", *headings, at_limit, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, calls in rehearsed.calls.items():
        counts = states.get(name, Counter())
        rows = [str(counts["success"]), str(counts["pending"])] if counts else ["", ""]
        table.add_row(name, *rows, "", "", "", str(calls.total()), duration(seconds[name]))
    totals = (standing.success, standing.pending, standing.not_reached, standing.rejected, standing.read)
    all_calls = sum(calls.total() for calls in rehearsed.calls.values())
    all_seconds = duration(sum(seconds.values()))
    table.add_row(Text(words("all_rows"), style="bold"), *map(str, totals), str(all_calls), all_seconds)
    return table


def _time(rehearsed: Rehearsed, words: Words) -> None:
    families = sum(rehearsed.calls.values(), Counter[str]())
    told = ", ".join(f"{name} {count}" for name, count in families.most_common())
    say("")
    say(words("calls_by_family", told=told))
    seconds = sum(rehearsed.seconds_by_type().values())
    say(words("real_time", time=duration(seconds), rate=rehearsed.calls_per_minute))

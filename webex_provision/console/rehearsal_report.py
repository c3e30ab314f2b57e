"""What a rehearsal has shown: states and calls by type, reasons, and the time that a real run would take."""

import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.console.call_counter import AFTER_ROWS, BEFORE_ROWS
from webex_provision.console.ending import names_stay_whole, show_reasons, show_rejected
from webex_provision.console.languages import Words
from webex_provision.console.screen import harmless, say, say_folded, stdout
from webex_provision.console.standing import Standing, as_they_run
from webex_provision.console.tally import duration
from webex_provision.wire import minutes_needed

PLACEHOLDER = "a-placeholder-of-the-rehearsal"


@dataclass(frozen=True)
class Rehearsed:
    """How it ended; calls by entity type (in the order of the run) and endpoint family; what was provided for it."""

    standing: Standing
    calls: dict[str, Counter[str]]
    calls_per_minute: float
    missing_users: float
    needs: Mapping[str, str]

    def states_by_type(self) -> dict[str, Counter[str]]:
        """Rows by state under the names of their types; an alias counts with its type."""
        known, found = entity_types_by_name(), dict[str, Counter[str]]()
        for written, counts in self.standing.by_type.items():
            found.setdefault(known[written].name if written in known else written, Counter()).update(counts)
        return found

    def lines(self) -> list[str]:
        """What the table has a line for: the types in the order of the run, also those that were rejected whole."""
        types = as_they_run({*self.calls, *self.states_by_type()} - {BEFORE_ROWS})
        return [BEFORE_ROWS, *types] if BEFORE_ROWS in self.calls else types

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
                name: {
                    **states.get(name, {}),
                    "calls": self.calls.get(name, Counter[str]()).total(),
                    "seconds": round(seconds.get(name, 0), 1),
                }
                for name in self.lines()
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
    show_rejected(standing, words)
    if rehearsed.missing_users:
        say_folded(words("left_out", share=rehearsed.missing_users * 100))
    _time(rehearsed, words)
    say("")
    say_folded(words("rehearsal_files", folder=standing.folder))
    if rehearsed.needs:
        say(words("set_before", command=_exports(rehearsed.needs)), style="yellow")
    command = shlex.join(["webex-provision", "run", str(csv)])
    if standing.rejected:
        say(words("for_real_without", count=standing.rejected, command=command))
    else:
        say(words("for_real", command=command))


def _exports(needs: Mapping[str, str]) -> str:
    """A secret is the reader's to write; the leave to remove numbers has one value only."""
    known = {name: "…" if value == PLACEHOLDER else value for name, value in needs.items()}
    return " ".join(["export", *(f"{name}={value}" for name, value in known.items())])


def _types(rehearsed: Rehearsed, words: Words) -> Table:
    standing, states, seconds = rehearsed.standing, rehearsed.states_by_type(), rehearsed.seconds_by_type()
    headings = [words(key) for key in ("success", "pending", "not_reached", "rejected", "all", "calls")]
    at_limit = words("at_limit", rate=rehearsed.calls_per_minute)
    table = Table("", *headings, at_limit, box=None, pad_edge=False)
    for name in rehearsed.lines():
        counts, calls = states.get(name, Counter()), rehearsed.calls.get(name, Counter())
        rows = [str(counts["success"]), str(counts["pending"])] if counts else ["", ""]
        refused = str(counts["rejected"]) if counts["rejected"] else ""
        table.add_row(
            harmless(_heading(name, words)), *rows, "", refused, "", str(calls.total()), duration(seconds.get(name, 0))
        )
    totals = (standing.success, standing.pending, standing.not_reached, standing.rejected, standing.read)
    all_calls = sum(calls.total() for calls in rehearsed.calls.values())
    all_seconds = duration(sum(seconds.values()))
    table.add_row(Text(words("all_rows"), style="bold"), *map(str, totals), str(all_calls), all_seconds)
    names_stay_whole(table)
    return table


def _heading(name: str, words: Words) -> str:
    known = {BEFORE_ROWS: "before_rows", AFTER_ROWS: "after_rows", "": "no_type"}
    return words(known[name]) if name in known else name


def _time(rehearsed: Rehearsed, words: Words) -> None:
    families = sum(rehearsed.calls.values(), Counter[str]())
    told = ", ".join(f"{name} {count}" for name, count in families.most_common())
    say("")
    say_folded(words("calls_by_family", told=told))
    seconds = sum(rehearsed.seconds_by_type().values())
    say_folded(words("real_time", time=duration(seconds), rate=rehearsed.calls_per_minute))

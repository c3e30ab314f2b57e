"""The demo: the sample roll-out against the embedded sandbox, each time one step further in the life of a site.

First the roll-out itself, with three users whom the directory has not synchronised. The second time it is next week:
the directory has caught up, and just the waiting rows are retried. From then on everything is replayed, and nothing
is created again. A demo that was interrupted is resumed.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from webex_provision.clock import Clock
from webex_provision.console.embedded import (
    NOT_SYNCHRONISED,
    SAMPLE_NEEDS,
    SampleRollOut,
    embedded_sandbox,
    environment,
    sample_in,
    variables_for,
)
from webex_provision.console.runs import Wish, go
from webex_provision.console.screen import say, say_folded
from webex_provision.console.standing import standing_of
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.vocabulary import ExitCode, Reason, RunMode

if TYPE_CHECKING:
    from webex_provision.sandbox import SandboxServer

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class _Act:
    """One step of the story: what is told, and what is run."""

    told: str
    mode: RunMode
    synchronised: bool = False


def play(base: Path) -> ExitCode:
    """Runs the demo in `base`; the exit code is the run's own."""
    sample = sample_in(base)
    act = _act_of(sample)
    say_folded(
        f"Demo: {sample.csv} against a simulated Webex Calling tenant on this machine. No tenant of yours is touched."
    )
    say(f"Set for this run only: {' '.join(f'{name}={value}' for name, value in SAMPLE_NEEDS.items())}")
    say_folded(act.told)
    with embedded_sandbox(sample) as server, environment(variables_for(server)):
        if act.synchronised:
            _synchronise(server)
        wish = Wish(csv=sample.csv, folder=sample.folder, mode=act.mode, command="webex-provision demo")
        code = go(wish)
        say("")
        say(_traffic(server))
    _hints(sample)
    return code


def _act_of(sample: SampleRollOut) -> _Act:
    first = _Act(
        "Some rows are bad on purpose, and three users are not in the directory yet: watch what becomes of them.",
        RunMode.RESUME,
    )
    if not RollOutFolder(sample.folder).manifest.exists() or not sample.tenant.exists():
        return first
    standing = standing_of(RollOutFolder(sample.folder), Clock())
    if standing.not_reached or standing.unfinished:
        return _Act("An earlier demo was interrupted: this one resumes it.", RunMode.RESUME)
    if Reason.USER_NOT_FOUND.value in standing.pending_by_reason:
        told = "A week later: the directory has synchronised the missing users. Just the pending rows are retried."
        return _Act(told, RunMode.RETRY_PENDING, synchronised=True)
    told = "All is done already. Everything is replayed: each object is looked up first, so nothing is created again."
    return _Act(told, RunMode.REPLAY)


def _synchronise(server: "SandboxServer") -> None:
    """The directory adds those whom it does not hold yet."""
    people = server.tenant.table("people")
    for email in NOT_SYNCHRONISED:
        if people.find(email) is None:
            server.tenant.add_person(email)
            server.tenant.changes += 1


def _traffic(server: "SandboxServer") -> str:
    entries = server.log.entries
    writes = sum(entry["method"] in _WRITES for entry in entries)
    created = sum(entry["method"] == "POST" for entry in entries)
    return f"The tenant saw {len(entries)} requests: {writes} writes, {created} of them creates."


def _hints(sample: SampleRollOut) -> None:
    place = shlex.quote(str(sample.folder))
    say("")
    say("Try next", style="bold")
    for command, what in (
        ("webex-provision demo", "again: what comes next in the life of a site"),
        (f"webex-provision status --output-dir {place}", "where the rows stand"),
        ("webex-provision ui", "history and launches in the browser, on the same simulated tenant"),
        (f"rm -r {place} {shlex.quote(str(sample.tenant))}", "starts the demo over"),
    ):
        say(f"  {command}   # {what}")

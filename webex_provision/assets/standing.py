"""How a roll-out stands after a run, as Dagster shows it: read from run_summary.json and row_errors.csv."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import dagster as dg

from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.assets.failures import WrongRequest
from webex_provision.assets.going_on import advice
from webex_provision.assets.shown import HASH_SHOWN, bar, rows_of, table
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.vocabulary import Reason, RunMode, RunState

RUN_SUMMARY = dg.AssetKey("run_summary")
_MEANING: Mapping[RunState, str] = {
    RunState.COMPLETED: "every row that was asked for is done",
    RunState.COMPLETED_WITH_PENDING: "every row has its state; some wait",
    RunState.ABORTED_BY_BREAKER: "stopped, because most rows of a batch failed alike",
    RunState.STOPPED_AUTH: "stopped, because the token was refused",
    RunState.STOPPED_RATE_LIMITED: "stopped, because Webex asked for a long wait",
    RunState.STOPPED_LIMIT: "stopped at a limit of time or retries",
    RunState.STOPPED_LOCKS_LOST: "stopped, because a lock that it held over machines was lost",
    RunState.FAILED_SYSTEMIC: "stopped, because Webex or this program failed",
    RunState.FAILED_PREFLIGHT: "refused before the first row",
    RunState.INTERRUPTED: "somebody stopped it",
}
_STATES = ("success", "pending", "not_reached")


def read_summary(folder: RollOutFolder) -> dict[str, Any]:
    """run_summary.json. Raises WrongRequest when there is none."""
    try:
        summary: dict[str, Any] = json.loads(folder.summary.read_bytes())
    except (OSError, ValueError) as error:
        raise WrongRequest(f"{folder.summary} can't be read; launch a run of this roll-out, which writes it") from error
    return summary


def rows_told(summary: Mapping[str, Any]) -> str:
    """How far it came, in a few words."""
    counts = summary["counts"]
    told = ", ".join(f"{counts[name]} {name.replace('_', ' ')}" for name in _STATES)
    return f"{counts['read']} rows: {told}, {counts['rejected']} rejected"


def meaning_of(state: RunState) -> str:
    """The state in plain words."""
    return _MEANING[state]


def standing(folder: RollOutFolder, summary: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata: state, figures, tables, what to do, and where the files are."""
    counts, families = summary["counts"], summary["calls"].values()
    minutes = _minutes(summary)
    calls = sum(family["sends"] for family in families)
    return {
        "state": summary["state"],
        "meaning": meaning_of(RunState(summary["state"])),
        "rows": bar({name: counts[name] for name in (*_STATES, "rejected")}),
        "what_to_do": _what_to_do(folder, summary),
        "pending_rows": rows_of(folder.row_errors, status="pending"),
        "by_phase": table(_by(summary["by_phase"], "phase")),
        "by_type": table(_by(_as_they_run(summary["by_type"]), "type"), most=len(entity_types_by_name())),
        **{name: counts[name] for name in ("read", "rejected", *_STATES)},
        "processed": counts["processed"],
        "rows_per_minute": round(counts["processed"] / minutes, 1),
        "calls": calls,
        "calls_per_minute": round(calls / minutes, 1),
        "answered_429": sum(family["rate_limited"] for family in families),
        "retries": sum(family["retries"] for family in families),
        "minutes": round(minutes, 2),
        "token_owner": summary["token_owner"],
        "input_id": summary["input_id"],
        "input_hash": summary["input_hash"][:HASH_SHOWN],
        "csv": dg.MetadataValue.path(summary["input"]),
        "folder": dg.MetadataValue.path(folder.root),
        **{path.name: dg.MetadataValue.path(path) for path in (folder.row_errors, folder.results, folder.log)},
    }


def _by(figures: Mapping[str, Mapping[str, int]], name: str) -> list[dict[str, str | int]]:
    return [
        {name: key, **{state.replace("_", " "): counts.get(state, 0) for state in _STATES}}
        for key, counts in figures.items()
    ]


def _as_they_run(by_type: Mapping[str, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    return {name: by_type[name] for name in entity_types_by_name() if name in by_type}


def _minutes(summary: Mapping[str, Any]) -> float:
    """How long the run took; never 0."""
    began, ended = (datetime.fromisoformat(summary[name]) for name in ("started_at", "ended_at"))
    return max((ended - began).total_seconds(), 0.001) / 60


def _what_to_do(folder: RollOutFolder, summary: Mapping[str, Any]) -> dg.MetadataValue:
    """The next step, and the pending reasons with their remedies."""
    pending: Mapping[str, int] = summary["counts"]["pending_by_reason"]
    if summary["counts"]["not_reached"]:
        first = f"Rows were not reached: to go on, {advice(folder.root)}."
    elif pending:
        worth = [reason for reason in pending if Reason(reason).may_be_retried][:1]
        again = f"To retry, {advice(folder.root, RunMode.RETRY_PENDING, worth)}."
        first = again if worth else "A retry mends none of them."
    else:
        return dg.MetadataValue.md("Nothing: no row waits.")
    lines = [
        f"* {reason}, {count} {'row' if count == 1 else 'rows'}: {Reason(reason).remedy}"
        for reason, count in pending.items()
    ]
    return dg.MetadataValue.md("\n".join([*lines, "", first]))

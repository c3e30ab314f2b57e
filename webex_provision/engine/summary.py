"""run_summary.json: how a run ended, counted from the ledger."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from webex_provision.ledger.manifest import Generation
from webex_provision.ledger.runs import RunCounts, RunRecord
from webex_provision.ledger.state_store import Ledger
from webex_provision.vocabulary import RowStatus, RunMode, RunState


@dataclass
class RunFacts:
    """What only the run itself knows; everything else is counted from the ledger."""

    run_id: str
    mode: RunMode
    started_at: str
    ended_at: str = ""
    message: str = ""
    token_owner: str = ""
    org_id: str = ""
    tenant: str = ""
    processed: int = 0
    calls: dict[str, dict[str, int | float]] = field(default_factory=dict)
    tokens: list[dict[str, str | int | bool]] = field(default_factory=list)
    mirror: dict[str, str] = field(default_factory=dict)


def summary_of(facts: RunFacts, state: RunState, ledger: Ledger, ready: pl.DataFrame) -> dict[str, Any]:
    """The whole summary. Counts are of the roll-out as it stands now; `processed` and calls are of this run."""
    manifest = ledger.manifest
    by_type: dict[str, Counter[str]] = {}
    by_phase: dict[str, Counter[str]] = {}
    pending: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for row_id, phase, entity_type in ready.select("row_id", "phase", "entity_type").iter_rows():
        last = ledger.last(row_id)
        status = "not_reached" if last is None else last.status.value
        if last is not None and last.reason is not None:
            pending[last.reason.value] += 1
        totals[status] += 1
        by_type.setdefault(entity_type, Counter())[status] += 1
        by_phase.setdefault(str(phase), Counter())[status] += 1
    return {
        "state": state.value,
        "message": facts.message,
        "input": manifest.csv_path,
        "input_id": manifest.input_id,
        "input_hash": manifest.input_hash,
        "pipeline_version": manifest.pipeline_version,
        "run_id": facts.run_id,
        "mode": facts.mode.value,
        "generation": manifest.generation.n,
        "token_owner": facts.token_owner,
        "tokens": facts.tokens,
        "org_id": facts.org_id,
        **facts.mirror,
        "started_at": facts.started_at,
        "ended_at": facts.ended_at,
        "counts": {
            "read": manifest.rows_read,
            "rejected": manifest.rows_rejected,
            "processed": facts.processed,
            "success": totals[RowStatus.SUCCESS.value],
            "pending": sum(pending.values()),
            "pending_by_reason": dict(pending.most_common()),
            "systemic_errors": sum(int(family["failed"]) for family in facts.calls.values()),
            "not_reached": totals["not_reached"],
        },
        "warnings": list(manifest.warnings),
        "calls": facts.calls,
        "by_phase": {phase: dict(counts) for phase, counts in sorted(by_phase.items())},
        "by_type": {name: dict(counts) for name, counts in sorted(by_type.items())},
    }


def record_of(
    facts: RunFacts, generation: Generation, state: RunState | None = None, counts: Mapping[str, Any] | None = None
) -> RunRecord:
    """The run's line for runs.jsonl; `state` and `counts` (of the summary) when it has ended."""
    return RunRecord(
        run_id=facts.run_id,
        started_at=facts.started_at,
        ended_at=facts.ended_at,
        state=state,
        message=facts.message,
        mode=facts.mode,
        generation=generation.n,
        selection=generation.selection,
        token_owner=facts.token_owner,
        org_id=facts.org_id,
        tenant=facts.tenant,
        counts=None if counts is None else RunCounts(**{name: counts[name] for name in RunCounts.model_fields}),
    )

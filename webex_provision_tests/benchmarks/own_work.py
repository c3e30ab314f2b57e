"""Parts of the program on their own, for `own_cost`; `python -m …own_work intake|run|both CSV FOLDER` plays one."""

import asyncio
import logging
import sys
import time
from pathlib import Path

from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.engine.rollout import RollOut
from webex_provision.generator import write_csv
from webex_provision.intake.roll_out import prepare
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.state_store import Ledger
from webex_provision.ledger.states import RowOutcome
from webex_provision.vocabulary import Phase, RowStatus, RunMode, RunState
from webex_provision.webex.call_stats import CallRecord
from webex_provision_tests.rehearsal import drive

TOKEN = "invented-for-a-benchmark"
IN_FLIGHT = 8


def _settings(**more: object) -> Settings:
    """Those of the environment; without a tenant there, of none."""
    none = {"webex_token": TOKEN, "webex_base_url": "http://127.0.0.1:9/v1", "environment": "lab"}
    return Settings(**none | more)  # type: ignore[arg-type]


def _ledger(base: Path) -> Ledger:
    """A ledger that is open for a small roll-out."""
    base.mkdir()
    write_csv(base / "site.csv", 100)
    prepare(base / "site.csv", _settings(), clock=Clock(), folder=base / "out")
    ledger = Ledger.open(RollOutFolder(base / "out"), clock=Clock())
    ledger.open_generation(RunMode.RESUME)
    return ledger


def recorded(base: Path, count: int) -> float:
    """CPU seconds of one record of a success."""
    outcomes = [
        RowOutcome(
            row_id=str(number),
            row_number=number,
            batch_id="p2-b0001",
            phase=Phase.USERS,
            entity_type="user",
            entity_key=f"user{number}@example.com",
            step="licenses_update",
            status=RowStatus.SUCCESS,
            attempt=1,
            run_id="0123456789abcdef0123456789abcdef",
            http_status=200,
            message="updated (licenses_update, voicemail_update)",
            remote_id="Y2lzY29zcGFyazovL3VzL1BFT1BMRS8" + "x" * 48,
        )
        for number in range(1, count + 1)
    ]
    with _ledger(base) as ledger:
        began = time.process_time()
        for outcome in outcomes:
            ledger.commit(outcome)
        ledger.sync()
        return (time.process_time() - began) / count


def intended(base: Path, count: int) -> float:
    """Seconds of one intent, fsync included, with as many under way as a run has calls in flight."""

    async def work(ledger: Ledger) -> None:
        numbers = iter(range(count))

        async def intend() -> None:
            for number in numbers:
                await ledger.intend(str(number), "workspace_create")

        await asyncio.gather(*(intend() for _ in range(IN_FLIGHT)))

    with _ledger(base) as ledger:
        began = time.monotonic()
        asyncio.run(work(ledger))
        return (time.monotonic() - began) / count


def _intake(csv: Path, folder: Path) -> None:
    """Prints how many seconds it took, the start of Python left out."""
    began = time.monotonic()
    prepare(csv, _settings(max_rows=1_000_000), clock=Clock(), folder=folder)
    print(time.monotonic() - began)  # noqa: T201


def _run(_: Path, folder: Path) -> None:
    """All phases over what intake has left, without Dagster; prints how many calls they took."""
    settings, calls = Settings(), 0  # type: ignore[call-arg]

    def count(call: CallRecord) -> None:
        nonlocal calls
        calls += call.sends

    state = drive(RollOut(folder, settings, run_id="own-cost", on_call=count))
    if state is not RunState.COMPLETED:
        raise RuntimeError(f"the run ended as {state}")
    print(calls)  # noqa: T201


def _both(csv: Path, folder: Path) -> None:
    _intake(csv, folder)
    _run(csv, folder)


def main() -> None:
    """Plays one part."""
    what, csv, folder = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    {"intake": _intake, "run": _run, "both": _both}[what](Path(csv), Path(folder))


if __name__ == "__main__":
    main()

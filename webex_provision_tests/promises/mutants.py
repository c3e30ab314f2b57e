"""Breaks the product on purpose, one place at a time, in scratch copies, and tells which test notices.

`python -m webex_provision_tests.promises.mutants [--only WORD] [--jobs 2]`. Nothing here runs in CI. A mutant that
nobody notices is a promise without a test; one whose text is no longer there must be brought up to date.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SIMULATED = (
    "webex_provision_tests/promises/test_simulated_refusals.py",
    "webex_provision_tests/promises/test_simulated_losses.py",
)
# Asked where the simulation stays silent: the tests of the rooms, without those that kill processes or run long.
ROOMS = ("webex_provision_tests/engine", "webex_provision_tests/ledger", "webex_provision_tests/webex")
SECONDS = 900


@dataclass(frozen=True)
class Mutant:
    """`text` in `file` (below webex_provision) becomes `instead`; `promise` is the number of what it breaks."""

    name: str
    promise: int
    file: str
    text: str
    instead: str


MUTANTS = (
    Mutant(
        "no look-up before a create",
        2,
        "engine/lookups.py",
        "        if step.choose is not None:\n",
        "        if step.absent is None and not progress.fresh:\n            items = []\n"
        "        if step.choose is not None:\n",
    ),
    Mutant(
        "a list's silence is believed",
        2,
        "engine/lookups.py",
        "return items or (await self._lists.confirm(index, scope, key) if confirm else [])",
        "return items",
    ),
    Mutant(
        "a lost create is sent again blindly",
        2,
        "engine/writes.py",
        "failure, request = await self._after_lost_answer(step, progress, str(lost))",
        "failure = None",
    ),
    Mutant(
        "one look-up instead of polling",
        2,
        "engine/writes.py",
        "            if waited > self._settings.list_lag_seconds:\n",
        "            if waited >= 0:\n",
    ),
    Mutant(
        "a twin is made after the full lag",
        2,
        "engine/writes.py",
        "        if step.refuses_twins:\n            return None, request\n",
        "        if request:\n            return None, request\n",
    ),
    Mutant(
        "what an earlier process sent is forgotten",
        2,
        "engine/writes.py",
        "        return name in self._intents.open_intents(progress.ctx.row.row_id)\n",
        "        return False\n",
    ),
    Mutant(
        "no wait for what an earlier process sent",
        2,
        "engine/row_runner.py",
        "                await self._control.wait(self._settings.list_lag_seconds)\n",
        "                pass\n",
    ),
    Mutant(
        "no wait for lists at the start",
        2,
        "engine/rollout.py",
        "            await self._control.wait(self._lists_lag_until - self._clock.monotonic())\n",
        "",
    ),
    Mutant(
        "no intent before a request",
        2,
        "engine/writes.py",
        "before_send=None if repeatable else intend)",
        "before_send=None)",
    ),
    Mutant(
        "the intent is not durable",
        2,
        "ledger/intents.py",
        "            await asyncio.to_thread(self._file.sync)\n",
        "",
    ),
    Mutant(
        "the person is renamed",
        3,
        "actions/users.py",
        '        "displayName": ctx.found["person_now"]["displayName"],\n',
        '        "displayName": ctx.found["person_now"]["displayName"].upper(),\n',
    ),
    Mutant(
        "PUT /people with other fields",
        3,
        "actions/users.py",
        '        "displayName": ctx.found["person_now"]["displayName"],\n',
        '        "displayName": ctx.found["person_now"]["displayName"],\n'
        '        "firstName": ctx.found["person_now"]["firstName"],\n',
    ),
    Mutant(
        "success without proof",
        4,
        "engine/writes.py",
        "        failure = objection(step.expect, ctx, answer)\n        if failure is not None:\n",
        "        failure = None\n        if failure is not None:\n",
    ),
    Mutant(
        "a lost answer is taken for success",
        4,
        "engine/writes.py",
        "failure, request = await self._after_lost_answer(step, progress, str(lost))",
        "return None",
    ),
    Mutant(
        "206 is a success like any other",
        4,
        "actions/calling_license.py",
        '    if ctx.found["license"] in (answer.json.get("licenses") or []):\n        return None\n    return Failure(',
        "    if answer.ok:\n        return None\n    return Failure(",
    ),
    Mutant(
        "a member who is not there is left out",
        4,
        "engine/lookups.py",
        "            if not found[key]:\n                return step.absent(ctx, key)\n",
        "            if not found[key]:\n                continue\n",
    ),
    Mutant(
        "the checkpoint before the records are durable",
        5,
        "ledger/state_store.py",
        "        self.sync()\n        checkpoint = Checkpoint(\n",
        "        checkpoint = Checkpoint(\n",
    ),
    Mutant(
        "results before pending rows",
        1,
        "ledger/state_store.py",
        "            pending_from = self._pending.append(pending_line(outcome, timestamp))\n        try:\n"
        "            self._results.append(results_line(outcome, timestamp))\n",
        "            pass\n        try:\n            self._results.append(results_line(outcome, timestamp))\n"
        "            if outcome.status is RowStatus.PENDING:\n"
        "                pending_from = self._pending.append(pending_line(outcome, timestamp))\n",
    ),
    Mutant(
        "retries without end",
        6,
        "webex/retry_policy.py",
        "        return RetriesExhausted if call.faults > self._settings.max_retries else None\n",
        "        return None\n",
    ),
    Mutant(
        "Retry-After is ignored",
        6,
        "webex/connection_client.py",
        "        wait = self._asked_wait(headers) or self._policy.wait_after_refusal(call)\n",
        "        wait = 0.01\n",
    ),
    Mutant(
        "no gate holds the others back",
        6,
        "webex/pacing.py",
        "        self.held_until = max(self.held_until, now + seconds)\n",
        "        return\n",
    ),
    Mutant(
        "the token is logged",
        7,
        "engine/rollout.py",
        '"settings": self.settings.public()}',
        '"settings": self.settings.public() | {"t": self.settings.webex_token.get_secret_value()}}',
    ),
    Mutant(
        "an error body keeps its secrets",
        7,
        "webex/connection_client.py",
        '            scrubbed = scrubbed.replace(secret.encode(errors="surrogatepass"), b"***")\n',
        "            pass\n",
    ),
    Mutant(
        "types in another order",
        8,
        "actions/hunt_groups.py",
        "    rank=7,\n",
        "    rank=1,\n",
    ),
    Mutant(
        "all types of a batch at once",
        8,
        "engine/executor.py",
        "            for entity_type, members in batches.by_type(rows):\n"
        "                await self._type(entity_type, members, report, breaker)\n",
        "            await asyncio.gather(*(self._type(t, m, report, breaker) for t, m in batches.by_type(rows)))\n",
    ),
    Mutant(
        "no lock on what rows share",
        8,
        "engine/executor.py",
        "                await self._locks[key].acquire()\n                taken.append(self._locks[key])\n",
        "                pass\n",
    ),
    Mutant(
        "a replay creates",
        9,
        "engine/remote_lists.py",
        "                table.put(item)\n            table.whole = True\n",
        "                table.asked.update(index.keys(item))\n            table.whole = True\n",
    ),
)


def noticed_by(mutant: Mutant) -> str:
    """The first test that fails, with what it says; "" when all pass."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".hypothesis", "__pycache__", ".dagster"))
        path = copy / "webex_provision" / mutant.file
        source = path.read_text("utf-8")
        if source.count(mutant.text) != 1:
            return f"OUT OF DATE: its text stands {source.count(mutant.text)} times in {mutant.file}"
        path.write_text(source.replace(mutant.text, mutant.instead), "utf-8")
        for tests in (*((one,) for one in SIMULATED), ROOMS):
            said = _run(copy, tests)
            if said:
                return said
    return ""


def _run(copy: Path, tests: tuple[str, ...]) -> str:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {"CI": "1", "PYTHONPATH": str(copy)}
    try:
        ran = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"{tests[0]}: did not end within {SECONDS} s"
    failed = re.search(r"^(FAILED|ERROR) (.*)$", ran.stdout, re.MULTILINE)
    return failed[2] if failed else "" if ran.returncode == 0 else ran.stdout[-500:] + ran.stderr[-500:]


def main(arguments: list[str] | None = None) -> int:
    """Exit code 1 when a mutant was noticed by nobody or could not be made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="those whose name holds this")
    parser.add_argument("--jobs", type=int, default=1, help="at the same time")
    told = parser.parse_args(arguments)
    chosen = [mutant for mutant in MUTANTS if told.only in mutant.name]
    unnoticed = 0
    with ThreadPoolExecutor(told.jobs) as pool:
        for mutant, said in zip(chosen, pool.map(noticed_by, chosen), strict=True):
            unnoticed += not said or said.startswith("OUT OF DATE")
            print(f"{mutant.promise}  {mutant.name}: {said or 'NOBODY NOTICED'}", flush=True)  # noqa: T201 - a command
    return int(unnoticed > 0)


if __name__ == "__main__":
    sys.exit(main())

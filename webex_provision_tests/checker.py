"""The promises of a roll-out, checked from outside: its folder, the tenant's request log, the tenant's state.

Nothing of the product is imported, so the checker can't share a mistake with it. `check` raises BrokenPromise,
whose text names file, line and row, or the request. Which function holds which promise:

1. one terminal state a row and attempt, nothing lost: FolderCheck.rows, results, pending, nothing_left;
   request_checks.check_history
2. no create without a look-up, none sent again blindly: check_creates, check_unique; request_checks.check_resends,
   check_given_up
3. users are never created, renamed or deleted: check_people
4. success only with proof, lists that replace are whole: request_checks.check_proof, check_lists
5. the checkpoint is never ahead: FolderCheck.checkpoint
6. everything has a bound, waits are kept: request_checks.check_bounds, check_waits; promises.witnessed_site bounds
   the requests and the hours of a launch
7. the token is nowhere: FolderCheck.private; request_checks.check_secret; promises.witnessed_site hears the logs
8. order, and never two rows at once on one thing: check_phase_order; request_checks.check_ranks, check_apart
9. the same CSV again: request_checks.check_nothing_created; promises.simulation compares the tenants
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from webex_provision_tests.broken_promise import require
from webex_provision_tests.tenant_checks import Entry, check_creates, check_people, check_phase_order, check_unique

RESULTS_MINIMUM = "timestamp,batch_id,row_id,phase,entity_type,entity_key,step,status,http_status,message,remote_id"
PENDING_MINIMUM = (
    "timestamp,batch_id,row_id,phase,entity_type,entity_key,step,reason_code,reason_message,http_status,"
    "raw_row_minified"
)
REJECTED_MINIMUM = "timestamp,row_id,entity_type,entity_key,reason_code,reason_message,raw_row_minified"

Line = tuple[int, dict[str, str]]


def check(
    folder: Path,
    requests: Path | Sequence[Entry] = (),
    *,
    token: str,
    names: Mapping[str, str] | None = None,
    state: Mapping[str, Any] | None = None,
    complete: bool = True,
) -> None:
    """Hold a roll-out against the promises.

    `requests` is the tenant's request log (its file, or its entries); `names` the displayName of every person before
    the first run; `state` the tenant's objects by table and id; `complete` says that every row must have its state.
    """
    FolderCheck(folder, complete=complete).all(token)
    log = _entries(requests)
    check_creates(log)
    check_people(log, names or {})
    check_phase_order(log)
    check_unique(state or {})


def _entries(requests: Path | Sequence[Entry]) -> list[Entry]:
    if isinstance(requests, Path):
        requests = [json.loads(line) for line in requests.read_text(encoding="utf-8").splitlines()]
    return sorted(requests, key=lambda entry: int(entry["seq"]))


def read_records(path: Path, minimum: str = "") -> list[Line]:
    """A ledger's records with their line numbers. One line is one record, its header begins with `minimum`."""
    csv.field_size_limit(2**26)
    text = path.read_bytes().decode("utf-8")
    require(text.endswith("\n"), f"{path.name}: its last line has no end")
    header, *lines = text.removesuffix("\n").split("\n")
    require(header.startswith(minimum), f"{path.name}, line 1: the header is {header}, not {minimum},…")
    columns = next(csv.reader([header]))
    found = []
    for number, line in enumerate(lines, start=2):
        fields = next(csv.reader([line], strict=True))
        require(len(fields) == len(columns), f"{path.name}, line {number}: {len(fields)} fields of {len(columns)}")
        found.append((number, dict(zip(columns, fields, strict=True))))
    return found


def quoted_records(path: Path) -> Iterator[dict[str, str]]:
    """ready_to_load.csv keeps the input's cells as they are, line breaks included."""
    csv.field_size_limit(2**26)
    with path.open(newline="", encoding="utf-8") as handle:
        yield from csv.DictReader(handle)


class FolderCheck:
    """One roll-out folder; the methods are called in the order in which they are written."""

    def __init__(self, folder: Path, *, complete: bool) -> None:
        self.folder = folder
        self.complete = complete
        self.ready: dict[str, dict[str, str]] = {}
        self.states: dict[str, dict[str, str]] = {}
        self.commits: dict[tuple[str, int], dict[str, str]] = {}
        self.rejected: list[Line] = []

    def all(self, token: str) -> None:
        """Every promise that the folder alone shows."""
        self.rows()
        self.results()
        self.pending()
        self.checkpoint()
        self.runs()
        if self.complete:
            self.nothing_left()
        self.private(token)

    def rows(self) -> None:
        """Every input row is either ready or rejected, once."""
        manifest = self._json("manifest.json")
        self.rejected = read_records(self.folder / "rejected_rows.csv", REJECTED_MINIMUM)
        for row in quoted_records(self.folder / "ready_to_load.csv"):
            require(row["row_id"] not in self.ready, f"ready_to_load.csv: row {row['row_id']} stands there twice")
            self.ready[row["row_id"]] = row
        seen: set[str] = set()
        for number, record in self.rejected:
            where = f"rejected_rows.csv, line {number}: row {record['row_id']}"
            require(record["row_id"] not in self.ready, f"{where} is ready and rejected")
            require(record["row_id"] not in seen, f"{where} is rejected twice")
            require(record["reason_code"], f"{where} has no reason")
            seen.add(record["row_id"])
        found = len(self.ready) + len(self.rejected)
        require(
            found == manifest["rows_read"],
            f"{len(self.ready)} rows ready and {len(self.rejected)} rejected, of {manifest['rows_read']} read",
        )

    def results(self) -> None:
        """One state a row and attempt, attempts in order, in the row's own phase."""
        for number, record in read_records(self.folder / "results.csv", RESULTS_MINIMUM):
            where = f"results.csv, line {number}: row {record['row_id']}"
            row = self.ready.get(record["row_id"]) or self.ready.get(record["row_id"].removeprefix("'"))
            require(row is not None, f"{where} is not a ready row")
            assert row is not None
            attempt = int(record["attempt"])
            require((record["row_id"], attempt) not in self.commits, f"{where}, attempt {attempt} stands there twice")
            last = self.states.get(record["row_id"])
            require(last is None or int(last["attempt"]) < attempt, f"{where}, attempt {attempt} is out of order")
            require(record["status"] in {"success", "pending"}, f"{where} has the status {record['status']!r}")
            require((record["status"] == "pending") == bool(record["reason_code"]), f"{where}: status and reason")
            require(record["phase"] == row["phase"], f"{where} ran in phase {record['phase']}, not {row['phase']}")
            require(record["batch_id"].startswith(f"p{row['phase']}-b"), f"{where} is in batch {record['batch_id']}")
            self.states[record["row_id"]] = self.commits[record["row_id"], attempt] = record

    def pending(self) -> None:
        """Each pending result has its line in pending_rows.csv, and each line there its result."""
        lines: set[tuple[str, int]] = set()
        for number, record in read_records(self.folder / "pending_rows.csv", PENDING_MINIMUM):
            key = (record["row_id"], int(record["attempt"]))
            where = f"pending_rows.csv, line {number}: row {key[0]}, attempt {key[1]}"
            commit = self.commits.get(key)
            if commit is None:
                require(not self.complete, f"{where} has no line in results.csv")
                continue  # a crash between the two lines; the next run sets it aside
            require(key not in lines, f"{where} stands there twice")
            require(commit["status"] == "pending", f"{where} is a success in results.csv")
            require(commit["reason_code"] == record["reason_code"], f"{where} has another reason in results.csv")
            lines.add(key)
        for (row_id, attempt), commit in self.commits.items():
            require(
                commit["status"] != "pending" or (row_id, attempt) in lines,
                f"results.csv: row {row_id}, attempt {attempt} is pending without its line in pending_rows.csv",
            )

    def checkpoint(self) -> None:
        """checkpoint.json claims nothing that results.csv does not hold."""
        if not (self.folder / "checkpoint.json").exists():
            require(not self.complete, "checkpoint.json is missing")
            return
        mark = self._json("checkpoint.json")
        require(
            mark["commits"] <= len(self.commits),
            f"checkpoint.json is ahead: {mark['commits']} commits, results.csv holds {len(self.commits)}",
        )
        last = mark["last_completed_row_id"]
        require(
            not last or last in self.states or f"'{last}" in self.states,
            f"checkpoint.json is ahead: row {last} has no result",
        )
        for row_id, row in self.ready.items():
            below = row["phase"] == str(mark["phase"]) and int(row["position"]) <= mark["last_row_id"]
            require(
                not below or row_id in self.states or f"'{row_id}" in self.states,
                f"checkpoint.json is ahead: its watermark {mark['last_row_id']} is past row {row_id} without a result",
            )

    def nothing_left(self) -> None:
        """Every row has its state; summary and view of errors say the same; no intent is open."""
        for row_id in self.ready:
            require(row_id in self.states or f"'{row_id}" in self.states, f"row {row_id} has no state in results.csv")
        ended = [record["status"] for record in self.states.values()]
        expected = {
            "read": len(self.ready) + len(self.rejected),
            "rejected": len(self.rejected),
            "success": ended.count("success"),
            "pending": ended.count("pending"),
            "not_reached": 0,
        }
        counts = self._json("run_summary.json")["counts"]
        told = {name: counts[name] for name in expected}
        require(told == expected, f"run_summary.json counts {told}, the ledgers hold {expected}")
        errors = sorted(record["row_id"] for _, record in read_records(self.folder / "row_errors.csv"))
        open_rows = [row_id for row_id, record in self.states.items() if record["status"] == "pending"]
        both = sorted(open_rows + [record["row_id"] for _, record in self.rejected])
        require(errors == both, f"row_errors.csv shows the rows {errors}, rejected and pending are {both}")
        for number, line in enumerate((self.folder / "intents.jsonl").read_text("utf-8").splitlines(), start=1):
            intent = json.loads(line)
            commit = self.states.get(intent["row_id"])
            require(
                commit is not None and int(commit["attempt"]) >= intent["attempt"],
                f"intents.jsonl, line {number}: {intent['step']} of row {intent['row_id']} is still open",
            )

    def runs(self) -> None:
        """Every run that left a result stands in runs.jsonl; of one that has ended, the last line says how."""
        path = self.folder / "runs.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        runs = [json.loads(line) for line in lines]
        told = {run["run_id"] for run in runs}
        for (row_id, attempt), commit in self.commits.items():
            require(
                commit["run_id"] in told,
                f"runs.jsonl does not know the run {commit['run_id']} of row {row_id}, attempt {attempt}",
            )
        if self.complete:
            summary = self._json("run_summary.json")
            last = runs[-1] if runs else {}
            for name in ("run_id", "started_at", "ended_at", "state", "token_owner", "org_id"):
                require(
                    last.get(name) == summary[name],
                    f"runs.jsonl says {name} {last.get(name)!r} of the last run, run_summary.json {summary[name]!r}",
                )

    def private(self, token: str) -> None:
        """Only the owner may look, and the token is nowhere."""
        mode = self.folder.stat().st_mode & 0o777
        require(mode == 0o700, f"{self.folder} has the mode {mode:o}, not 700")
        for path in sorted(self.folder.rglob("*")):
            mode = path.stat().st_mode & 0o777
            require(path.is_dir() or mode == 0o600, f"{path.name} has the mode {mode:o}, not 600")
            if path.is_file():
                content = path.read_bytes()
                for spelling in {token, quote(token, safe="")}:
                    require(spelling.encode() not in content, f"{path.name} holds the token")

    def _json(self, name: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return content

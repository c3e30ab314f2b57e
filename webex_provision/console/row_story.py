"""A row's whole story, read from the roll-out's files without a lock: what it held, and what each attempt came to."""

import difflib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from webex_provision.ledger.errors import LedgerError, TornLine
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.intents import read_intents, still_open
from webex_provision.ledger.manifest import load_manifest
from webex_provision.ledger.ready_rows import CELLS, cells_of, load_ready
from webex_provision.ledger.records import REJECTED_COLUMNS, cell, minify_row, plain, read_records
from webex_provision.ledger.runs import read_runs
from webex_provision.ledger.states import LastState, read_results
from webex_provision.vocabulary import ExitCode, RowStatus

MOST_MATCHES = 50
_MOST_NEAR = 5
_LONGEST_KEY = 300
_TRACKING_ID = re.compile(r"\(tracking id ([^()\s]+)\)")


class NoSuchRow(LedgerError):
    """No row has this id or key; the message names those that come close."""

    exit_code = ExitCode.USAGE

    def __init__(self, wanted: str, near: list[str], folder: RollOutFolder) -> None:
        close = f"; did you mean {' or '.join(repr(name) for name in near)}?" if near else "."
        super().__init__(
            f"No row of {folder.root} has the row_id or entity_key {wanted[:_LONGEST_KEY]!r}{close} "
            f"Look it up in {folder.ready.name} or {folder.rejected.name}, or name another roll-out: --output-dir."
        )


@dataclass(frozen=True)
class Attempt:
    """One attempt at a row, as results.csv has it; `who` is the owner of the run's token, empty when not known."""

    attempt: int
    timestamp: str
    run_id: str
    who: str
    batch_id: str
    step: str
    status: str
    reason: str
    http_status: int | None
    message: str
    tracking_id: str
    remote_id: str


@dataclass(frozen=True)
class Unanswered:
    """A request that was about to be sent, and of which no attempt tells the outcome (yet)."""

    attempt: int
    step: str
    timestamp: str


@dataclass(frozen=True)
class Story:
    """One row. `status` is as it stands now: rejected, pending, success or not_reached.

    `cells` are those that are filled, normalised where the row was accepted; what may be a secret is masked. `reason`
    and `message` are of intake when it was rejected, else of the last attempt; `phase` is None for a rejected row.
    """

    row_id: str
    row_number: int
    entity_type: str
    entity_key: str
    status: str
    phase: int | None
    cells: Mapping[str, str]
    reason: str = ""
    message: str = ""
    attempts: tuple[Attempt, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()


@dataclass(frozen=True)
class _Row:
    """What a row was read as, ready or rejected."""

    row_id: str
    row_number: int
    entity_type: str
    entity_key: str
    phase: int | None
    cells: Mapping[str, str]
    reason: str = ""
    message: str = ""


def stories_of(folder: RollOutFolder, wanted: str) -> tuple[list[Story], int]:
    """The rows that `wanted` names (MOST_MATCHES at most), in the CSV's order, and how many more there are.

    It is a row_id or an entity_key; as written, else in any case. Raises NoSuchRow, NoRollOut, CorruptLedger.
    """
    load_manifest(folder)
    rows = sorted([*_ready(folder), *_rejected(folder)], key=lambda row: row.row_number)
    found = _matches(rows, wanted)
    if not found:
        raise NoSuchRow(wanted, _near(rows, wanted), folder)
    kept = found[:MOST_MATCHES]
    attempts, states = _attempts(folder, {cell(row.row_id) for row in kept})
    unanswered = _unanswered(folder, states)
    stories = [_story(row, attempts.get(cell(row.row_id), []), unanswered.get(cell(row.row_id), [])) for row in kept]
    return stories, len(found) - len(kept)


def _ready(folder: RollOutFolder) -> Iterable[_Row]:
    for record in load_ready(folder).iter_rows(named=True):
        yield _Row(
            record["row_id"],
            record["row_number"],
            record["entity_type"],
            record["entity_key"],
            record["phase"],
            cells_of(record[CELLS]),
        )


def _rejected(folder: RollOutFolder) -> Iterable[_Row]:
    if not folder.rejected.exists():
        return
    for record in read_records(folder.rejected, REJECTED_COLUMNS):
        view = {name: plain(value) for name, value in zip(REJECTED_COLUMNS, record.fields, strict=True)}
        number = int(view["row_number"]) if view["row_number"].isdigit() else 0
        yield _Row(
            view["row_id"],
            number,
            view["entity_type"],
            view["entity_key"],
            None,
            _cells_of(view["raw_row_minified"]),
            view["reason_code"],
            view["reason_message"],
        )


def _cells_of(raw_row: str) -> Mapping[str, str]:
    """None where it does not hold a row: it is shown, never relied on."""
    with suppress(ValueError):
        cells = json.loads(raw_row)
        if isinstance(cells, dict):
            return {name: str(value) for name, value in cells.items()}
    return {}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _matches(rows: list[_Row], wanted: str) -> list[_Row]:
    """By row_id, else by entity_key, else by either in any case."""
    folded = _folded(wanted)
    if not folded:
        return []
    return (
        [row for row in rows if row.row_id == wanted]
        or [row for row in rows if row.entity_key == wanted]
        or [row for row in rows if folded in (_folded(row.row_id), _folded(row.entity_key))]
    )


def _near(rows: list[_Row], wanted: str) -> list[str]:
    """Keys and ids that come close, the closest first."""
    known = {_folded(name)[:_LONGEST_KEY]: name for row in rows for name in (row.row_id, row.entity_key) if name}
    folded = _folded(wanted)[:_LONGEST_KEY]
    near = difflib.get_close_matches(folded, known, n=_MOST_NEAR, cutoff=0.8)
    near += [name for name in known if len(folded) > 2 and folded in name][:_MOST_NEAR]
    return [known[name] for name in list(dict.fromkeys(near))[:_MOST_NEAR]]


def _attempts(folder: RollOutFolder, wanted: set[str]) -> tuple[dict[str, list[Attempt]], dict[str, LastState]]:
    """The attempts of the rows wanted (as ledgers write them), and their last states."""
    attempts: dict[str, list[Attempt]] = {row: [] for row in wanted}
    states: dict[str, LastState] = {}
    if not folder.results.exists():
        return attempts, states
    who = {record.run_id: record.token_owner for record in read_runs(folder).records}
    with suppress(TornLine):  # a run may be in the middle of its last line
        for record, row, state in read_results(folder.results):
            if row in wanted:
                attempts[row].append(_attempt(record.fields, state, who.get(state.run_id, "")))
                states[row] = state
    return attempts, states


def _attempt(fields: list[str], state: LastState, who: str) -> Attempt:
    message = plain(fields[9])
    tracking_ids = _TRACKING_ID.findall(message)
    return Attempt(
        attempt=state.attempt,
        timestamp=fields[0],
        run_id=state.run_id,
        who=who,
        batch_id=state.batch_id,
        step=state.step,
        status=state.status.value,
        reason=state.reason.value if state.reason else "",
        http_status=state.http_status,
        message=message,
        tracking_id=tracking_ids[-1] if tracking_ids else "",
        remote_id=state.remote_id,
    )


def _unanswered(folder: RollOutFolder, states: Mapping[str, LastState]) -> dict[str, list[Unanswered]]:
    """By row as ledgers write it; of rows without a state in `states`, all."""
    found: dict[str, list[Unanswered]] = {}
    with suppress(TornLine):
        for intent in still_open(read_intents(folder.intents), states):
            found.setdefault(intent.row_id, []).append(Unanswered(intent.attempt, intent.step, intent.time))
    return found


def _story(row: _Row, attempts: list[Attempt], unanswered: list[Unanswered]) -> Story:
    status, reason, message = "not_reached", "", ""
    if row.reason:
        status, reason, message = RowStatus.REJECTED.value, row.reason, row.message
    elif attempts:
        status, reason, message = attempts[-1].status, attempts[-1].reason, attempts[-1].message
    return Story(
        row_id=row.row_id,
        row_number=row.row_number,
        entity_type=row.entity_type,
        entity_key=row.entity_key,
        status=status,
        phase=row.phase,
        cells=json.loads(minify_row(row.cells)),
        reason=reason,
        message=message,
        attempts=tuple(attempts),
        unanswered=tuple(unanswered),
    )

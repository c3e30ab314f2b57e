"""An inbox: drop a CSV or workbook into the folder INBOX_DIR, and its roll-out starts.

A content runs once, under whatever name and on whichever machine; a mended CSV has another content and is a new
roll-out. Every decision is an observation of the asset `inbox`, so that it stands in Dagster's history.
"""

from collections import Counter
from pathlib import Path
from typing import Any, Literal

import dagster as dg
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from webex_provision.assets.console_logger import launch_config
from webex_provision.assets.failures import UnusableSettings
from webex_provision.assets.inbox import Dropped, Look, Memory, look_into
from webex_provision.assets.jobs import PROVISION_JOB, PROVISION_OP, TENANT_TAG, slot_tag
from webex_provision.assets.registry import folder_noted
from webex_provision.assets.run_config import settings_from_environment, told_by
from webex_provision.assets.tags import UNSEEN
from webex_provision.config import MOST_FURTHER_TOKENS
from webex_provision.ledger.folder import input_id_of
from webex_provision.safe_text import printable

INBOX = dg.AssetKey("inbox")
CONTENT_TAG, FILE_TAG = "webex_provision/input_sha256", "webex_provision/input_file"
BYTES_TAG = f"{UNSEEN}input_bytes"
INTERVAL_SECONDS = 10
_MOST_RUNS = 1_000
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


class InboxSettings(BaseSettings):
    """Read by the code server at every tick."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    inbox_dir: str = Field(default="", description="The folder; empty: no inbox.")
    inbox_share: str = Field(
        default="1/1", pattern="^[1-9][0-9]?/[1-9][0-9]?$", description="2/3: the second of three code servers."
    )
    runs_side_by_side: int = Field(
        default=1, ge=1, le=MOST_FURTHER_TOKENS + 1, description="1: sites wait for each other. More: a token each."
    )

    @property
    def share(self) -> tuple[int, int]:
        """Which code server this is, from 0, and how many there are."""
        mine, _, of = self.inbox_share.partition("/")
        return int(mine) - 1, int(of)

    def is_mine(self, sha256: str) -> bool:
        """Each content belongs to exactly one of the code servers that share an inbox."""
        mine, of = self.share
        return int(sha256[:8], 16) % of == mine


def inbox_sensor() -> dg.SensorDefinition:
    """The sensor `inbox`; it is off until somebody switches it on."""

    @dg.sensor(
        name="inbox",
        job_name=PROVISION_JOB,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=f"Launches the job {PROVISION_JOB} for every CSV or workbook that is dropped into the folder that "
        f"the variable INBOX_DIR names, once for each content. Off until you switch it on. What has become of a file "
        f"stands in the tick, and for good in the asset inbox.",
    )
    def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            settings = _settings()
            before = Memory.read(context.cursor, settings.inbox_share)
            look = look_into(Path(settings.inbox_dir), before)
        except UnusableSettings as error:
            return dg.SkipReason(str(error))
        except OSError as error:
            return dg.SkipReason(f"the inbox {printable(settings.inbox_dir)} cannot be read: {error.strerror}")
        return _Tick(context.instance, settings, look, before).result()

    return inbox


def _settings() -> InboxSettings:
    """Raises UnusableSettings."""
    try:
        settings = InboxSettings()
    except ValidationError as error:
        raise UnusableSettings(told_by(error)) from None
    if not settings.inbox_dir:
        raise UnusableSettings("INBOX_DIR names no folder: set it where the code server starts")
    mine, of = settings.share
    if mine >= of:
        raise UnusableSettings(f"INBOX_SHARE={settings.inbox_share}: the first number is at most the second")
    if settings.runs_side_by_side > 1:
        given = len(settings_from_environment().all_tokens)
        if settings.runs_side_by_side > given:
            raise UnusableSettings(
                f"RUNS_SIDE_BY_SIDE={settings.runs_side_by_side} needs as many tokens, but WEBEX_TOKEN and "
                f"WEBEX_TOKENS hold {given}: add tokens or lower it"
            )
    return settings


class _Tick:
    """One tick: what has become of each file."""

    def __init__(self, instance: dg.DagsterInstance, settings: InboxSettings, look: Look, before: Memory) -> None:
        self._instance, self._settings, self._look, self._before = instance, settings, look, before
        self._requests: list[dg.RunRequest] = []
        self._events: list[dg.AssetObservation] = []
        self._told: list[str] = []
        self._asked: dict[str, str] = {}
        self._load = self._load_of_slots()

    def result(self) -> dg.SensorResult:
        """Runs to start, or why none starts; and what to remember."""
        for file in self._look.files:
            if self._settings.is_mine(file.sha256):
                self._decide(file)
            self._look.memory.done.add(file.mark)
        self._tell_faults()
        told = [*self._told, *self._look.told()]
        return dg.SensorResult(
            run_requests=self._requests,
            skip_reason=None if self._requests else dg.SkipReason("; ".join(told) or "nothing new in the inbox"),
            asset_events=self._events,
            cursor=self._look.memory.written(),
        )

    def _decide(self, file: Dropped) -> None:
        name = printable(file.path.name)
        twin = self._asked.get(file.sha256)
        if twin is not None:
            return self._tell(file, "same_content", f"{name} has the content of {twin}, which runs")
        earlier = self._instance.get_runs(filters=dg.RunsFilter(tags={CONTENT_TAG: file.sha256}), limit=1)
        again = bool(earlier) and self._never_began(earlier[0], file.sha256)
        if earlier and not again:
            return self._tell(file, "ran_before", _told_of(name, earlier[0]))
        self._asked[file.sha256] = name
        self._requests.append(self._request(file, f"{file.sha256}@{earlier[0].run_id}" if again else file.sha256))
        return self._tell(file, "started", f"{name} is in the queue")

    def _never_began(self, run: dg.DagsterRun, sha256: str) -> bool:
        """Whether a run ended before there was a roll-out: its file was removed, or the settings were wrong."""
        if run.status not in (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED):
            return False
        return not folder_noted(self._instance, input_id_of(Path(run.tags.get(FILE_TAG, "")), sha256))

    def _request(self, file: Dropped, run_key: str) -> dg.RunRequest:
        config: dict[str, Any] = {"csv_path": str(file.path), "input_sha256": file.sha256}
        tags = {CONTENT_TAG: file.sha256, FILE_TAG: file.path.name, BYTES_TAG: str(file.size)}
        if self._load:
            slot = min(self._load, key=lambda number: (self._load[number], number))
            self._load[slot] += file.size
            config["token_slot"] = str(slot)
            tags[TENANT_TAG] = slot_tag(slot)
        run_config = {"ops": {PROVISION_OP: {"config": config}}, **launch_config()}
        return dg.RunRequest(run_key=run_key, tags=tags, run_config=run_config)

    def _load_of_slots(self) -> Counter[int]:
        """Bytes of input that wait or are at work in each slot; empty when runs go one after the other."""
        slots = range(1, self._settings.runs_side_by_side + 1)
        if len(slots) == 1:
            return Counter()
        load = Counter(dict.fromkeys(slots, 0))
        by_tag = {slot_tag(slot): slot for slot in slots}
        filters = dg.RunsFilter(statuses=_UNFINISHED, tags={TENANT_TAG: list(by_tag)})
        for run in self._instance.get_runs(filters=filters, limit=_MOST_RUNS):
            load[by_tag[run.tags[TENANT_TAG]]] += int(run.tags.get(BYTES_TAG, "1"))
        return load

    def _tell_faults(self) -> None:
        """Each is an observation once, and told at every tick as long as it stands."""
        for name, why, mark in self._look.faults:
            known = f"!{mark}"
            if known not in self._before.done and self._settings.share[0] == 0:
                self._observe("not_taken", f"{name}: {why}", file=name)
            self._look.memory.done.add(known)

    def _tell(self, file: Dropped, outcome: Literal["started", "same_content", "ran_before"], told: str) -> None:
        self._told.append(told)
        self._observe(outcome, told, file=printable(file.path.name), sha256=file.sha256)

    def _observe(self, outcome: str, told: str, **facts: str) -> None:
        self._events.append(dg.AssetObservation(INBOX, description=told, metadata={"outcome": outcome, **facts}))


def _told_of(name: str, run: dg.DagsterRun) -> str:
    """What has become of a content that came before."""
    if run.status in _UNFINISHED:
        return f"{name} waits or is at work as run {run.run_id}"
    if run.status is dg.DagsterRunStatus.SUCCESS:
        return f"{name} has run before, as run {run.run_id}"
    return f"{name} has run before, and run {run.run_id} ended early: webex-provision resume goes on with it"

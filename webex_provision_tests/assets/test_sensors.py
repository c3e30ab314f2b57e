"""What becomes of each file that is dropped into the inbox, whatever its state; dead runs are ended."""

import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from webex_provision.assets import inbox as looking
from webex_provision.assets.dead_runs import BEGAN_TAG, PROCESS_TAG, end_dead_runs, process_tags
from webex_provision.assets.failures import WrongRequest
from webex_provision.assets.run_config import ProvisionConfig, refuse_other_content
from webex_provision.assets.sensors import inbox_sensor

ROLL_OUT = "entity_type\nuser\n"
TENANT = "webex_provision/tenant"


class Inbox:
    """A folder and the sensor's ticks over it; what it asks for becomes a run in the queue, as the daemon does it."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance) -> None:
        self.folder, self.instance = folder, instance
        self.cursor: str | None = None
        self.runs: list[dg.DagsterRun] = []
        self.said = ""
        self.observed: list[dict[str, Any]] = []

    def drop(self, name: str, content: str = ROLL_OUT) -> Path:
        path = self.folder / name
        path.write_text(content)
        return path

    def tick(self) -> list[dg.RunRequest]:
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        data = inbox_sensor().evaluate_tick(context)
        self.cursor, self.said = data.cursor, data.skip_message or ""
        for event in data.asset_events:
            assert isinstance(event, dg.AssetObservation)
            self.observed.append({name: value.value for name, value in event.metadata.items()})
        known = {run.tags["dagster/run_key"] for run in self.runs}
        for request in data.run_requests or []:
            assert request.run_key not in known, "Dagster would not start it"
            job = dg.JobDefinition(graph_def=dg.GraphDefinition(name="empty"))
            tags = {**request.tags, "dagster/run_key": str(request.run_key)}
            self.runs.append(self.instance.create_run_for_job(job, tags=tags))
        return list(data.run_requests or [])

    def settled(self) -> list[dg.RunRequest]:
        """A file is taken when two ticks have seen the same."""
        assert self.tick() == []
        return self.tick()

    def ends(self, status: dg.DagsterRunStatus) -> None:
        report = {
            dg.DagsterRunStatus.FAILURE: self.instance.report_run_failed,
            dg.DagsterRunStatus.CANCELED: self.instance.report_run_canceled,
        }
        report[status](self.runs[-1])


def files_of(requests: list[dg.RunRequest]) -> list[str]:
    return [Path(config_of(request)["csv_path"]).name for request in requests]


def config_of(request: dg.RunRequest) -> dict[str, Any]:
    config: dict[str, Any] = request.run_config["ops"]["roll_out"]["config"]
    return config


def sha256_of(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    monkeypatch.setenv("INBOX_DIR", str(tmp_path))
    for name in ("INBOX_SHARE", "RUNS_SIDE_BY_SIDE", "TOKEN_SLOT"):
        monkeypatch.delenv(name, raising=False)
    with dg.DagsterInstance.ephemeral() as instance:
        yield Inbox(tmp_path, instance)


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tokens of a tenant."""
    monkeypatch.setenv("WEBEX_TOKEN", "one-token")
    monkeypatch.setenv("WEBEX_TOKENS", "two-token,three-token")
    monkeypatch.setenv("WEBEX_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("ENVIRONMENT", "lab")


def test_a_file_starts_its_roll_out_once_and_the_history_says_so(inbox: Inbox) -> None:
    csv = inbox.drop("site.csv")
    (request,) = inbox.settled()
    content = sha256_of(ROLL_OUT)
    assert config_of(request) == {"csv_path": str(csv), "input_sha256": content}
    assert (request.run_key, request.tags["webex_provision/input_sha256"]) == (content, content)
    assert TENANT not in request.tags, "the job's own holds: one run at a time near the tenant"
    assert inbox.observed == [{"outcome": "started", "file": "site.csv", "sha256": content}]
    assert inbox.tick() == []
    assert inbox.said == "nothing new in the inbox"


def test_many_files_at_once_are_all_in_the_queue_in_the_order_of_their_names(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "MOST_FILES", 4)
    for number in range(6):
        inbox.drop(f"{number}.csv", f"{ROLL_OUT}{number}")
    assert files_of(inbox.settled()) == ["0.csv", "1.csv", "2.csv", "3.csv"]
    assert files_of(inbox.tick()) == ["4.csv", "5.csv"]


def test_workbooks_and_names_in_capitals_are_taken(inbox: Inbox) -> None:
    inbox.drop("SITE.CSV", "a")
    inbox.drop("site.xlsx", "PK")
    assert files_of(inbox.settled()) == ["SITE.CSV", "site.xlsx"]


def test_a_file_that_is_still_being_copied_waits_until_it_no_longer_changes(inbox: Inbox) -> None:
    path = inbox.drop("site.csv", "entity_type\nus")
    assert inbox.tick() == []
    with path.open("a") as copy:
        copy.write("er\n")
    assert inbox.tick() == []
    assert inbox.said == "waiting: site.csv (new, or still being copied)"
    (request,) = inbox.tick()
    assert request.run_key == sha256_of(ROLL_OUT)


def test_no_clock_counts_a_file_of_tomorrow_or_of_last_year_waits_as_long(inbox: Inbox) -> None:
    for name, when in (("new.csv", 4e9), ("old.csv", 1e9)):
        os.utime(inbox.drop(name, name), (when, when))
    assert files_of(inbox.settled()) == ["new.csv", "old.csv"]


def test_what_is_a_copy_by_its_name_waits_and_what_programs_hide_is_not_looked_at(inbox: Inbox) -> None:
    for name in ("site.csv.part", ".site.csv.aB3x", "~$site.xlsx"):
        inbox.drop(name)
    assert inbox.settled() == []
    assert inbox.said == "waiting: site.csv.part (still being copied, by its name)"


def test_the_same_content_under_two_names_runs_once(inbox: Inbox) -> None:
    inbox.drop("a.csv")
    inbox.drop("b.csv")
    assert files_of(inbox.settled()) == ["a.csv"]
    assert inbox.observed[-1] | {"sha256": ""} == {"outcome": "same_content", "file": "b.csv", "sha256": ""}


@pytest.mark.parametrize("status", [None, dg.DagsterRunStatus.SUCCESS])
def test_the_same_content_dropped_again_later_does_not_run_again(
    inbox: Inbox, status: dg.DagsterRunStatus | None
) -> None:
    inbox.drop("a.csv")
    inbox.settled()
    run = inbox.runs[-1]
    if status is not None:
        inbox.instance.handle_new_event(ended(run))
    inbox.drop("b.csv")
    assert inbox.settled() == []
    told = "has run before, as" if status else "waits or is at work as"
    assert inbox.said == f"b.csv {told} run {run.run_id}"
    assert inbox.observed[-1]["outcome"] == "ran_before"


def ended(run: dg.DagsterRun) -> dg.EventLogEntry:
    event = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, run.job_name)
    return dg.EventLogEntry(None, 10, "", run.run_id, 1e9, dagster_event=event)


def test_a_file_that_changed_after_its_run_is_a_new_roll_out(inbox: Inbox) -> None:
    inbox.drop("site.csv")
    assert files_of(inbox.settled()) == ["site.csv"]
    inbox.drop("site.csv", f"{ROLL_OUT}more")
    (request,) = inbox.settled()
    assert request.run_key == sha256_of(f"{ROLL_OUT}more")


def test_a_file_that_changed_before_its_run_is_not_run_under_the_old_run(inbox: Inbox) -> None:
    csv = inbox.drop("site.csv")
    (request,) = inbox.settled()
    refuse_other_content(ProvisionConfig(**config_of(request)))
    csv.write_text(f"{ROLL_OUT}more")
    with pytest.raises(WrongRequest, match=r"has changed since .* gets a run of its own"):
        refuse_other_content(ProvisionConfig(**config_of(request)))
    assert files_of(inbox.settled()) == ["site.csv"]


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED])
def test_a_file_removed_before_its_run_is_told_and_runs_when_it_is_dropped_again(
    inbox: Inbox, status: dg.DagsterRunStatus
) -> None:
    csv = inbox.drop("site.csv")
    (request,) = inbox.settled()
    csv.unlink()
    with pytest.raises(WrongRequest, match=r"cannot be read any more .* Drop it again"):
        refuse_other_content(ProvisionConfig(**config_of(request)))
    inbox.ends(status)
    assert inbox.tick() == []
    inbox.drop("site.csv")
    assert files_of(inbox.settled()) == ["site.csv"]
    assert inbox.tick() == [], "once"


def test_a_roll_out_that_had_begun_is_resumed_and_not_run_again(inbox: Inbox) -> None:
    inbox.drop("site.csv")
    (request,) = inbox.settled()
    inbox.ends(dg.DagsterRunStatus.FAILURE)
    begun = f"site-{request.run_key}"[:13]
    inbox.instance.daemon_cursor_storage.set_cursor_values({f"webex_provision/roll_out/{begun}": "/elsewhere"})
    inbox.drop("again.csv")
    assert inbox.settled() == []
    assert f"run {inbox.runs[-1].run_id} ended early: webex-provision resume goes on with it" in inbox.said


def test_what_can_not_be_a_roll_out_is_told_at_every_tick_and_observed_once(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.drop("empty.csv", "")
    inbox.drop("notes.txt")
    inbox.drop("huge.csv", "x" * 101)
    (inbox.folder / "archive").mkdir()
    (inbox.folder / "gone.csv").symlink_to("nowhere.csv")
    os.mkfifo(inbox.folder / "pipe.csv")
    (inbox.folder / os.fsdecode(b"M\xe1laga.csv")).write_text(ROLL_OUT)
    monkeypatch.setattr(looking, "MOST_BYTES", 100)
    inbox.settled()
    told = {
        "archive": "a folder; files directly in the inbox are taken",
        "empty.csv": "it is empty",
        "gone.csv": "not a file, or a link that leads nowhere",
        "huge.csv": "larger than 0 MB",
        "M\\udce1laga.csv": "its name is not UTF-8; rename it",
        "notes.txt": "neither of .csv, .xlsx, .xlsm",
        "pipe.csv": "not a file, or a link that leads nowhere",
    }
    for _ in range(2):
        assert inbox.tick() == []
        assert all(f"{name} ({why})" in inbox.said for name, why in told.items()), inbox.said
    assert sorted(seen["file"] for seen in inbox.observed) == sorted(told)
    assert {seen["outcome"] for seen in inbox.observed} == {"not_taken"}


def test_an_unreadable_file_is_told_and_taken_as_soon_as_it_can_be_read(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv = inbox.drop("site.csv")
    real_open = Path.open

    def refused(path: Path, *arguments: Any, **options: Any) -> Any:
        if path == csv:
            raise PermissionError(13, "Permission denied")
        return real_open(path, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", refused)  # root can read whatever its mode
        assert inbox.settled() == []
        assert inbox.said == "not taken: site.csv (it cannot be read: Permission denied)"
    assert files_of(inbox.tick()) == ["site.csv"]


def test_the_cursor_holds_only_what_lies_there_now_and_never_more_than_a_thousand(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "MOST_ENTRIES", 5)
    for number in range(9):
        path = inbox.drop(f"{number}.csv", f"{number}")
        os.utime(path, (number, number))
    assert files_of(inbox.settled()) == ["4.csv", "5.csv", "6.csv", "7.csv", "8.csv"], "the newest"
    inbox.tick()
    assert inbox.said == "waiting: 4 older entries: move away what is done"
    assert inbox.cursor is not None
    assert len(looking.Memory.read(inbox.cursor, "1/1").done) == 5
    for path in inbox.folder.iterdir():
        path.unlink()
    inbox.tick()
    assert looking.Memory.read(inbox.cursor, "1/1") == looking.Memory(share="1/1")


def test_a_lost_cursor_starts_nothing_twice(inbox: Inbox) -> None:
    inbox.drop("site.csv")
    assert files_of(inbox.settled()) == ["site.csv"]
    inbox.cursor = "not a cursor"
    assert inbox.settled() == []
    assert "waits or is at work" in inbox.said


def test_code_servers_that_share_an_inbox_take_each_content_once(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{number}.csv" for number in range(12)]
    for name in names:
        inbox.drop(name, name)
    inbox.drop("empty.csv", "")
    taken = []
    for share in ("1/2", "2/2"):
        monkeypatch.setenv("INBOX_SHARE", share)
        inbox.cursor = None
        found = files_of(inbox.settled())
        assert found
        taken += found
    assert sorted(taken) == sorted(names)
    assert [seen["file"] for seen in inbox.observed if seen["outcome"] == "not_taken"] == ["empty.csv"]


def test_what_another_code_server_should_have_taken_is_taken_when_the_shares_are_dealt_anew(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number}.csv" for number in range(12)]
    for name in names:
        inbox.drop(name, name)
    monkeypatch.setenv("INBOX_SHARE", "1/2")
    mine = files_of(inbox.settled())
    assert 0 < len(mine) < len(names)
    monkeypatch.setenv("INBOX_SHARE", "1/1")
    assert sorted(mine + files_of(inbox.settled())) == sorted(names)


@pytest.mark.usefixtures("tokens")
def test_side_by_side_each_file_gets_the_slot_with_the_least_work_and_its_token(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNS_SIDE_BY_SIDE", "2")
    sizes = {"a": 90, "b": 20, "c": 30, "d": 30}
    for name, size in sizes.items():
        inbox.drop(f"{name}.csv", name * size)
    requests = inbox.settled()
    slots = {Path(config_of(asked)["csv_path"]).stem: config_of(asked)["token_slot"] for asked in requests}
    assert slots == {"a": "1", "b": "2", "c": "2", "d": "2"}
    assert [asked.tags[TENANT] for asked in requests] == [f"127.0.0.1:9#{slots[name]}" for name in sizes]
    inbox.drop("e.csv", "e" * 5)
    (later,) = inbox.settled()
    assert config_of(later)["token_slot"] == "2", "what waits in the queue counts"


@pytest.mark.usefixtures("tokens")
@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("RUNS_SIDE_BY_SIDE", "4", "RUNS_SIDE_BY_SIDE=4 needs as many tokens, but WEBEX_TOKEN and WEBEX_TOKENS hold 3"),
        ("RUNS_SIDE_BY_SIDE", "0", "RUNS_SIDE_BY_SIDE: Input should be greater than or equal to 1"),
        ("INBOX_SHARE", "3/2", "INBOX_SHARE=3/2: the first number is at most the second"),
        ("INBOX_SHARE", "half", "INBOX_SHARE: String should match pattern"),
        ("INBOX_DIR", "", "INBOX_DIR names no folder"),
        ("INBOX_DIR", "/nowhere", "the inbox /nowhere cannot be read: No such file or directory"),
    ],
)
def test_settings_that_do_not_go_together_start_nothing_and_are_told(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    inbox.drop("site.csv")
    monkeypatch.setenv(variable, value)
    assert inbox.settled() == []
    assert told in inbox.said


def test_only_runs_of_dead_processes_of_this_machine_are_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    here = socket.gethostname()
    with dg.DagsterInstance.ephemeral() as instance:

        def run(tags: dict[str, str]) -> str:
            job = dg.JobDefinition(graph_def=dg.GraphDefinition(name="empty"))
            started = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags)
            return started.run_id

        dead = run({PROCESS_TAG: f"{here}:{process.pid}"})
        mine = process_tags()
        run(mine)
        # Numbers are given out again, and soon in a container that has started again.
        before_me = run(mine | {BEGAN_TAG: "1"}) if mine[BEGAN_TAG] else None
        run({PROCESS_TAG: mine[PROCESS_TAG]})
        run({PROCESS_TAG: f"elsewhere:{process.pid}"})
        run({})
        assert set(end_dead_runs(instance)) == {dead, before_me} - {None}
        ended = instance.get_run_by_id(dead)
        assert ended is not None
        assert ended.status is dg.DagsterRunStatus.FAILURE

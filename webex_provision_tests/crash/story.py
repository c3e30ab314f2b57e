"""The life of a site with every entity type, recorded once; and whether what is gone on with ends like it."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.actions.declaration import Write
from webex_provision.ledger.intents import read_intents
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.contract.rows import LATE, PROMPT
from webex_provision_tests.crash.every_type import every_type_rows, there_before
from webex_provision_tests.crash.recorded_life import Point, RecordedLife
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.prompts import wav

WAIT = 60  # seconds between two runs
MODES = (RunMode.RESUME, RunMode.RETRY_PENDING, RunMode.REPLAY)
States = dict[str, tuple[str, str]]


class Stage(NamedTuple):
    """One run of the life, the n-th: its points, and how it ended undisturbed."""

    number: int
    mode: RunMode
    points: list[Point]
    states: States
    tenant: dict[str, Any]
    commits: int

    @property
    def after_intake(self) -> list[Point]:
        """The points at which the rows were divided already."""
        return [point for point in self.points if {"ready_to_load.csv", "manifest.json"} <= set(point.files)]


class Story:
    """A life of three runs: the first one, a retry once the directory has brought a user, a replay."""

    def __init__(self, base: Path) -> None:
        (base / PROMPT).write_bytes(wav())
        settings: dict[str, Any] = {"allow_number_removal": True, "checkpoint_interval_seconds": 20}
        self.site = InProcessSite(base, every_type_rows(), seeded=there_before(), **settings)
        self.life = RecordedLife(self.site)
        self.stages = [self._play(number, mode) for number, mode in enumerate(MODES, start=1)]

    def _play(self, number: int, mode: RunMode) -> Stage:
        if mode is RunMode.RETRY_PENDING:
            self.site.sandbox.tenant.add_person(LATE)
        self.site.clock.advance(WAIT)
        with self.life.recording() as points:
            assert self.site.run(mode) is RunState.COMPLETED_WITH_PENDING
        self.site.check()
        return Stage(number, mode, points, self.states, self.site.sandbox.tenant.normalised(), self.commits)

    @property
    def states(self) -> States:
        """Status and reason of every row's last attempt."""
        return {row_id: (last["status"], last["reason_code"]) for row_id, last in self.site.last_states().items()}

    def recorded_states(self) -> States:
        """`states`, also where no record was written yet."""
        return self.states if (self.site.folder / "results.csv").exists() else {}

    @property
    def commits(self) -> int:
        return len(self._results)

    @property
    def _results(self) -> list[bytes]:
        path = self.site.folder / "results.csv"
        return path.read_bytes().splitlines() if path.exists() else []

    def goes_on(self, stage: Stage, point: Point) -> None:
        """What an operator does after a kill at this point ends as the undisturbed stage did."""
        self.life.restore(point)
        self.finishes(stage)

    def finishes(self, stage: Stage) -> None:
        """Gone on with from here, it ends as the undisturbed stage did, and every record is still there."""
        recorded, doubtful, begun = self._results, self._doubtful(), self._has_begun(stage)
        self.site.run()
        if not begun:
            self.site.run(stage.mode)
        self.site.check()
        assert self._results[: len(recorded)] == recorded, "a record was lost"
        if self.states == stage.states:
            again = self.commits - stage.commits
            assert not again, f"{again} rows were done again that had their state"
        else:
            self._decided_by_a_person(doubtful)
        assert self.states == stage.states
        assert self.site.sandbox.tenant.normalised() == stage.tenant

    def _decided_by_a_person(self, doubtful: set[str]) -> None:
        """Where Webex would not refuse a twin, a request that may have been sent is not sent again before a retry."""
        stopped = {row_id for row_id, (_, reason) in self.states.items() if reason == "retry_exhausted"}
        assert stopped
        assert stopped <= doubtful
        self.site.clock.advance(WAIT)
        self.site.run(RunMode.RETRY_PENDING)
        self.site.check()

    def _doubtful(self) -> set[str]:
        """Rows with an open intent of a step whose repetition could make a twin."""
        rows = every_type_rows()
        return {
            intent.row_id
            for intent in read_intents(self.site.folder / "intents.jsonl")
            if not _refuses_twins(rows[int(intent.row_id) - 1]["entity_type"], intent.step)
        }

    def _has_begun(self, stage: Stage) -> bool:
        """Whether the files tell of the stage; else it was killed too early, and is asked for again."""
        path = self.site.folder / "manifest.json"
        if stage.number == 1 or not path.exists():
            return True
        generation = json.loads(path.read_bytes())["generation"]
        return (generation["n"], generation["mode"] == stage.mode) >= (stage.number, True)


def _refuses_twins(entity_type: str, name: str) -> bool:
    steps = (step for step in entity_types_by_name()[entity_type].steps if isinstance(step, Write))
    return next(step.refuses_twins for step in steps if name.startswith(step.name))

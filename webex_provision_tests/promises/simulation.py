"""One simulated life of a roll-out, decided by a seed: its CSV, what goes wrong, when it dies, how it goes on.

After each launch the checker reads the folder, at the end also what the tenant was asked; then, with nothing wrong
any more, the roll-out must end as if nothing ever had been.
"""

import os
import random
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from webex_provision.sandbox.faults import Faults
from webex_provision.sandbox.tenant import Quirks
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.broken_promise import BrokenPromise
from webex_provision_tests.contract.rows import PROMPT
from webex_provision_tests.promises.fault_kinds import HIDING_LIST, KINDS, STALE_LIST, AimedRule, Death, death, rule
from webex_provision_tests.promises.site_parts import PARTS, TWO_MINDS, directory, part
from webex_provision_tests.promises.witnessed_site import WitnessedSite
from webex_provision_tests.prompts import wav
from webex_provision_tests.request_checks import check_nothing_created, footprint, is_write

BATCH = 10
CHECKPOINTS = 4  # seconds between two
_MEMORY = Path("/dev/shm")  # noqa: S108 - where there is one, files cost nothing
LAG, WAIT = 9, 60  # seconds: the longest lag of the tenant's lists; beyond every lag
MOST_LAUNCHES = 5
ENDINGS = 8  # launches in which an undisturbed roll-out must have come to its end

Hits = Counter[tuple[str, str]]


@dataclass(frozen=True)
class Launch:
    """What goes wrong in one launch."""

    rules: Sequence[AimedRule] = ()
    death: Death | None = None
    mode: RunMode = RunMode.RESUME
    lag: float = 0  # of the tenant's lists, in seconds
    pause: float = 0  # after it, in seconds


@dataclass(frozen=True)
class Plan:
    """The launches of one life of a part; by a seed, or aimed at what no seed has met."""

    part: int
    launches: Sequence[Launch]
    told: str = ""  # how the command line names it, where it is not the seed's own


def folder_in_memory() -> "tempfile.TemporaryDirectory[str]":
    """A folder for a life; it goes when it is closed."""
    return tempfile.TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None)


class Part:
    """Rows, the folder that intake makes of them, and how an undisturbed roll-out of them ends."""

    def __init__(self, number: int) -> None:
        self._base = folder_in_memory()
        base = Path(self._base.name)
        self.rows, self.madrid = part(number), number % 2 == 1
        (base / PROMPT).write_bytes(wav())
        site = self._site(base, 0)
        site.prepare()
        shutil.copytree(site.folder, base / "prepared")
        site.launch()
        site.clock.advance(WAIT)
        site.launch(RunMode.RETRY_PENDING)  # what waits for a row that this part lacks waits here too
        site.check()
        site.check_launch(complete=True, earlier=())
        site.check_life({})
        self.ended, self.tenant = _ended(site), _tenant(site)
        self.footprint = footprint(list(site.log.entries))
        self.requests: defaultdict[str, Counter[str]] = defaultdict(Counter)  # that each type sends, undisturbed
        for entry in site.log.entries:
            if entry["type"]:
                counts = self.requests[entry["type"]]
                counts.update(
                    {"all": 1, "writes": is_write(entry), "licences": entry["path"].endswith("/licenses/users")}
                )
        self.types = sorted(self.requests)
        self.licensed = [name for name, counts in self.requests.items() if counts["licences"]]

    def _site(self, base: Path, seed: int) -> WitnessedSite:
        return WitnessedSite(
            base,
            self.rows,
            seeded=directory(self.rows, madrid=self.madrid),
            clock_seed=seed,
            batch_size=BATCH,
            checkpoint_interval_seconds=CHECKPOINTS,
            allow_number_removal=True,
        )

    def site(self, base: Path, seed: int) -> WitnessedSite:
        """The same site once more; the seed is that of the clock's chance."""
        self.lay(base / "out")
        shutil.copy(Path(self._base.name) / PROMPT, base / PROMPT)
        return self._site(base, seed)

    def lay(self, folder: Path) -> None:
        """The folder as intake leaves it."""
        shutil.copytree(Path(self._base.name) / "prepared", folder)

    def close(self) -> None:
        """Its folder is needed no more."""
        self._base.cleanup()


@cache
def part_of(number: int) -> Part:
    """A part, made when it is first asked for."""
    return Part(number)


def _ended(site: WitnessedSite) -> dict[str, tuple[str, str]]:
    return {row_id: (record["status"], record["reason_code"]) for row_id, record in sorted(site.last_states().items())}


def _tenant(site: WitnessedSite) -> dict[str, Any]:
    """What the tenant holds, as far as it is decided by the CSV.

    That is without what a person's settings repeat of its location, as it was when they were read, and without the
    extension that depends on which of two rows ran last.
    """
    state = site.sandbox.tenant.normalised()
    for line in state["lines"].values():
        if line["extension"] in TWO_MINDS:
            line["extension"] = "one of two"
    for kept in state["settings"].values():
        if "callerId" in kept:
            kept["callerId"] = {
                name: value for name, value in kept["callerId"].items() if not name.startswith("location")
            }
    return state


def plan_of(seed: int) -> Plan:
    """What a seed decides."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not cryptography
    number = chance.randrange(PARTS)
    types = part_of(number).types
    launches = [_launch(chance, types) for _ in range(chance.randint(1, MOST_LAUNCHES))]
    return Plan(number, launches)


def _launch(chance: random.Random, types: Sequence[str]) -> Launch:
    share = chance.choice([0.2, 0.5, 0.9])
    rules = [rule(chance.choice(list(KINDS)), chance, aimed_at=name) for name in types if chance.random() < share]
    if chance.random() < 0.3:
        rules.append(rule(chance.choice(list(KINDS)), chance))
    dies = death(chance, types) if chance.random() < 0.5 else None
    mode = chance.choice([RunMode.RESUME] * 6 + [RunMode.RETRY_PENDING, RunMode.REPLAY])
    return Launch(rules, dies, mode, chance.choice([0, 3, LAG]), chance.choice([0, 0, 1, WAIT]))


def play(seed: int, plan: Plan | None = None) -> Hits:
    """Lives a plan, by default the seed's; what was hit. Raises BrokenPromise, whose note tells how to replay it."""
    plan = plan or plan_of(seed)
    life = _Life(plan, seed)
    try:
        with folder_in_memory() as base:
            return life.live(Path(base))
    except (Exception, SystemExit) as error:
        aim = f" --aim '{plan.told}'" if plan.told else ""
        error.add_note(f"replay it: python -m webex_provision_tests.promises.simulate --seed {seed}{aim}")
        raise


class _Life:
    """The launches of one plan; chance that is not planned (pauses, lags) comes from the seed too."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self._plan, self._seed = plan, seed
        self._part = part_of(plan.part)
        self._chance = random.Random(f"life:{seed}")  # noqa: S311 - repeatable, not cryptography
        self._hits: Hits = Counter()

    def live(self, base: Path) -> Hits:
        """From the first launch to the end."""
        self._site = self._part.site(base, self._seed)
        for launch in self._plan.launches:
            self._disturbed(launch)
        self._recovers()
        self._site.check_life(self._part.footprint)
        self._again()
        self._hits.update((entry["fault"], entry["type"]) for entry in self._site.log.entries if entry["fault"])
        self._hits.update((STALE_LIST, entry["type"]) for entry in self._site.log.entries if entry["lagging"])
        self._hits.update((HIDING_LIST, entry["type"]) for entry in self._site.log.entries if entry["hidden"])
        return self._hits

    def _disturbed(self, launch: Launch) -> None:
        site, chance = self._site, self._chance
        quirks = Quirks(list_lag_seconds=launch.lag, calling_settle_seconds=chance.choice([0, 0, 5]))
        site.goes_wrong(Faults(seed=self._seed, quirks=quirks, rules=list(launch.rules)))
        site.sandbox.config.latency_jitter_ms = chance.choice([0, 20, 400])
        before = site.results()
        state = site.launch(launch.mode, launch.death)
        if site.struck is not None and launch.death is not None:
            self._hits[launch.death.label, site.struck] += 1
        reached = state is not None and state.completed and launch.mode is not RunMode.RETRY_PENDING
        site.check_launch(complete=reached, earlier=before)
        site.clock.advance(launch.pause)
        if state is RunState.STOPPED_AUTH and chance.random() < 0.5:
            site.faults(Faults(token_expires_after=0))
            assert site.launch() is RunState.FAILED_PREFLIGHT  # the token is as dead as it was
        if state is RunState.STOPPED_AUTH or chance.random() < 0.2:
            site.new_token()

    def _recovers(self) -> None:
        """Nothing goes wrong any more: the roll-out ends as an undisturbed one does."""
        site = self._site
        site.faults(Faults())
        site.sandbox.config.latency_jitter_ms = 0
        for _ in range(ENDINGS):
            state = site.launch()
            if state is not None and state.completed:
                break
        for lag in (LAG, 0):
            if _ended(site) == self._part.ended:
                break  # a second retry is for what lists hid from the first
            site.clock.advance(WAIT)
            site.faults(Faults(quirks=Quirks(list_lag_seconds=lag)))
            site.launch(RunMode.RETRY_PENDING)
        site.check()
        self._same("after everything was mended")

    def _again(self) -> None:
        """The same CSV again, in the same folder or from nothing: the same tenant, nothing created."""
        site = self._site
        if self._chance.random() < 0.5:
            site.launch(RunMode.REPLAY)
        else:
            site.clock.advance(WAIT)
            shutil.rmtree(site.folder)
            self._part.lay(site.folder)
            site.launch()
        site.check()
        self._same("after the same CSV once more")
        made = [entry for entry in site.log.entries if entry["launch"] == site.log.launch]
        check_nothing_created(made)

    def _same(self, when: str) -> None:
        tenant, ended = _tenant(self._site), _ended(self._site)
        for row_id, expected in self._part.ended.items():
            if ended.get(row_id) != expected:
                last = self._site.last_states().get(row_id)
                raise BrokenPromise(f"{when}, row {row_id} is {ended.get(row_id)}, not {expected}: {last}")
        if tenant != self._part.tenant:
            raise BrokenPromise(
                f"{when}, the tenant is not what it should be: {_difference(self._part.tenant, tenant)}"
            )


def _difference(wanted: Any, found: Any, where: str = "", left: int = 4) -> str:
    """Where two states differ first."""
    for _ in range(left):
        if not (isinstance(wanted, dict) and isinstance(found, dict)):
            break
        name = next((key for key in [*wanted, *found] if wanted.get(key) != found.get(key)), None)
        if name is None:
            break
        wanted, found, where = wanted.get(name), found.get(name), f"{where}/{name}"
    return f"{where}: {str(wanted)[:400]} became {str(found)[:400]}"

"""Which kind of fault has hit which entity type, what must have, and lives aimed at what no seed has met."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from webex_provision.vocabulary import RunMode
from webex_provision_tests.promises.fault_kinds import (
    AFTER,
    BEFORE,
    DEATHS,
    KINDS,
    LOOKING,
    LOSSES,
    PARTIAL,
    STALE_LIST,
    TOKEN_DIES,
    WRITES,
    Death,
    aimed_rule,
)
from webex_provision_tests.promises.simulation import LAG, Hits, Launch, Part, Plan, part_of
from webex_provision_tests.promises.site_parts import PARTS
from webex_provision_tests.request_checks import RANKS

# Deaths that must meet every type; the others come at moments that belong to no row.
DEATHS_OF_ROWS = (BEFORE, AFTER, "before a result is written", "result written, checkpoint not")
CUT = f"{AFTER}, power cut"
# Types that create what Webex refuses no second one of: these also die while they look for a create that was lost.
_TWINS = frozenset({"workspace", "groups", "announcements_repo", "devices"})
MOST_ROUNDS, MOST_LIVES = 6, 400
_ENDING = frozenset({TOKEN_DIES, "429 with a long wait", CUT, *DEATHS})  # nothing of the launch comes after it
_COSTLY = frozenset({"400", "401 once", "403", "404", "409", "423 without a time"})  # nothing of the row
_ENDS_OF_A_LIFE = 4
_CHAIN = 3  # faults that one type meets in one launch
Pair = tuple[str, str]


@dataclass(frozen=True)
class Aim:
    """A life aimed at pairs: by launch its mode, and (kind, type, at which of the type's requests)."""

    part: int
    launches: list[tuple[str, list[tuple[str, str, int]]]]

    @property
    def pairs(self) -> set[Pair]:
        """What it aims at."""
        return {(kind, name) for _, faults in self.launches for kind, name, _ in faults}

    def told(self) -> str:
        """For the command line."""
        return json.dumps([self.part, self.launches])

    def plan(self) -> Plan:
        """The life itself."""
        ends = any(kind in _ENDING for kind, _ in self.pairs)
        # The first launch makes a location whose numbers lagging lists would hide; a resume must cope with the lag.
        made = [_launch(mode, faults, lagging=ends and place > 0) for place, (mode, faults) in enumerate(self.launches)]
        return Plan(self.part, made, self.told())


def aim_of(told: str) -> Aim:
    """What `told` wrote."""
    part, launches = json.loads(told)
    return Aim(part, launches)


def _launch(mode: str, faults: Collection[tuple[str, str, int]], *, lagging: bool) -> Launch:
    rules = [aimed_rule(*fault) for fault in faults if fault[0] in KINDS]
    # What it looks for when it dies has been lost before.
    rules += [aimed_rule("reset", name, nth, times=8) for kind, name, nth in faults if kind == LOOKING]
    # The record after which it dies is that of a pending row, which stands in two files.
    rules += [aimed_rule("403", name, nth) for kind, name, nth in faults if kind == DEATHS_OF_ROWS[-1]]
    deaths = [
        Death(kind.removesuffix(", power cut"), nth, name, ".*" if kind == LOOKING else WRITES, kind in {CUT, LOOKING})
        for kind, name, nth in faults
        if kind in DEATHS or kind == CUT
    ]
    lag = LAG if lagging or any(fault[0] == STALE_LIST for fault in faults) else 0
    return Launch(rules, deaths[0] if deaths else None, RunMode(mode), lag)


def floor(kinds: Collection[str]) -> set[Pair]:
    """The pairs that must be met: each of these kinds with each type; 206 with those that ask for licences."""
    licensed = {name for number in range(PARTS) for name in part_of(number).licensed}
    pairs = {(kind, name) for kind in kinds for name in RANKS}
    only = {PARTIAL: licensed, LOOKING: _TWINS}
    return {pair for pair in pairs if pair[1] in only.get(pair[0], RANKS)}


def aims(missing: Collection[Pair], turn: int) -> Iterator[Aim]:
    """Lives that aim at each missing pair once. A later turn aims at one pair of a type at a time."""
    left = sorted(missing, key=lambda pair: (RANKS[pair[1]], pair[0]))
    for place in range(PARTS):
        number = (place + turn) % PARTS
        part = part_of(number)
        for _ in range(MOST_LIVES):
            mine = [pair for pair in left if _fits(pair, part)]
            if not mine:
                break
            ending = [pair for pair in mine if pair[0] in _ENDING]
            aim = Aim(number, _ends(ending) if ending else _faults(mine, part, turn))
            left = [pair for pair in left if pair not in aim.pairs]
            yield aim


def _fits(pair: Pair, part: Part) -> bool:
    """Whether an undisturbed life of the part asks what the fault would strike."""
    kind, asked = pair[0], part.requests.get(pair[1], Counter[str]())
    if kind == PARTIAL:
        return asked["licences"] > 0
    if kind == STALE_LIST:  # which also hides the numbers that come with a new location
        return part.madrid and asked["all"] > 0
    return asked["writes"] > 0 if kind in LOSSES or kind in _ENDING else asked["all"] > 0


def _ends(pairs: list[Pair]) -> list[tuple[str, list[tuple[str, str, int]]]]:
    """One end a launch; the types in their order, so that each is still to be done when its turn comes."""
    step = max(1, len(pairs) // _ENDS_OF_A_LIFE)
    ends: list[tuple[str, list[tuple[str, str, int]]]] = [
        (RunMode.RESUME.value, [(kind, name, 1)]) for kind, name in pairs[::step][:_ENDS_OF_A_LIFE]
    ]
    return [*ends, (RunMode.RESUME.value, [])]


def _faults(pairs: list[Pair], part: Part, turn: int) -> list[tuple[str, list[tuple[str, str, int]]]]:
    """Faults that leave the launch alive: some for each type at once, then one more for it when all is replayed."""
    most = _CHAIN if turn == 0 else 1
    first, again = [], []
    taken: Counter[str] = Counter()
    spent: defaultdict[str, bool] = defaultdict(bool)
    stale = [pair for pair in pairs if pair[0] == STALE_LIST]
    for kind, name in stale or sorted(pairs, key=lambda pair: pair[0] in _COSTLY):
        room = min(most, part.requests[name]["writes" if kind in LOSSES else "all"])
        if not spent[name] and taken[name] < room:
            taken[name] += 1
            spent[name] = kind in _COSTLY
            first.append((kind, name, 1 if kind == PARTIAL else taken[name]))
        elif kind not in LOSSES and not any(other == name for _, other, _ in again):
            again.append((kind, name, 1))
    launches = [(RunMode.RESUME.value, first)]
    return [*launches, (RunMode.REPLAY.value, again)] if again else launches


def table(hits: Hits) -> str:
    """How often each kind has struck, rows of how many types it met, and which type it met least."""
    lines = [f"{'kind of fault':<50} {'hits':>6} {'types':>6}   least"]
    for kind in sorted({kind for kind, _ in hits}):
        met = {name: count for (one, name), count in hits.items() if one == kind and name}
        least = min(met, key=lambda name: met[name], default="")
        struck = sum(count for (one, _), count in hits.items() if one == kind)
        lines.append(f"{kind:<50} {struck:>6} {len(met):>6}   {least} {met.get(least, 0)}")
    return "\n".join(lines)

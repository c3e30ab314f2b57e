"""What one test file of the simulation plays: lives by seed, then lives aimed at what none of them has met."""

import gc
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from webex_provision_tests.promises.coverage import MOST_ROUNDS, Pair, aims, floor, table
from webex_provision_tests.promises.environment import needs
from webex_provision_tests.promises.simulation import Hits, part_of, play
from webex_provision_tests.promises.site_parts import PARTS


def lived(seeds: Iterable[int], kinds: Collection[str]) -> tuple[set[Pair], str]:
    """Which pairs of the floor were never met, and a report."""
    hits, played, aimed = Hits(), 0, 0
    with needs(), _parts_kept():
        for seed in seeds:
            hits.update(play(seed))
            played += 1
        wanted = floor(kinds)
        for turn in range(MOST_ROUNDS):
            for aim in aims(wanted - hits.keys(), turn):
                if aim.pairs - hits.keys():
                    hits.update(play(aimed, aim.plan()))
                    aimed += 1
    missing = wanted - hits.keys()
    reached = f"{len(wanted) - len(missing)} of {len(wanted)} pairs of fault and entity type"
    return missing, f"{played} seeds and {aimed} aimed lives met {reached}\n{table(hits)}"


@contextmanager
def _parts_kept() -> Iterator[None]:
    """The parts are made before the first life, and no collection of garbage looks at them again."""
    for number in range(PARTS):
        part_of(number)
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()

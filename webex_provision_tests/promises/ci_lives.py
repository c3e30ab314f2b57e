"""What one test file of the simulation plays: lives by seed, then lives aimed at what none of them has met."""

from collections.abc import Collection, Iterable

from webex_provision_tests.promises.coverage import MOST_ROUNDS, Pair, aims, floor, table
from webex_provision_tests.promises.environment import needs
from webex_provision_tests.promises.simulation import Hits, play


def lived(seeds: Iterable[int], kinds: Collection[str]) -> tuple[set[Pair], str]:
    """Which pairs of the floor were never met, and a report."""
    hits, played, aimed = Hits(), 0, 0
    with needs():
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

"""The bound for whoever keeps the order of types: only writes, but a type starts when the earlier one has ended."""

from collections.abc import Callable

from webex_provision_tests.benchmarks.contestants import Plan
from webex_provision_tests.benchmarks.contestants.fewest_writes import ready_in, stages_of


def ready(plan: Plan) -> Callable[[], int]:
    """The writes are read before the play."""
    return ready_in(plan, stages_of)

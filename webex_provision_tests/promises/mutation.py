"""A mistake put into the product on purpose, in a scratch copy of it, and the tests that must notice."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT, TESTS = "webex_provision", "webex_provision_tests"
SEEDS = "seeds"  # in place of a test: the simulation, by the seeds that CI plays


class OutOfDate(Exception):
    """The text that is to be changed is no longer there, or not once: bring the mutant up to date."""


@dataclass(frozen=True)
class Mutant:
    """`text` in `file` (below the product) becomes `instead`; `promise` is the number of what that breaks.

    `tests` are the fewest that must notice: files or tests below the tests' folder, or SEEDS.
    """

    name: str
    promise: int
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]

    def source(self, root: Path = ROOT) -> str:
        """The file with the mistake in it. Raises OutOfDate."""
        source = (root / PRODUCT / self.file).read_text("utf-8")
        found = source.count(self.text)
        if found != 1:
            raise OutOfDate(f"{self.name}: its text stands {found} times in {self.file}, not once")
        return source.replace(self.text, self.instead)

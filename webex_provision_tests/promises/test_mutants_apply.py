"""The mutants of `promises.mutants` still fit the product, and each promise has its mutants and their tests."""

import ast
import re
from collections import Counter

import pytest

from webex_provision_tests.promises.mutants import MUTANTS
from webex_provision_tests.promises.mutation import ROOT, SEEDS, TESTS, Mutant, OutOfDate


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_mutant_still_applies_and_is_python(mutant: Mutant) -> None:
    ast.parse(mutant.source())


def test_a_mutant_whose_text_is_gone_says_so() -> None:
    with pytest.raises(OutOfDate, match="0 times"):
        Mutant("gone", 1, "wire.py", "this stands nowhere in the file", "", (SEEDS,)).source()


def test_each_of_the_nine_promises_has_two_mutants_at_least() -> None:
    counts = Counter(mutant.promise for mutant in MUTANTS)
    assert {promise: counts[promise] for promise in range(1, 10) if counts[promise] < 2} == {}


@pytest.mark.parametrize("test", sorted({test for mutant in MUTANTS for test in mutant.tests} - {SEEDS}))
def test_the_tests_that_are_to_notice_are_there(test: str) -> None:
    path, _, name = test.partition("::")
    found = ROOT / TESTS / path
    assert found.exists(), path
    assert not name or re.search(rf"def {name}\(", found.read_text("utf-8")), test

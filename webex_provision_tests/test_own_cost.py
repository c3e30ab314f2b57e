"""The benchmark of own cost keeps working: parts of the program play on their own, and a process is measured alone."""

from pathlib import Path

import pytest

from webex_provision_tests.benchmarks.own_work import intended, recorded
from webex_provision_tests.benchmarks.processes import python


def test_records_and_intents_are_written_by_the_program_itself(tmp_path: Path) -> None:
    assert recorded(tmp_path / "records", 50) > 0
    assert intended(tmp_path / "intents", 50) > 0
    assert (tmp_path / "records/out/results.csv").read_text().count("\n") == 1 + 50
    assert (tmp_path / "intents/out/intents.jsonl").read_text().count("\n") == 50


def test_what_a_process_takes_is_its_own_and_a_failure_is_told(tmp_path: Path) -> None:
    spent = python(tmp_path, "-c", "print('first'); print('last')")
    assert spent.told == "last"
    assert min(spent.seconds, spent.cpu, spent.peak) > 0
    with pytest.raises(RuntimeError, match="no such thing"):
        python(tmp_path, "-c", "raise SystemExit('no such thing')")

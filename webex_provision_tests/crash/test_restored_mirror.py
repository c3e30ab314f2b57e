"""A folder brought back from its mirror is behind: what was done since is found again, and nothing is done twice."""

import shutil
from pathlib import Path

import pytest

from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import Selection
from webex_provision.vocabulary import Phase, RunState
from webex_provision_tests.crash.harness import Crashes, at_write
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.rehearsal import LOCATION, workspace


@pytest.mark.crash
def test_killed_its_folder_lost_and_brought_back_from_the_mirror_it_does_nothing_twice(
    crashes: Crashes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy is of the run's beginning: the mirror follows every 10 s at most, and the kill came before that."""
    store = crashes.base / "store"
    monkeypatch.setenv("MIRROR_URL", f"file://{store}")
    assert not crashes.launch("run", when=at_write(30))
    known = len((crashes.folder / "results.csv").read_text().splitlines())
    shutil.rmtree(crashes.folder)
    shutil.copytree(store / "out", crashes.folder)
    results = crashes.folder / "results.csv"
    assert (len(results.read_text().splitlines()) if results.exists() else 0) < known, "the mirror was not behind"
    assert crashes.launch("resume")
    crashes.check()
    copied = {path.name: path.read_bytes() for path in (store / "out").iterdir()}
    assert copied["checkpoint.json"] == (crashes.folder / "checkpoint.json").read_bytes()
    assert copied["results.csv"] == (crashes.folder / "results.csv").read_bytes()
    assert not RollOutFolder(crashes.folder).from_mirror.exists()


def test_the_run_that_opens_a_folder_from_a_mirror_waits_until_lists_show_everything(tmp_path: Path) -> None:
    """Its checkpoint is old, and yet the tenant may have been written to a moment ago, by the run that was lost."""
    waits = []
    for restored in (False, True):
        base = tmp_path / str(restored)
        base.mkdir()
        site = InProcessSite(base, [LOCATION, workspace("Sala", "2500")], list_lag_seconds=30)
        assert site.run(selection=Selection(phases=(Phase.ROUTING,))) is RunState.COMPLETED
        site.clock.advance(3_600)
        if restored:
            RollOutFolder(site.folder).from_mirror.write_text("{}")
        began = site.clock.elapsed
        assert site.run() is RunState.COMPLETED
        waits.append(site.clock.elapsed - began)
        assert not RollOutFolder(site.folder).from_mirror.exists()
    assert waits[1] >= waits[0] + 29

"""Where nobody knows how Webex answers, either answer will do: the row ends in success, or waits with a reason that
tells why; nothing is created twice, and a replay creates nothing."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from webex_provision.sandbox.faults import Faults
from webex_provision.vocabulary import RunMode
from webex_provision_tests.contract.routing_rows import PASSWORD_VARIABLE
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.promises import (
    uncertain_devices,
    uncertain_lists,
    uncertain_location_settings,
    uncertain_routing,
    uncertain_services,
    uncertain_user_settings,
    uncertain_users,
    uncertain_workspaces,
)
from webex_provision_tests.promises.answers import Answer, Answering, Uncertainty

TABLES = (
    uncertain_lists,
    uncertain_routing,
    uncertain_location_settings,
    uncertain_users,
    uncertain_user_settings,
    uncertain_workspaces,
    uncertain_services,
    uncertain_devices,
)
UNCERTAINTIES: tuple[Uncertainty, ...] = tuple(entry for table in TABLES for entry in table.UNCERTAINTIES)
WAIT = 60  # seconds, beyond every lag
CASES = [
    pytest.param(entry, answer, id=f"{entry.name}: {said}")
    for entry in UNCERTAINTIES
    for said, answer in entry.answers.items()
]


class Sites:
    """Sites of the same rows have their intake done once."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._prepared: dict[str, Path] = {}
        self._undisturbed: dict[str, dict[str, str]] = {}
        self._count = 0

    def site(self, entry: Uncertainty, settings: Mapping[str, Any]) -> tuple[InProcessSite, Answering]:
        self._count += 1
        base, routes = self._base / str(self._count), Answering()
        base.mkdir()
        rows, seeded = [dict(row) for row in entry.rows], [dict(row) for row in entry.seeded] or None
        site = InProcessSite(base, rows, seeded=seeded, routes=routes, allow_number_removal=True, **settings)
        known = json.dumps(rows)
        if known not in self._prepared:
            site.prepare()
            self._prepared[known] = base / "prepared"
            shutil.copytree(site.folder, self._prepared[known])
        else:
            shutil.copytree(self._prepared[known], site.folder)
        return site, routes

    def undisturbed(self, entry: Uncertainty) -> dict[str, str]:
        """How the rows end when nothing is uncertain."""
        known = json.dumps(entry.rows)
        if known not in self._undisturbed:
            site, _ = self.site(entry, {})
            site.run()
            self._undisturbed[known] = outcomes(site)
        return self._undisturbed[known]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PASSWORD_VARIABLE, "secret-of-the-gateway")
        yield Sites(tmp_path_factory.mktemp("sites"))


def outcomes(site: InProcessSite) -> dict[str, str]:
    """`success` or the reason code of every row, by its key."""
    return {
        f"{record['entity_type']} {record['entity_key']}": record["reason_code"] or record["status"]
        for record in site.last_states().values()
    }


def expected(sites: Sites, entry: Uncertainty, answer: Answer, found: Mapping[str, str]) -> dict[str, str]:
    if answer.ends is None:
        return sites.undisturbed(entry)
    named = answer.ends if isinstance(answer.ends, Mapping) else {_key_in_question(entry, found): answer.ends}
    return dict.fromkeys(found, "success") | named


def _key_in_question(entry: Uncertainty, found: Mapping[str, str]) -> str:
    return next(key for key in reversed(list(found)) if key.startswith(entry.rows[-1]["entity_type"]))


def creates(requests: Sequence[Mapping[str, Any]]) -> list[str]:
    """What was made: POSTs that were carried out, but for mere actions."""
    return [
        f"{entry['path']} {entry['body']}"
        for entry in requests
        if entry["method"] == "POST" and entry["applied"] and "/actions/" not in entry["path"]
    ]


@pytest.mark.parametrize(("entry", "answer"), CASES)
def test_either_answer_will_do(sites: Sites, entry: Uncertainty, answer: Answer) -> None:
    site, routes = sites.site(entry, answer.settings)
    if answer.before is not None:
        answer.before(site.sandbox.tenant)
    if entry.there:
        site.run()
        site.clock.advance(WAIT)
        assert set(outcomes(site).values()) == {"success"}, "the rows are there before the answers are played"
    routes.rules = answer.rules
    site.faults(Faults(quirks=answer.quirks, rules=[rule.model_copy() for rule in answer.faults]))
    _run(site, RunMode.REPLAY if entry.there else RunMode.RESUME)
    site.check()
    found = outcomes(site)
    assert found == expected(sites, entry, answer, found), _told(site)
    if answer.then is not None:
        answer.then(site)
    if set(found.values()) != {"success"}:
        site.clock.advance(WAIT)
        _run(site, RunMode.RETRY_PENDING)
    made = len(site.sandbox.log.entries)
    site.clock.advance(WAIT)
    _run(site, RunMode.REPLAY)
    site.check()
    assert creates(list(site.sandbox.log.entries)[made:]) == []


def _run(site: InProcessSite, mode: RunMode) -> None:
    """To its end: one refused row may be a whole refused batch, which stops a run; a resume finishes it."""
    if not site.run(mode).completed:
        site.run()


def _told(site: InProcessSite) -> str:
    """What the ledger says of the rows that wait."""
    return "; ".join(record["message"] for record in site.last_states().values() if record["status"] != "success")


def test_every_uncertainty_has_two_answers_and_a_name_of_its_own() -> None:
    assert all(len(entry.answers) > 1 for entry in UNCERTAINTIES)
    assert len({entry.name for entry in UNCERTAINTIES}) == len(UNCERTAINTIES)

"""A verification as the command line shows it: a line for every fact that the tenant tells otherwise."""

import shlex
from typing import TYPE_CHECKING

from webex_provision.clock import Clock
from webex_provision.console.faults import read_settings
from webex_provision.console.languages import ENGLISH, Words
from webex_provision.console.plans import silence_log
from webex_provision.console.screen import say, say_json
from webex_provision.console.tables import show_table
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.vocabulary import ExitCode

if TYPE_CHECKING:
    from webex_provision.engine.verification import Verification


def show_verification(folder: RollOutFolder, *, as_json: bool, words: Words = ENGLISH) -> ExitCode:
    """OK, or DIFFERENT when the tenant is not as the ledger says."""
    from webex_provision.engine.errors import StopRun
    from webex_provision.engine.verification import verify

    settings = read_settings()
    silence_log()
    try:
        verification = verify(folder, settings, Clock())
    except StopRun as verdict:
        say(words("not_verified", message=verdict.message), style="red", error=True)
        return verdict.state.exit_code
    if as_json:
        say_json({"folder": str(folder.root), **verification.as_dict()})
    else:
        _show(verification, folder, words)
    return ExitCode.DIFFERENT if verification.differences else ExitCode.OK


def _show(verification: "Verification", folder: RollOutFolder, words: Words) -> None:
    if verification.differences:
        headings = [words(key) for key in ("row", "type", "key", "fact", "expected", "tenant")]
        rows = [
            (one.row_id, one.entity_type, one.entity_key, one.fact, one.expected, one.found)
            for one in verification.differences
        ]
        show_table(headings, rows, {headings[-1]: f"{headings[-1]}: "}, head=f"{headings[0]} ")
    differing = len({difference.row_id for difference in verification.differences})
    say(words("verified", rows=verification.rows, calls=verification.calls, count=differing))
    if differing:
        command = shlex.join(["webex-provision", "replay", "--output-dir", str(folder.root)])
        say(words("bring_back", command=command))

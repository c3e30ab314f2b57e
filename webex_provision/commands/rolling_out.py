"""Rolling out: run, resume, retry, replay."""

from pathlib import Path

import typer

from webex_provision.commands.options import (
    AsJson,
    Lang,
    NewRollOutDir,
    Panel,
    Phases,
    Reasons,
    RollOutCsv,
    RollOutDir,
    Types,
    verb,
)
from webex_provision.console.languages import Language, Words
from webex_provision.vocabulary import RunMode

app = typer.Typer()


@verb(app, Panel.ROLLING_OUT, settings=True)
def run(
    csv: RollOutCsv,
    phase: Phases = None,
    type: Types = None,  # noqa: A002 - the flag's name
    output_dir: NewRollOutDir = None,
    json: AsJson = False,
    lang: Lang = Language.EN,
) -> None:
    """Provision a CSV. A second run of the same CSV goes on where the first one ended."""
    from webex_provision.console.runs import Wish, go

    raise typer.Exit(
        go(
            Wish(
                csv=csv,
                folder=output_dir,
                phases=tuple(phase or ()),
                types=tuple(type or ()),
                command="webex-provision run",
                as_json=json,
                words=Words(lang),
            )
        )
    )


@verb(app, Panel.ROLLING_OUT, settings=True)
def resume(
    output_dir: RollOutDir = None,
    phase: Phases = None,
    type: Types = None,  # noqa: A002
    json: AsJson = False,
    lang: Lang = Language.EN,
) -> None:
    """Go on with a roll-out: the rows that have no state yet."""
    _go_on(RunMode.RESUME, output_dir, phase, type, None, json=json, lang=lang)


@verb(app, Panel.ROLLING_OUT, settings=True)
def retry(
    output_dir: RollOutDir = None,
    reason: Reasons = None,
    phase: Phases = None,
    type: Types = None,  # noqa: A002
    json: AsJson = False,
    lang: Lang = Language.EN,
) -> None:
    """Try the pending rows of a roll-out again. Ends with 7 where rows are left that no run has reached."""
    _go_on(RunMode.RETRY_PENDING, output_dir, phase, type, reason, json=json, lang=lang)


@verb(app, Panel.ROLLING_OUT, settings=True)
def replay(
    output_dir: RollOutDir = None,
    phase: Phases = None,
    type: Types = None,  # noqa: A002
    json: AsJson = False,
    lang: Lang = Language.EN,
) -> None:
    """Do all rows of a roll-out again: each is looked up, updated where it differs, created only where it is gone."""
    _go_on(RunMode.REPLAY, output_dir, phase, type, None, json=json, lang=lang)


def _go_on(
    mode: RunMode,
    output_dir: Path | None,
    phases: list[int] | None,
    types: list[str] | None,
    reasons: list[str] | None,
    *,
    json: bool,
    lang: Language,
) -> None:
    from webex_provision.console.roll_outs import find_roll_out
    from webex_provision.console.runs import Wish, go

    wish = Wish(
        folder=find_roll_out(output_dir).root,
        mode=mode,
        phases=tuple(phases or ()),
        types=tuple(types or ()),
        reasons=tuple(reasons or ()),
        command=f"webex-provision {'retry' if mode is RunMode.RETRY_PENDING else mode}",
        as_json=json,
        words=Words(lang),
    )
    raise typer.Exit(go(wish))

"""Where the history of runs is kept when nobody has said so: DAGSTER_HOME, chosen for this process."""

import os
from pathlib import Path

import typer

from webex_provision.console.roll_outs import base_folder
from webex_provision.console.screen import say
from webex_provision.vocabulary import ExitCode

_VARIABLE = "DAGSTER_HOME"


def choose_home() -> Path:
    """DAGSTER_HOME as it is set; else, at the top of a checkout, `data/.dagster`; else `.dagster` in OUTPUT_DIR.

    It is set for this process and its children. Ends the process when what is set can't be used.
    """
    chosen = os.environ.get(_VARIABLE)
    if chosen:
        home = Path(chosen)
        if not home.is_absolute() or not home.is_dir():
            say(f"{_VARIABLE}={chosen} must be the absolute path of a folder that exists; mend or unset it", error=True)
            raise typer.Exit(ExitCode.USAGE)
        return home
    from webex_provision.assets.home import dagster_home

    checkout = Path("workspace.yaml").is_file() and Path("data").is_dir()
    home = dagster_home(Path("data") if checkout else base_folder())
    os.environ[_VARIABLE] = str(home)
    return home

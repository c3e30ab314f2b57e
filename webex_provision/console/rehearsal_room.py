"""What an operator rehearses with: the sandbox in the foreground, and made-up roll-outs."""

from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError

from webex_provision.console.faults import validation_lines
from webex_provision.console.screen import say
from webex_provision.generator import write_csv
from webex_provision.vocabulary import ExitCode


def serve_tenant(*, faults: Path | None, seed_csv: Path | None, **options: Any) -> None:
    """Serves until Ctrl-C; ends the process with a line for what can't be used."""
    from webex_provision.sandbox import Faults, SandboxConfig, serve

    if seed_csv is not None and not seed_csv.is_file():
        raise _unusable(f"{seed_csv} is not a file")
    try:
        chosen = Faults() if faults is None else Faults.model_validate_json(faults.read_bytes())
        config = SandboxConfig(faults=chosen, seed_csv=seed_csv, **options)
    except ValidationError as error:
        raise _unusable("\n".join(validation_lines(error))) from None
    except OSError as error:
        raise _unusable(f"{faults} cannot be read: {error.strerror}") from None
    say("Use it in another shell: export WEBEX_TOKEN=any ENVIRONMENT=lab WEBEX_BASE_URL=<this URL>:", error=True)
    try:
        serve(config)
    except (OSError, ValueError) as error:
        raise _unusable(f"the sandbox cannot start: {error}") from None


def write_roll_out(path: Path, *, rows: int, seed: int, bad_share: float, force: bool) -> None:
    """Writes it and says what it holds; an existing file is replaced only with `force`."""
    if path.exists() and not force:
        raise _unusable(f"{path} is there already; choose another name, or replace it with --force")
    try:
        made = write_csv(path, rows, seed=seed, bad_share=bad_share)
    except OSError as error:
        raise _unusable(f"{path} cannot be written: {error.strerror}") from None
    except ValueError as error:
        raise _unusable(str(error)) from None
    say(f"{path}: {made.rows} rows, {made.bad} of them bad on purpose")


def _unusable(message: str) -> typer.Exit:
    say(message, style="red", error=True)
    return typer.Exit(ExitCode.USAGE)

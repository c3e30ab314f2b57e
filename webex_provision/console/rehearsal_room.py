"""What an operator rehearses with: the sandbox in the foreground, and made-up roll-outs."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from pydantic import ValidationError

from webex_provision.console.faults import validation_lines
from webex_provision.console.screen import say
from webex_provision.generator import NEEDS, write_csv, write_workbook
from webex_provision.input_files import UnusableFile, read_regular_file
from webex_provision.intake.input_file import is_workbook, read_input
from webex_provision.vocabulary import ExitCode

if TYPE_CHECKING:
    from webex_provision.sandbox import Faults, SandboxConfig

# What a tenant is seeded from may be larger than what a run accepts.
_MOST_ROWS, _LARGEST_CELL = 1_000_000, 10 * 2**20
_LARGEST_FAULTS = 2**20


def serve_tenant(*, faults: Path | None, seed_csv: Path | None, **options: Any) -> None:
    """Serves until Ctrl-C; ends the process with a line for what can't be used."""
    if seed_csv is not None and not seed_csv.is_file():
        raise _unusable(f"{seed_csv} is not a file")
    with as_csv(seed_csv) as directory:
        _serve(sandbox_config(faults=chosen_faults(faults), seed_csv=directory, **options))


@contextmanager
def as_csv(path: Path | None) -> Iterator[Path | None]:
    """The file itself; of a workbook a CSV for the length of the block. Raises UnusableCsv."""
    if path is None or not is_workbook(path):
        yield path
        return
    source = read_input(path, max_rows=_MOST_ROWS, max_cell_bytes=_LARGEST_CELL)
    with tempfile.TemporaryDirectory(prefix="webex-provision-") as scratch:
        made = Path(scratch) / "directory.csv"
        source.frame.write_csv(made)
        yield made


def _serve(config: "SandboxConfig") -> None:
    from webex_provision.sandbox import serve

    try:
        serve(config, _how_to_use)
    except (OSError, ValueError) as error:
        raise _unusable(f"the sandbox cannot start: {error}") from None


def _how_to_use(url: str) -> None:
    say("It serves until Ctrl-C. In another shell:", error=True)
    say(f"  export WEBEX_TOKEN=any ENVIRONMENT=lab WEBEX_BASE_URL={url}", error=True)
    say("  webex-provision run <your CSV>", error=True)


def chosen_faults(path: Path | None) -> "Faults":
    """What goes wrong on purpose, from a JSON file; nothing without one. Ends the process when it can't be used."""
    from webex_provision.sandbox import Faults

    try:
        return Faults() if path is None else Faults.model_validate_json(read_regular_file(path, _LARGEST_FAULTS))
    except ValidationError as error:
        raise _unusable("\n".join(validation_lines(error))) from None
    except UnusableFile as error:
        raise _unusable(f"{path}: {error}") from None


def sandbox_config(**options: Any) -> "SandboxConfig":
    """The sandbox that was asked for. Ends the process with a line for each option that can't be used."""
    from webex_provision.sandbox import SandboxConfig

    try:
        return SandboxConfig(**options)
    except ValidationError as error:
        raise _unusable("\n".join(validation_lines(error))) from None


def write_roll_out(path: Path, *, rows: int, seed: int, bad_share: float, force: bool) -> None:
    """Writes it, as a workbook where its name ends so, and says what it holds.

    An existing file is replaced only with `force`.
    """
    if path.exists() and not force:
        raise _unusable(f"{path} is there already; choose another name, or replace it with --force")
    try:
        write = write_workbook if path.suffix.lower() == ".xlsx" else write_csv
        made = write(path, rows, seed=seed, bad_share=bad_share)
    except OSError as error:
        raise _unusable(f"{path} cannot be written: {error.strerror}") from None
    except ValueError as error:
        raise _unusable(str(error)) from None
    say(f"{path}: {made.rows} rows, {made.bad} of them bad on purpose")
    needs = " ".join(f"{name}={value}" for name, value in NEEDS.items())
    say(f"What its rows need where it is run: export {needs}")


def _unusable(message: str) -> typer.Exit:
    say(message, style="red", error=True)
    return typer.Exit(ExitCode.USAGE)

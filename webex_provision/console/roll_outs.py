"""Which roll-out a command is about: the folder that `--output-dir` names, or the newest one under it."""

import os
from pathlib import Path

from webex_provision.config import Settings
from webex_provision.console.screen import say
from webex_provision.ledger.errors import LedgerError
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.vocabulary import ExitCode


class NothingHere(LedgerError):
    """Neither the folder nor one below it holds a roll-out."""

    exit_code = ExitCode.USAGE

    def __init__(self, place: Path) -> None:
        super().__init__(
            f"There is no roll-out in {place}. Start one: webex-provision run <your CSV>; "
            f"or name the folder of one: --output-dir <folder>"
        )


def base_folder() -> Path:
    """OUTPUT_DIR, else its default: where the folders of roll-outs are made."""
    default: Path = Settings.model_fields["output_dir"].default
    return Path(os.environ.get("OUTPUT_DIR") or default)


def find_roll_out(output_dir: Path | None) -> RollOutFolder:
    """The roll-out in `output_dir` (default: OUTPUT_DIR), or the newest one in a folder below it; says which.

    Raises NothingHere when there is none.
    """
    place = output_dir or base_folder()
    if is_roll_out(place):
        return RollOutFolder(place)
    found = newest_first(place)
    newest = found[0]
    if len(found) > 1:
        others = ", ".join(folder.name for folder in found[1:4]) + (", …" if len(found) > 4 else "")
        say(
            f"{place} holds {len(found)} roll-outs; this is about the one last used, {newest.name} "
            f"(others: {others}). Name one: --output-dir {place}/<name>",
            error=True,
        )
    return RollOutFolder(newest)


def newest_first(place: Path) -> list[Path]:
    """Every roll-out in a folder, or that folder if it is one, the one last used first. Raises NothingHere."""
    found = [place] if is_roll_out(place) else sorted(roll_outs_in(place), key=_last_used, reverse=True)
    if not found:
        raise NothingHere(place)
    return found


def roll_outs_in(base: Path) -> list[Path]:
    """The roll-out folders directly in `base`."""
    return [child for child in base.iterdir() if child.is_dir() and is_roll_out(child)] if base.is_dir() else []


def is_roll_out(folder: Path) -> bool:
    """Whether a folder holds what a roll-out leaves; also one whose manifest was lost, which `repair` can mend."""
    place = RollOutFolder(folder)
    return any(path.is_file() for path in (place.manifest, place.checkpoint, place.results))


def _last_used(folder: Path) -> float:
    place = RollOutFolder(folder)
    paths = (place.manifest, place.checkpoint, place.results)
    return max((path.stat().st_mtime for path in paths if path.exists()), default=0.0)

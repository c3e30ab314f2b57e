"""Reads the local files that cells name, from the folder of the CSV and from nowhere else."""

import asyncio
from pathlib import Path

from webex_provision.actions.declaration import Attach, Failure
from webex_provision.engine.progress import Progress
from webex_provision.input_files import TooLarge, UnusableFile, read_regular_file
from webex_provision.vocabulary import Reason


class Attachments:
    """The files beside one CSV. Nothing is kept here: what a row attaches goes when the row ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def attach(self, step: Attach, progress: Progress) -> Failure | None:
        """Saves the bytes of the file that the row names; a file that can't be had stops the row."""
        ctx = progress.ctx
        ctx.found[step.save] = None
        name = step.path(ctx)
        if name is None:
            return None
        try:
            ctx.found[step.save] = await asyncio.to_thread(self._read, name, step.largest)
        except _NotUsable as error:
            return Failure(Reason.PRECONDITION_MISSING, f"{error}, then retry")
        return None

    def _read(self, name: str, largest: int) -> bytes:
        try:
            folder = self._folder.resolve(strict=True)
            file = (folder / name).resolve(strict=True)
            if not file.is_relative_to(folder):
                raise _NotUsable(f"'{name}' leads out of the CSV's folder ({folder}); put the file itself there")
            return read_regular_file(file, largest)
        except FileNotFoundError:
            raise _NotUsable(f"there is no file '{name}' in the CSV's folder ({self._folder}); put it there") from None
        except TooLarge as error:
            raise _NotUsable(f"'{name}': {error}; put a smaller one there") from None
        except UnusableFile as error:
            raise _NotUsable(f"'{name}': {error}") from None
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links is a RuntimeError, a NUL a ValueError
            why = getattr(error, "strerror", None) or str(error)
            raise _NotUsable(f"the file '{name}' can't be read ({why}); make it readable") from error


class _NotUsable(Exception):
    """Why a file can't be had, and what to do."""

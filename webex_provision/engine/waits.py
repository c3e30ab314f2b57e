"""Runs the steps that wait: Webex has taken something in and does it by itself, in its own time."""

import math

from webex_provision.actions.declaration import Failure, Read, Wait
from webex_provision.config import Settings
from webex_provision.engine.lookups import Finder
from webex_provision.engine.progress import Progress
from webex_provision.engine.run_control import RunControl


class Waiter:
    """Looks again and again, JOB_WAIT_SECONDS at most. A Failure stops the row; raises what the client raises."""

    def __init__(self, control: RunControl, finder: Finder, settings: Settings) -> None:
        self._control = control
        self._finder = finder
        self._settings = settings

    async def wait(self, step: Wait, progress: Progress) -> Failure | None:
        """Returns when it is done, or when the time is up."""
        read = Read(
            name=step.name,
            endpoint=step.endpoint,
            request=step.request,
            save=step.save,
            expect=step.expect,
            failures=step.failures,
        )
        for turn in range(math.ceil(self._settings.job_wait_seconds / step.every) + 1):
            if turn or step.request(progress.ctx) is not None:
                await self._control.wait(step.every if turn else step.first)
            failure = await self._finder.look(read, progress)
            if failure is not None:
                return failure
            if progress.ctx.found[step.save] is None or step.done(progress.ctx):
                return None
        return step.overdue(progress.ctx)

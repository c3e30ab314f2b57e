"""Asks Webex about the keys of many rows at once, where it has a call for that: which of them nobody holds."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

from webex_provision.actions.declaration import BulkCheck
from webex_provision.engine.error_handling import NO_ANSWER
from webex_provision.engine.run_control import RunControl

_log = logging.getLogger(__name__)


class BulkChecks:
    """What the rows of a batch will ask for, and what Webex has said of it; one instance a run.

    A check that fails once is not asked again in this run: each row then looks for its own key.
    """

    def __init__(self, control: RunControl) -> None:
        self._control = control
        self._waiting: dict[BulkCheck, dict[str, None]] = {}
        self._free: defaultdict[BulkCheck, set[str]] = defaultdict(set)
        self._out_of_use: set[BulkCheck] = set()
        self._asking = asyncio.Lock()

    def foretell(self, check: BulkCheck, keys: Iterable[str]) -> None:
        """These keys will be asked for from now on, and no others any more."""
        self._waiting[check] = dict.fromkeys(keys)

    async def is_free(self, check: BulkCheck, key: str, listed: Callable[[str], Collection[object]]) -> bool:
        """Whether Webex calls a foretold key free; keys that are `listed` are not asked for. Raises StopRun."""
        async with self._asking:
            if check not in self._out_of_use and key in self._waiting.get(check, ()):
                absent = [other for other in self._waiting[check] if other != key and not listed(other)]
                asked = [key, *absent[: check.most - 1]]
                self._waiting[check] = dict.fromkeys(absent[check.most - 1 :])
                if len(asked) > 1:
                    self._free[check].update(await self._ask(check, asked))
        return key in self._free[check]

    async def _ask(self, check: BulkCheck, keys: Sequence[str]) -> Collection[str]:
        try:
            answer = await self._control.send(check.request(keys))
            if answer.ok:
                return check.free(keys, answer)
            cause = f"Webex answered {answer.status}"
        except NO_ANSWER as error:
            cause = str(error)
        except (AttributeError, KeyError, TypeError, ValueError):
            cause = "an answer without what was asked for"
        self._out_of_use.add(check)
        extra = {"call": str(check.endpoint), "cause": cause, "instead": "one key at a time"}
        _log.warning("bulk_check_unavailable", extra=extra)
        return ()

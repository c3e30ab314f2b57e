"""The signals that ask a run to end: Ctrl-C, a scheduler's SIGTERM, and SIGHUP when the terminal was closed."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from webex_provision.engine.errors import StopRun
from webex_provision.engine.run_control import RunControl
from webex_provision.vocabulary import RunState


def stop_signals() -> tuple[signal.Signals, ...]:
    """Those that this process listens to: under `nohup` it was told not to hear SIGHUP."""
    hears = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hears else ()))


@contextmanager
def signals_stop(control: RunControl, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """While the block lasts each of them ends the run cleanly; a second one of the kind ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = {number: signal.getsignal(number) for number in stop_signals()}

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        name = signal.Signals(number).name
        verdict = StopRun(RunState.INTERRUPTED, f"interrupted by {name}; resume to go on")
        loop.call_soon_threadsafe(control.stop, verdict)

    try:
        for number in earlier:
            signal.signal(number, stop)
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)

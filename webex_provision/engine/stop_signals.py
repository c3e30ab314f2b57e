"""The signals that ask a run to end: Ctrl-C, a scheduler's SIGTERM, and SIGHUP when the terminal was closed."""

import signal


def stop_signals() -> tuple[signal.Signals, ...]:
    """Those that this process listens to: under `nohup` it was told not to hear SIGHUP."""
    hears = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hears else ()))

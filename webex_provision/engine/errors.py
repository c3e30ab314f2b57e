"""What ends a run before all its rows have a state.

The tree:

* StopRun            a clean stop with a checkpoint: every row without a record waits for the resume
* EngineError
  x NotYetDue        a phase or type was asked for before the rows that must come first
  x TooManyItems     a step would run over more items than it declares: it costs its row, never the run
"""

from webex_provision.vocabulary import RunState


class StopRun(Exception):
    """The run ends here, cleanly; `state` says how it is recorded and `message` what to do."""

    def __init__(self, state: RunState, message: str) -> None:
        super().__init__(message)
        self.state = state
        self.message = message


class EngineError(Exception):
    """The root of what is wrong with a request to the engine."""


class NotYetDue(EngineError):
    """Rows of an earlier phase or type have no terminal state yet; the message names the command that mends it."""


class TooManyItems(EngineError):
    """A step's list is longer than its declared bound; nothing of it was sent."""

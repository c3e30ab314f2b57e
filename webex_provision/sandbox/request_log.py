"""The request log: what was asked, what was answered, whether the tenant carried it out. Never a token."""

import os
from collections import deque
from pathlib import Path

from webex_provision.sandbox.answers import Record, dumps


class RequestLog:
    """The last `limit` requests in memory, and all of them in a JSONL file when one is named.

    An entry holds seq, time, token (a short hash), method, path, query, body, status (None: no answer was given),
    fault, applied (a write that the tenant carried out), created (the id of a new object) and tracking_id.
    """

    def __init__(self, limit: int, path: Path | None = None) -> None:
        self.entries: deque[Record] = deque(maxlen=limit)
        self.seq = 0
        self._file: int | None = None
        if path is not None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def next_seq(self) -> int:
        """The number of the next request."""
        self.seq += 1
        return self.seq

    def write(self, entry: Record) -> None:
        """Keep an entry; one write to the file."""
        self.entries.append(entry)
        if self._file is not None:
            os.write(self._file, dumps(entry) + b"\n")

    def clear(self) -> None:
        """Forget what is in memory; the file and the numbering go on."""
        self.entries.clear()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

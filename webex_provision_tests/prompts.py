"""Sound files for tests: silence, as WAV."""

import struct


def wav(seconds: float = 5, *, rate: int = 8000, bits: int = 8, channels: int = 1, kind: int = 1) -> bytes:
    """A file of silence; `kind` is the WAV format (1 PCM, 6 A-law, 7 mu-law)."""
    frame = channels * bits // 8
    sound = b"\x80" * int(seconds * rate * frame)
    layout = struct.pack("<HHIIHH", kind, channels, rate, rate * frame, frame, bits)
    chunks = [(b"fmt ", layout), (b"LIST", b"odd"), (b"data", sound)]
    body = b"".join(struct.pack("<4sI", name, len(part)) + part + b"\0" * (len(part) % 2) for name, part in chunks)
    return struct.pack("<4sI4s", b"RIFF", len(body) + 4, b"WAVE") + body

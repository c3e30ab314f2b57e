"""Audio files as Webex takes them: WAV, mono, 8 or 16 kHz, 8 or 16 bit, PCM, mu-law or A-law, five seconds or more.

Source: the help article on the announcement repository.
"""

import struct

LARGEST_FILE = 5 * 2**20  # bytes
SHORTEST = 5.0  # seconds
_PCM, _A_LAW, _MU_LAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE
_FORMATS = frozenset({_PCM, _A_LAW, _MU_LAW})
_RATES, _BITS = (8000, 16000), (8, 16)
_LAYOUT = "<HHIIHH"  # format, channels, samples a second, bytes a second, bytes a frame, bits a sample
_SUBFORMAT = 24  # where an extensible format says what it really is
_MOST_CHUNKS = 1_000


def wav_fault(content: bytes) -> str:
    """What keeps a file from being used as an announcement, in words; empty when nothing does."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return "it is no WAV file"
    chunks = _chunks(content)
    layout, sound = chunks.get(b"fmt ", b""), chunks.get(b"data", b"")
    if len(layout) < struct.calcsize(_LAYOUT):
        return "it is a broken WAV file: it does not say how it is encoded"
    return _layout_fault(layout) or _length_fault(layout, len(sound))


def _layout_fault(layout: bytes) -> str:
    kind, channels, rate, _, _, bits = struct.unpack_from(_LAYOUT, layout)
    if kind == _EXTENSIBLE and len(layout) >= _SUBFORMAT + 2:
        (kind,) = struct.unpack_from("<H", layout, _SUBFORMAT)
    if kind not in _FORMATS:
        return f"its encoding (WAV format {kind}) is none of PCM, mu-law and A-law"
    if channels != 1:
        return f"it has {channels} channels and must be mono"
    if rate not in _RATES:
        return f"its sampling rate is {rate} Hz and must be 8000 or 16000"
    if bits not in _BITS:
        return f"it has {bits} bits a sample and must have 8 or 16"
    return ""


def _length_fault(layout: bytes, size: int) -> str:
    _, channels, rate, _, _, bits = struct.unpack_from(_LAYOUT, layout)
    seconds = size / (rate * channels * bits / 8)
    return f"it lasts {seconds:.1f} s and must last {SHORTEST:g} s at least" if seconds < SHORTEST else ""


def _chunks(content: bytes) -> dict[bytes, bytes]:
    """The first chunk of each name; a length beyond the end of the file means up to the end."""
    found: dict[bytes, bytes] = {}
    place = 12
    for _ in range(_MOST_CHUNKS):
        if place + 8 > len(content):
            break
        name, size = struct.unpack_from("<4sI", content, place)
        found.setdefault(name, content[place + 8 : place + 8 + size])
        place += 8 + size + size % 2
    return found

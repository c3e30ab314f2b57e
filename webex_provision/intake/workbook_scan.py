"""What a sheet says about its cells besides their values: formulas never calculated, merged cells, what is hidden."""

import zipfile
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

_CHUNK = 2**20
_TRUE = frozenset({"1", "true"})


@dataclass
class SheetFacts:
    """Cells as `B17`, merged ranges as `A2:A5`, counts of hidden rows and columns."""

    not_calculated: set[str] = field(default_factory=set)
    merged: list[str] = field(default_factory=list)
    hidden_rows: int = 0
    hidden_columns: int = 0


def scan(part: IO[bytes]) -> SheetFacts:
    """Reads a sheet's XML once. Raises ValueError for one that no spreadsheet program writes, ExpatError."""
    facts = SheetFacts()
    _Reader(facts).read(part)
    return facts


class _Reader:
    def __init__(self, facts: SheetFacts) -> None:
        self._facts = facts
        self._cell: dict[str, str] = {}
        self._formula = self._in_value = self._valued = False
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._refuse

    def read(self, part: IO[bytes]) -> None:
        while chunk := part.read(_CHUNK):  # as many as the part has, whose size is bounded
            self._parser.Parse(chunk, False)  # noqa: FBT003 - the library's own order
        self._parser.Parse(b"", True)  # noqa: FBT003 - as above

    def _begin(self, name: str, given: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self._cell, self._formula, self._valued = given, False, False
        elif name == "f":
            self._formula = True
        elif name == "v":
            self._in_value = True
        elif name == "row":
            self._facts.hidden_rows += given.get("hidden") in _TRUE
        elif name == "col" and given.get("hidden") in _TRUE:
            self._facts.hidden_columns += int(given["max"]) - int(given["min"]) + 1
        elif name == "mergeCell":
            self._facts.merged.append(given["ref"])

    def _text(self, text: str) -> None:
        self._valued = self._valued or (self._in_value and bool(text))

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "v":
            self._in_value = False
        elif name == "c" and self._formula and not self._valued and self._cell.get("t") != "str":
            # A formula that was calculated to an empty text says so: its type is `str`.
            self._facts.not_calculated.add(self._cell.get("r", "a cell"))

    def _refuse(self, *_: object) -> None:
        raise ValueError("it declares a document type")


def refuse_bomb(archive: zipfile.ZipFile, *, most_bytes: int, most_parts: int) -> None:
    """Raises ValueError for an archive that is encrypted, or larger unpacked than it may be. Unpacks nothing.

    The sizes that an archive gives are binding: no more than that is ever read of a part.
    """
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise ValueError("it is encrypted; save it without a password")
    if len(parts) > most_parts or sum(part.file_size for part in parts) > most_bytes:
        raise ValueError(f"it is larger than {most_bytes // 2**20} MiB unpacked; split it")

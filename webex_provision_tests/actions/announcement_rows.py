"""Rows that put an announcement into a repository, and the stage that they play on."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from webex_provision_tests.prompts import wav
from webex_provision_tests.stage import Play, Stage

KEY, ORG_KEY = "HQ/Bienvenida", "ORG/Bienvenida"
ALL = "/telephony/config/announcements"
SPEAK = "POST /telephony/config/textToSpeech/actions/generate/invoke"
IN_HQ = "POST /telephony/config/locations/*/announcements"
PATH = "prompts/hola.wav"
FILE = {
    "entity_type": "announcements_repo",
    "location_key": "HQ",
    "announcement_name": "Bienvenida",
    "announcement_source": "file",
    "announcement_file_path": PATH,
}
SPOKEN = {
    "entity_type": "announcements_repo",
    "location_key": "HQ",
    "announcement_name": "Bienvenida",
    "announcement_source": "tts",
    "announcement_tts_text": "Gracias por llamar.",
    "announcement_tts_voice": "es-ES-1",
    "announcement_tts_language": "es_ES",
}
ORG = {"location_key": ""}
CREATE = {"method": "POST", "path": "/announcements$"}
READ_SPEECH = {"method": "GET", "path": "/textToSpeech/[^/]{20,}$"}
GENERATE = {"method": "POST", "path": "/generate/invoke$"}

Row = Mapping[str, str]
each_level = pytest.mark.parametrize(
    ("level", "key", "base"),
    [({}, KEY, "/telephony/config/locations/*/announcements"), (ORG, ORG_KEY, ALL)],
    ids=["location", "organisation"],
)
each_source = pytest.mark.parametrize("source", [FILE, SPOKEN], ids=["file", "tts"])


def put(folder: Path, content: bytes | None, path: str = PATH) -> None:
    """The file beside the CSV, or none; a link that another test left there goes."""
    place = folder / path
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    if content is not None:
        place.write_bytes(content)


def prepare(site: Stage, *rows: Row, content: bytes | None = None) -> Play:
    play = site.prepare(*rows)
    put(play.csv_path.parent, wav() if content is None else content)
    return play


def played(site: Stage, *rows: Row, content: bytes | None = None, **changes: float) -> Play:
    play = prepare(site, *rows, content=content)
    play.run(**changes)
    return play

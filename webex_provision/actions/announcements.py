"""Announcements: voice prompts of the organisation or of one location, uploaded as a file or spoken from a text."""

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from webex_provision.actions.action_helpers import needs, only_with, path_key
from webex_provision.actions.audio import LARGEST_FILE, wav_fault
from webex_provision.actions.columns import LOCATION_KEY
from webex_provision.actions.declaration import (
    Attach,
    Check,
    Column,
    EntityType,
    Expect,
    Failure,
    FailureRule,
    Item,
    Kind,
    Learned,
    Lookup,
    OutOfScope,
    Read,
    Repeat,
    RowContext,
    Rule,
    Why,
    Write,
)
from webex_provision.actions.failures import LOCATION_GONE
from webex_provision.actions.indexes import ANNOUNCEMENTS, name_key, place_key
from webex_provision.actions.locations import location_steps
from webex_provision.actions.multipart import FormFile, with_form
from webex_provision.actions.speech import speech_steps
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_READ, _WRITE = "spark-admin:telephony_config_read", "spark-admin:telephony_config_write"
_ORG = "/telephony/config/announcements"
_PLACE = "/telephony/config/locations/{location_id}/announcements"
CREATE_ANNOUNCEMENT = Endpoint("POST", _ORG, _WRITE)
CREATE_IN_LOCATION = Endpoint("POST", _PLACE, _WRITE)
GET_ANNOUNCEMENT = Endpoint("GET", _ORG + "/{announcement_id}", _READ)
GET_IN_LOCATION = Endpoint("GET", _PLACE + "/{announcement_id}", _READ)
UPDATE_ANNOUNCEMENT = Endpoint("PUT", _ORG + "/{announcement_id}", _WRITE)
UPDATE_IN_LOCATION = Endpoint("PUT", _PLACE + "/{announcement_id}", _WRITE)
ANNOUNCEMENT_USAGE = Endpoint("GET", _ORG + "/usage", _READ)
USAGE_IN_LOCATION = Endpoint("GET", _PLACE + "/usage", _READ)

FILE, SPEECH = "file", "tts"
ORG = "ORG"  # stands in a key for the organisation's own repository
_LONGEST_FILE_NAME = 80
_UPLOADS_AT_ONCE = 4  # files in memory at a time
_PATH = "announcement_file_path"
_VIDEO = r"(?i)\.(mp4|m4v|mov|avi|mkv|webm|wmv)$"


def _name(ctx: RowContext) -> str:
    return ctx.row.text("announcement_name")


def _is_file(ctx: RowContext) -> bool:
    return ctx.row.text("announcement_source") == FILE


def _place(ctx: RowContext) -> str:
    return ctx.location_name() if ctx.row.has("location_key") else ORG


def _touches(ctx: RowContext) -> Iterator[str]:
    place, name = _place(ctx).casefold(), _name(ctx).casefold()
    yield f"announcement:{place}/{name}"
    if _is_file(ctx):
        yield f"announcement upload {zlib.crc32(name.encode()) % _UPLOADS_AT_ONCE}"


def _at(ctx: RowContext, of_organisation: Endpoint, of_location: Endpoint) -> ApiRequest:
    """The request for the row's repository; about its announcement, where that is known."""
    known = ctx.found["announcement"]
    ids = {} if known is None else {"announcement_id": str(known["id"])}
    if ctx.row.has("location_key"):
        return of_location.at(params=None, json=None, location_id=ctx.id_of("location"), **ids)
    return of_organisation.at(params=None, json=None, **ids)


def _key(ctx: RowContext) -> str:
    return place_key(ctx.id_of("location"), _name(ctx)) if ctx.row.has("location_key") else name_key(_name(ctx))


def _audio_verdict(ctx: RowContext) -> Failure | None:
    content: bytes | None = ctx.found["audio"]
    fault = wav_fault(content) if content is not None else ""
    if not fault:
        return None
    path = ctx.row.text(_PATH)
    return Failure(Reason.PRECONDITION_MISSING, f"'{path}' is of no use: {fault}; put another file there, then retry")


def _file_name(ctx: RowContext) -> str:
    """What the file is called in the repository, where no two may be called the same.

    It is made of place, name and content, so that it also tells whether a file that is there is the row's own.
    """
    if _is_file(ctx):
        content: bytes = ctx.found["audio"]
    else:
        cells = ("announcement_tts_voice", "announcement_tts_language", "announcement_tts_text")
        content = "\0".join(ctx.row.text(cell) for cell in cells).encode()
    owner = f"{_place(ctx)}/{_name(ctx)}".casefold().encode()
    digest = hashlib.sha256(hashlib.sha256(owner).digest() + content).hexdigest()[:16]
    plain = unicodedata.normalize("NFKD", f"{_place(ctx)}-{_name(ctx)}").encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")
    return f"{words[: _LONGEST_FILE_NAME - 25]}-{digest}.wav"


def _read(ctx: RowContext) -> ApiRequest | None:
    if _is_file(ctx) or ctx.found["announcement"] is None:
        return None
    return _at(ctx, GET_ANNOUNCEMENT, GET_IN_LOCATION)


def _to_be_spoken(ctx: RowContext) -> bool:
    """Whether speech is wanted that is not there yet: each generation costs quota."""
    if _is_file(ctx):
        return False
    now: Item = ctx.found["announcement_now"] or {}
    wanted = {name: ctx.row.text(f"announcement_tts_{name}") for name in ("text", "voice", "language")}
    language = str(now.get("language") or "").replace("-", "_").lower()
    return {"text": now.get("text"), "voice": now.get("voice"), "language": language} != wanted


def _spoken_body(ctx: RowContext) -> Item:
    """All four fields together, on a PUT too: one that is left out is refused, or drops the text (seen live)."""
    return {
        "name": _name(ctx),
        "fileUri": ctx.found["speech"]["fileUri"],
        "fileName": _file_name(ctx),
        "isTextToSpeech": True,
    }


def _create(ctx: RowContext) -> ApiRequest | None:
    if ctx.found["announcement"] is not None:
        return None
    request = _at(ctx, CREATE_ANNOUNCEMENT, CREATE_IN_LOCATION)
    if not _is_file(ctx):
        return replace(request, json=_spoken_body(ctx))
    file = FormFile("file", _file_name(ctx), "audio/wav", ctx.found["audio"])
    return with_form(request, {"name": _name(ctx), "is_text_to_speech": "false"}, file)


def _usage(ctx: RowContext) -> ApiRequest:
    return _at(ctx, ANNOUNCEMENT_USAGE, USAGE_IN_LOCATION)


def _refusal_verdict(ctx: RowContext, answer: Answer) -> Failure | None:
    usage: Item = ctx.found["announcement_usage"] or {}
    size = len(ctx.found["audio"] or b"") / 1024
    largest, room = usage.get("maxAudioFileSizeAllowedKB"), usage.get("totalFileSizeLimitMB")
    reason, message = Reason.PRECONDITION_MISSING, ""
    if room is not None and usage.get("totalFileSizeUsedKB", 0) + size >= room * 1024:
        message = f"the repository of {_place(ctx)} is full ({room:g} MB); delete announcements there, then retry"
    elif largest is not None and size > largest:
        message = f"the file has {size:.0f} KB and Webex takes {largest:g} at most; put a smaller one there, then retry"
    elif _is_file(ctx) and answer.status in (400, 415):
        reason = Reason.OUT_OF_SCOPE
        message = (
            f"Webex answered {answer.status} to the upload: {answer.error.message}; upload the file in Control Hub, "
            f"or let it be spoken (announcement_source={SPEECH})"
        )
    return Failure(reason, message, answer.status, answer.tracking_id) if message else None


def _replacement_verdict(ctx: RowContext) -> Failure | None:
    """Whether the audio of an announcement can be replaced by a file is proven nowhere: it is not tried."""
    if not _is_file(ctx) or "announcement_create" in ctx.applied:
        return None
    held = str(ctx.found["announcement"].get("fileName", ""))
    if held == _file_name(ctx):
        return None
    return Failure(
        Reason.OUT_OF_SCOPE,
        f"announcement '{_name(ctx)}' is there with other audio ({held}), and no supported API replaces a file; "
        "replace it in Control Hub, or give the row another name",
    )


def _update(ctx: RowContext) -> ApiRequest | None:
    if ctx.found["speech"] is None or "announcement_create" in ctx.applied:
        return None
    request = _at(ctx, UPDATE_ANNOUNCEMENT, UPDATE_IN_LOCATION)
    return replace(request, json=_spoken_body(ctx))


def _learn(ctx: RowContext, _: Answer) -> Iterator[Learned]:
    item: Item = {
        "id": ctx.id_of("announcement"),
        "name": _name(ctx),
        "fileName": _file_name(ctx),
        "mediaFileType": "WAV",
        "level": "ORGANIZATION",
    }
    if ctx.row.has("location_key"):
        item |= {"level": "LOCATION", "location": {"id": ctx.id_of("location"), "name": ctx.location_name()}}
    yield Learned(ANNOUNCEMENTS, item)


_FILE_URI_REFUSED = FailureRule(
    codes=("27917",),
    reason=Reason.NON_RETRYABLE_EXTERNAL,
    advice="Webex does not take the speech that it has made itself; retry later",
)


def _rules() -> Iterator[Rule]:
    path = pl.col(_PATH)
    yield needs(_PATH, "announcement_source", equal=FILE)
    yield only_with(_PATH, "announcement_source", equal=FILE)
    for column in ("announcement_tts_text", "announcement_tts_voice", "announcement_tts_language"):
        yield needs(column, "announcement_source", equal=SPEECH)
        yield only_with(column, "announcement_source", equal=SPEECH)
    yield Rule(
        _PATH,
        path.str.contains(r"^/|^[A-Za-z]:|\\|(^|/)\.\.(/|$)|\p{Cc}"),
        f"{_PATH} must lie in the CSV's folder: no leading / or drive, no .., folders separated by /",
    )
    yield Rule(
        _PATH,
        ~path.str.contains(r"(?i)[^/]\.wav$") & ~path.str.contains(_VIDEO),
        f"{_PATH} must name a .wav file (mono, 8 or 16 kHz, 8 or 16 bit); convert it",
    )
    yield Rule(
        _PATH,
        path.str.extract("([^/]*)$").str.len_chars() > _LONGEST_FILE_NAME,
        f"the file's own name in {_PATH} has more than {_LONGEST_FILE_NAME} characters; shorten it",
    )


ANNOUNCEMENTS_REPO = EntityType(
    name="announcements_repo",
    phase=Phase.ROUTING,
    rank=9,
    title="Puts a voice prompt, a file or a spoken text, into the repository of the organisation or of a location.",
    prefix="announcement_",
    columns=(
        replace(
            LOCATION_KEY,
            required=False,
            help="The location, by key or name; blank: the repository of the organisation.",
        ),
        Column(
            name="announcement_name",
            help="Name in the tenant, by which queues and auto attendants refer to it; the lookup key.",
            required=True,
            largest=256,
            feeds="name",
            example="Bienvenida",
        ),
        Column(
            name="announcement_source",
            help="A WAV file, or a text that Webex speaks.",
            kind=Kind.CHOICE,
            choices=(FILE, SPEECH),
            required=True,
            example=SPEECH,
        ),
        Column(
            name=_PATH,
            help="WAV file in the CSV's folder or below: mono, 8 or 16 kHz, 8 or 16 bit, 5 s or more, 5 MiB at most.",
            largest=1024,
            feeds="file",
            example="prompts/bienvenida.wav",
        ),
        Column(
            name="announcement_tts_text",
            help="What is spoken.",
            feeds="text",
            example="Gracias por llamar.",
        ),
        Column(
            name="announcement_tts_voice",
            help="Id of a voice that the organisation offers.",
            largest=256,
            feeds="voice",
            example="es-ES-1",
        ),
        Column(
            name="announcement_tts_language",
            help="Language in which it is spoken, lower case.",
            kind=Kind.LANGUAGE,
            feeds="languageCode",
            example="es_es",
        ),
    ),
    entity_key=path_key(pl.coalesce("location_key", pl.lit(ORG)), "announcement_name"),
    called=("announcement_name",),
    remote_name="announcement_name",
    result=("announcement",),
    touches=_touches,
    example={"announcement_file_path": ""},
    rules=tuple(_rules()),
    out_of_scope=(
        OutOfScope(
            _PATH,
            pl.col(_PATH).str.contains(_VIDEO),
            "no supported API takes a video here; add it in Control Hub, or name a .wav file",
        ),
    ),
    steps=(
        Attach(
            name="announcement_file",
            path=lambda ctx: ctx.row.get(_PATH),
            save="audio",
            largest=LARGEST_FILE,
        ),
        Check(name="announcement_file", verdict=_audio_verdict, reasons=(Reason.PRECONDITION_MISSING,)),
        *location_steps(),
        Lookup(name="announcement_lookup", index=ANNOUNCEMENTS, key=_key, save="announcement", confirm=True),
        Read(
            name="announcement_read",
            endpoint=GET_ANNOUNCEMENT,
            request=_read,
            save="announcement_now",
            expect=Expect(statuses=(200,), fields=("id",)),
        ),
        *speech_steps(_to_be_spoken),
        Write(
            name="announcement_create",
            endpoint=CREATE_ANNOUNCEMENT,
            request=_create,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            creates=True,
            save="announcement",
            recheck="announcement_lookup",
            failures=(LOCATION_GONE, _FILE_URI_REFUSED),
            learns=_learn,
            why=Why(
                read=Read(
                    name="announcement_create",
                    endpoint=ANNOUNCEMENT_USAGE,
                    request=_usage,
                    save="announcement_usage",
                ),
                verdict=_refusal_verdict,
                reasons=(Reason.PRECONDITION_MISSING, Reason.OUT_OF_SCOPE),
            ),
        ),
        Check(name="announcement_update", verdict=_replacement_verdict, reasons=(Reason.OUT_OF_SCOPE,)),
        Write(
            name="announcement_update",
            endpoint=UPDATE_ANNOUNCEMENT,
            request=_update,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            failures=(_FILE_URI_REFUSED,),
            learns=_learn,
        ),
    ),
)

ENTITY_TYPES = (ANNOUNCEMENTS_REPO,)

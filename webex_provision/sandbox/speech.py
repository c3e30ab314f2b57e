"""Text-to-speech: generations that take some seconds, voices, and a quota of the organisation."""

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid
from webex_provision.sandbox.bodies import Body, parse
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

TABLE = "speech"
SECONDS = 3.0
QUOTA = 150  # generations a window (seen live)
RESET = "2026-12-01T00:00:00Z"
VOICES = {"es-ES-1": "Elvira", "es-ES-2": "Alvaro", "en-US-1": "Jenny"}
LANGUAGES = frozenset({"es_es", "en_us", "en_gb", "de_de", "fr_fr", "pt_pt"})
UNSPEAKABLE = "FAIL"  # a text that holds this word can't be spoken
URI = "cmf://speech/"


class Wish(Body):
    """What is to be spoken."""

    voice: str
    text: str
    language_code: str


def spoken(tenant: Tenant, file_uri: str) -> Record:
    """The finished generation behind a fileUri; 400/27917 for any other URI."""
    job = tenant.table(TABLE).rows.get(file_uri.removeprefix(URI)) if file_uri.startswith(URI) else None
    if job is None or _status(tenant, job) != "SUCCESS":
        raise WebexError(400, f"The fileUri is not accepted: {file_uri}", 27917)
    return job


def _status(tenant: Tenant, job: Record) -> str:
    if job["since"] + SECONDS > tenant.now():
        return "IN_PROGRESS"
    return "FAILURE" if UNSPEAKABLE in job["text"] else "SUCCESS"


@routes.get("/telephony/config/textToSpeech/voices")
def list_voices(call: Call) -> Reply:
    """All voices."""
    del call
    return Reply(200, {"voices": [{"id": voice, "label": label} for voice, label in VOICES.items()]})


@routes.get("/telephony/config/textToSpeech/usage")
def read_usage(call: Call) -> Reply:
    """Generations so far, of how many."""
    used = len(call.tenant.table(TABLE))
    return Reply(200, {"noOfApiCalls": used, "maxAllowedApiCalls": QUOTA, "usageResetTimestamp": RESET})


@routes.post("/telephony/config/textToSpeech/actions/generate/invoke")
def generate(call: Call) -> Reply:
    """202 with the id of the generation; 400 beyond the quota (with which code is not recorded)."""
    tenant = call.tenant
    wish = parse(Wish, call.body)
    if len(tenant.table(TABLE)) >= QUOTA:
        raise WebexError(400, "The limit of text to speech requests is reached")
    if wish["languageCode"] not in LANGUAGES:
        raise WebexError(400, f"Language is not supported: {wish['languageCode']}", 1014)
    if wish["voice"] not in VOICES or not wish["text"].strip():
        raise invalid("voice or text")
    job: Record = {"id": tenant.new_id("TTS", wish["text"]), **wish, "since": tenant.now()}
    tenant.keep(TABLE, job, name=job["id"])
    return Reply(202, {"id": job["id"]})


@routes.get("/telephony/config/textToSpeech/{speech_id}")
def read_speech(call: Call) -> Reply:
    """In progress for some seconds; then with a fileUri, or with what went wrong."""
    job = call.tenant.get(TABLE, call.ids["speech_id"], "TTS")
    status = _status(call.tenant, job)
    body = {name: value for name, value in job.items() if name != "since"} | {"status": status}
    if status == "SUCCESS":
        body |= {"promptUrl": "https://example.com/prompt.wav", "fileUri": URI + job["id"]}
    elif status == "FAILURE":
        body["errorMessage"] = "The text could not be spoken"
    return Reply(200, body)

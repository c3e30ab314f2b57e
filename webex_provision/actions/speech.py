"""Text-to-speech: a text becomes a sound file that Webex keeps for a while, to be named in a later body.

Each generation spends a scarce quota of the organisation, so it is asked for only where the text, voice or language
of an announcement is to change.
"""

from collections.abc import Callable

from webex_provision.actions.declaration import (
    Check,
    Expect,
    Failure,
    FailureRule,
    Item,
    Read,
    RowContext,
    Step,
    Wait,
    Why,
)
from webex_provision.vocabulary import Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_READ, _WRITE = "spark-admin:telephony_config_read", "spark-admin:telephony_config_write"
LIST_VOICES = Endpoint("GET", "/telephony/config/textToSpeech/voices", _READ)
SPEECH_USAGE = Endpoint("GET", "/telephony/config/textToSpeech/usage", _READ)
GENERATE_SPEECH = Endpoint("POST", "/telephony/config/textToSpeech/actions/generate/invoke", _WRITE)
READ_SPEECH = Endpoint("GET", "/telephony/config/textToSpeech/{speech_id}", _READ)

_SUCCESS, _FAILURE = "SUCCESS", "FAILURE"


def _voice_verdict(ctx: RowContext) -> Failure | None:
    if ctx.found["voices"] is None:
        return None
    voice, offered = ctx.row.text("announcement_tts_voice"), [str(one["id"]) for one in ctx.found["voices"]["voices"]]
    if voice in offered:
        return None
    return Failure(
        Reason.RESOURCE_DEPENDENCY_MISSING,
        f"no voice '{voice}' in the organisation; it offers {', '.join(sorted(offered)[:20])}",
    )


def _quota_verdict(ctx: RowContext, answer: Answer) -> Failure | None:
    usage = ctx.found["speech_usage"]
    if usage is None or usage["noOfApiCalls"] < usage["maxAllowedApiCalls"]:
        return None
    again = f", until {usage['usageResetTimestamp']}" if usage.get("usageResetTimestamp") else ""
    return Failure(
        Reason.PRECONDITION_MISSING,
        f"the organisation has spent its {usage['maxAllowedApiCalls']} generations of speech{again}; retry then",
        answer.status,
        answer.tracking_id,
    )


def _generate(ctx: RowContext) -> ApiRequest:
    row = ctx.row
    body = {
        "voice": row.text("announcement_tts_voice"),
        "text": row.text("announcement_tts_text"),
        "languageCode": row.text("announcement_tts_language"),
    }
    return GENERATE_SPEECH.at(json=body)


def _look(ctx: RowContext) -> ApiRequest | None:
    begun: Item | None = ctx.found["speech_begun"]
    return None if begun is None else READ_SPEECH.at(speech_id=str(begun["id"]))


def _overdue(_: RowContext) -> Failure:
    return Failure(Reason.RETRY_EXHAUSTED, "Webex has not turned the text into speech in time; retry later")


def _outcome(ctx: RowContext) -> Failure | None:
    speech: Item | None = ctx.found["speech"]
    if speech is None or (speech["status"] == _SUCCESS and speech.get("fileUri")):
        return None
    if speech["status"] == _SUCCESS:
        return Failure(Reason.INVALID_RESPONSE_SCHEMA, "Webex says that the speech is ready, but not where (fileUri)")
    said = f": {speech['errorMessage']}" if speech.get("errorMessage") else ""
    return Failure(Reason.NON_RETRYABLE_EXTERNAL, f"Webex could not turn the text into speech{said}")


def speech_steps(wanted: Callable[[RowContext], bool]) -> tuple[Step, ...]:
    """Has the text of a row spoken where it is `wanted`; `found["speech"]` then holds the `fileUri`, else None."""
    return (
        Read(
            name="tts_voices",
            endpoint=LIST_VOICES,
            request=lambda ctx: LIST_VOICES.at() if wanted(ctx) else None,
            save="voices",
            expect=Expect(statuses=(200,), fields=("voices",)),
            once=True,
            advisory=True,
        ),
        Check(name="tts_voices", verdict=_voice_verdict, reasons=(Reason.RESOURCE_DEPENDENCY_MISSING,)),
        # Nothing of the organisation is changed, so it is asked again where an answer is lost.
        Read(
            name="tts_generate",
            endpoint=GENERATE_SPEECH,
            request=lambda ctx: _generate(ctx) if wanted(ctx) else None,
            save="speech_begun",
            spends=True,
            expect=Expect(statuses=(202,), fields=("id",)),
            failures=(
                FailureRule(
                    codes=("1014",),
                    reason=Reason.NON_RETRYABLE_EXTERNAL,
                    advice="this language can't be spoken; choose another announcement_tts_language",
                ),
            ),
            why=Why(
                read=Read(
                    name="tts_generate",
                    endpoint=SPEECH_USAGE,
                    request=lambda _: SPEECH_USAGE.at(),
                    save="speech_usage",
                    expect=Expect(statuses=(200,), fields=("noOfApiCalls", "maxAllowedApiCalls")),
                ),
                verdict=_quota_verdict,
                reasons=(Reason.PRECONDITION_MISSING,),
            ),
        ),
        Wait(
            name="tts_wait",
            endpoint=READ_SPEECH,
            request=_look,
            save="speech",
            done=lambda ctx: ctx.found["speech"]["status"] in (_SUCCESS, _FAILURE),
            overdue=_overdue,
            reasons=(Reason.RETRY_EXHAUSTED,),
            first=4.0,  # a few seconds, as a rule
            every=2.0,
            expect=Expect(statuses=(200,), fields=("status",)),
        ),
        Check(
            name="tts_wait", verdict=_outcome, reasons=(Reason.INVALID_RESPONSE_SCHEMA, Reason.NON_RETRYABLE_EXTERNAL)
        ),
    )

"""Which calling features a user may change by himself. It switches no feature on or off.

Sources differ on whether the API is there: one GET of the organisation's own setting decides it for a whole run.
"""

import polars as pl

from webex_provision.actions.columns import EMAIL, IDENTITY_COLUMNS
from webex_provision.actions.declaration import (
    Column,
    EntityType,
    Expect,
    FailureRule,
    Kind,
    Read,
    Repeat,
    RowContext,
    Rule,
    Write,
)
from webex_provision.actions.users import touched_user, user_lookup
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import ApiRequest, Endpoint

_WRITE = "spark-admin:telephony_config_write"
_PERSON = "/telephony/config/people/{person_id}/settings/permissions"
GET_DEFAULT_ACCESS = Endpoint(
    "GET", "/telephony/config/people/settings/permissions", "spark-admin:telephony_config_read"
)
RESET_ACCESS = Endpoint("POST", _PERSON + "/actions/reset/invoke", _WRITE)
UPDATE_ACCESS = Endpoint("PUT", _PERSON, _WRITE)

FEATURES = {
    "anonymous_call_rejection": "anonymousCallRejection",
    "barge_in": "bargeIn",
    "block_caller_id": "blockCallerId",
    "call_forwarding": "callForwarding",
    "call_waiting": "callWaiting",
    "call_notify": "callNotify",
    "connected_line_identity": "connectedLineIdentity",
    "executive": "executive",
    "hoteling": "hoteling",
    "priority_alert": "priorityAlert",
    "selectively_accept_calls": "selectivelyAcceptCalls",
    "selectively_reject_calls": "selectivelyRejectCalls",
    "selectively_forward_calls": "selectivelyForwardCalls",
    "sequential_ring": "sequentialRing",
    "simultaneous_ring": "simultaneousRing",
    "single_number_reach": "singleNumberReach",
    "voicemail": "voicemail",
    "send_calls_to_voicemail": "sendCallsToVoicemail",
    "voicemail_email_copy": "voicemailEmailCopy",
    "voicemail_fax_messaging": "voicemailFaxMessaging",
    "voicemail_message_storage": "voicemailMessageStorage",
    "voicemail_notifications": "voicemailNotifications",
    "voicemail_transfer_number": "voicemailTransferNumber",
    "generate_activation_code": "generateActivationCode",
    "voicemail_download": "voicemailDownload",
    "speed_dial": "speedDial",
}

_NO_CALLING = FailureRule(
    status=404, reason=Reason.PRECONDITION_MISSING, advice="the user is unknown to Webex Calling; give him calling"
)


def _reset(ctx: RowContext) -> ApiRequest | None:
    return RESET_ACCESS.at(person_id=ctx.id_of("person")) if ctx.row.flag("feature_access_reset") else None


def _update(ctx: RowContext) -> ApiRequest | None:
    """Only what is named changes; the other features keep what they have."""
    row = ctx.row
    allowed = {FEATURES[name]: "FULL_ACCESS" for name in row.items("feature_access_allow")}
    denied = {FEATURES[name]: "NO_ACCESS" for name in row.items("feature_access_deny")}
    body = allowed | denied
    return UPDATE_ACCESS.at(person_id=ctx.id_of("person"), json=body) if body else None


def _features(name: str, help_text: str, value: str, example: str) -> Column:
    return Column(
        name=name, help=help_text, kind=Kind.CHOICE, choices=tuple(FEATURES), many=True, feeds=value, example=example
    )


_NOTHING = (
    pl.col("feature_access_allow").is_null()
    & pl.col("feature_access_deny").is_null()
    & pl.col("feature_access_reset").ne_missing("true")
)
_BOTH = (
    pl.col("feature_access_allow").str.split("|").list.set_intersection(pl.col("feature_access_deny").str.split("|"))
)

FEATURE_ACCESS = EntityType(
    name="feature_access",
    phase=Phase.SERVICES,
    rank=4,
    title="Decides which calling features a user may change by himself; it switches none on or off.",
    prefix="feature_access_",
    columns=(
        EMAIL,
        _features("feature_access_allow", "Features that the user may change.", "<feature>: FULL_ACCESS", "voicemail"),
        _features("feature_access_deny", "Features that the user may not change.", "<feature>: NO_ACCESS", "barge_in"),
        Column(
            name="feature_access_reset",
            help="First back to the organisation's setting; blank: false.",
            kind=Kind.BOOLEAN,
            example="false",
        ),
    ),
    entity_key=pl.col("email"),
    identity_columns=IDENTITY_COLUMNS,
    rules=(
        Rule(
            "feature_access_allow",
            _NOTHING,
            "feature_access_allow, feature_access_deny or feature_access_reset=true is needed; fill one",
        ),
        Rule(
            "feature_access_deny",
            _BOTH.list.len() > 0,
            "a feature stands in feature_access_allow and in feature_access_deny; take it out of one",
        ),
    ),
    result=("person",),
    touches=touched_user,
    steps=(
        Read(
            name="feature_access_probe",
            endpoint=GET_DEFAULT_ACCESS,
            request=lambda _: GET_DEFAULT_ACCESS.at(),
            save="default_access",
            once=True,
            failures=(
                FailureRule(
                    status=404,
                    reason=Reason.OUT_OF_SCOPE,
                    advice="this platform has no API for what users may change; set it in Control Hub",
                ),
            ),
        ),
        user_lookup(),
        # Nothing that can be read proves a reset, and a second one changes nothing: after a lost answer it is sent
        # again.
        Write(
            name="feature_access_reset",
            endpoint=RESET_ACCESS,
            request=_reset,
            expect=Expect(statuses=(200, 204)),
            recheck="user_lookup",
            refuses_twins=True,
            failures=(_NO_CALLING,),
        ),
        Write(
            name="feature_access_update",
            endpoint=UPDATE_ACCESS,
            request=_update,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            failures=(_NO_CALLING,),
        ),
    ),
)

ENTITY_TYPES = (FEATURE_ACCESS,)

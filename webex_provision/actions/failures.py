"""What the answers of Webex mean, where it is the same for every type: status and error code to reason.

A step's own `failures` are asked first, then this table from top to bottom; the first rule that matches decides.
Codes were seen on real tenants; texts are used only where an answer carries no code.
"""

from webex_provision.actions.declaration import FailureRule
from webex_provision.vocabulary import Reason

_NO_FEATURE = Reason.LICENSE_OR_FEATURE_MISSING
_NOT_READY = Reason.PRECONDITION_MISSING

COMMON_FAILURES: tuple[FailureRule, ...] = (
    FailureRule(status=401, reason=Reason.AUTH_INVALID),
    FailureRule(status=403, codes=("BIFROST-B10005",), reason=_NO_FEATURE, advice="the organisation is not entitled"),
    FailureRule(status=403, reason=Reason.PERMISSION_DENIED),
    FailureRule(status=405, codes=("25409",), reason=_NO_FEATURE, advice="the workspace has no Professional licence"),
    FailureRule(status=405, reason=_NO_FEATURE, advice="the entitlement is missing"),
    FailureRule(codes=("4003", "4008"), reason=_NOT_READY, advice="the user is not active for Webex Calling yet"),
    FailureRule(codes=("4410",), reason=_NO_FEATURE, advice="the licence lacks this feature, or it is off"),
    FailureRule(codes=("4250", "5209"), reason=Reason.NUMBER_INVENTORY_MISSING),
    FailureRule(status=409, codes=("BATCH-1001004",), reason=_NOT_READY, advice="another job of this kind is running"),
    FailureRule(status=400, text="calling flag not set", reason=_NOT_READY, advice="calling is not enabled there"),
    FailureRule(status=400, text="unable to find location", reason=Reason.RESOURCE_DEPENDENCY_MISSING),
)

LOCATION_GONE = FailureRule(
    status=404, reason=_NOT_READY, advice="the location is unknown to Webex Calling, or calling is not enabled there"
)

USER_GONE = FailureRule(status=404, reason=Reason.USER_NOT_FOUND, advice="the user is gone from the organisation")

WORKSPACE_GONE = FailureRule(status=404, reason=Reason.WORKSPACE_NOT_FOUND, advice="the workspace is gone")

# Unknown licence, downgrade, conflict between licences, missing prerequisite, none left.
NO_LICENSE = FailureRule(
    codes=(
        "400000",
        "400112",
        "400404",
        "400406",
        "400407",
        "400408",
        "400410",
        "400413",
        "700003",
        "700004",
        "700005",
    ),
    reason=_NO_FEATURE,
)

# PATCH /licenses/users.
LICENSE_FAILURES: tuple[FailureRule, ...] = (
    FailureRule(
        status=400,
        codes=("400411",),
        reason=_NOT_READY,
        advice="a calling licence goes only together with an extension or a number",
    ),
    FailureRule(
        status=400,
        text="extension and phone number cannot be blank",
        reason=_NOT_READY,
        advice="a calling licence goes only together with an extension or a number",
    ),
    NO_LICENSE,
    USER_GONE,
)

"""How a location reaches the public network, and what that means for whoever changes its numbers."""

from webex_provision.actions.declaration import Check, Expect, Failure, FailureRule, Read, RowContext
from webex_provision.vocabulary import Reason
from webex_provision.wire import Endpoint

READ_PSTN = Endpoint("GET", "/telephony/pstn/locations/{location_id}/connection", "spark-admin:telephony_pstn_read")

# Their numbers belong to the provider: Webex warns that a change may damage its data.
PROVIDER_MANAGED = frozenset({"INTEGRATED_CCP", "CISCO_PSTN"})

NO_PSTN = FailureRule(
    status=404,
    reason=Reason.PRECONDITION_MISSING,
    advice="the location has no PSTN connection yet; set it by a location_call_profiles row",
)
INVENTORY_FAILURES = (
    NO_PSTN,
    FailureRule(
        codes=("ERR.V.TRM.TMN60004",), reason=Reason.OUT_OF_SCOPE, advice="the PSTN provider manages these numbers"
    ),
)


def pstn_steps(step: str) -> tuple[Read, Check]:
    """How the location reaches the public network; a provider that manages its numbers itself stops the row."""
    return (
        Read(
            name=step,
            endpoint=READ_PSTN,
            request=lambda ctx: READ_PSTN.at(location_id=ctx.id_of("location")),
            save="pstn",
            expect=Expect(statuses=(200,), fields=("pstnConnectionType",)),
            failures=(NO_PSTN,),
            once=True,
        ),
        Check(name=step, verdict=_provider, reasons=(Reason.OUT_OF_SCOPE,)),
    )


def _provider(ctx: RowContext) -> Failure | None:
    kind = ctx.found["pstn"]["pstnConnectionType"]
    if kind not in PROVIDER_MANAGED:
        return None
    where = ctx.location_name()
    return Failure(Reason.OUT_OF_SCOPE, f"the numbers of {where} are managed with its PSTN ({kind}) in Control Hub")

"""What all services of a location have in common: each is looked up by its name, created, else updated.

Its numbers are judged before any write. Their columns are in `service_columns`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from webex_provision.actions.action_helpers import without_nulls
from webex_provision.actions.declaration import (
    Check,
    Claim,
    Expect,
    Failure,
    FailureRule,
    Index,
    Item,
    Learned,
    Lookup,
    LookupMany,
    Read,
    Repeat,
    RowContext,
    SecondLook,
    Write,
)
from webex_provision.actions.failures import LOCATION_GONE
from webex_provision.actions.indexes import ORG, place_key
from webex_provision.actions.numbers import (
    NUMBER_REASONS,
    held_by,
    holds,
    inventory_lookup,
    learn_numbers,
    number_verdict,
)
from webex_provision.vocabulary import Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_READ, _WRITE = "spark-admin:telephony_config_read", "spark-admin:telephony_config_write"
_PRECHECK = "numbers_precheck"
_INCOMPLETE = FailureRule(status=400, codes=("25008",), reason=Reason.NON_RETRYABLE_EXTERNAL)


@dataclass(frozen=True, kw_only=True, eq=False)
class Service:
    """One kind of service, by the names that set it apart.

    `saves` are the names under which lookups save it: the first that was found counts, and none found, the first.
    `prefix` starts its columns and its steps, `folder` is its part of the path, `owner_type` what the number index
    calls it. `scope` is the scope of its index, `query` what creating and reading it add to the address.
    """

    entity_type: str
    prefix: str
    folder: str
    saves: tuple[str, ...]
    index: Index
    owner_type: str
    scope: Callable[[RowContext], str] = lambda _: ORG
    query: Callable[[RowContext], Mapping[str, str] | None] = lambda _: None

    # --- which one -------------------------------------------------------------------------------------------

    def name(self, ctx: RowContext) -> str:
        """What the row calls it."""
        return ctx.row.text(f"{self.prefix}name")

    def key(self, ctx: RowContext) -> str:
        """Its key in the index."""
        return place_key(ctx.id_of("location"), self.name(ctx))

    def saved(self, ctx: RowContext) -> str:
        """Under which name it was found."""
        return next((save for save in self.saves if ctx.found[save] is not None), self.saves[0])

    def exists(self, ctx: RowContext) -> bool:
        """Whether it was found, or created."""
        return ctx.found[self.saved(ctx)] is not None

    def touches(self, ctx: RowContext) -> list[str]:
        """The one remote entity that a row writes."""
        return [f"{self.entity_type}:{ctx.location_name().casefold()}/{self.name(ctx).casefold()}"]

    @property
    def owner(self) -> pl.Expr:
        """Who holds the numbers that a row claims."""
        place, name = (pl.col(column).str.to_lowercase() for column in ("location_key", f"{self.prefix}name"))
        return pl.format(f"{self.entity_type}:{{}}/{{}}", place, name)

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The numbers that it holds alone."""
        return Claim("extension", per_location=True), Claim("phone_number"), Claim(f"{self.prefix}alternate_numbers")

    # --- endpoints -------------------------------------------------------------------------------------------

    @property
    def _all(self) -> str:
        return f"/telephony/config/locations/{{location_id}}/{self.folder}"

    def endpoint(self, method: str, more: str = "") -> Endpoint:
        """The operation on one such service, or on what lies under it."""
        path = f"{self._all}/{{{self.saves[0]}_id}}{more}"
        return Endpoint(method, path, _READ if method == "GET" else _WRITE)

    def at(self, ctx: RowContext, endpoint: Endpoint, body: Item | None = None) -> ApiRequest:
        """The request about the service that was found or created."""
        params = self.query(ctx) if endpoint.method == "GET" else None
        ids = {"location_id": ctx.id_of("location"), f"{self.saves[0]}_id": ctx.id_of(self.saved(ctx))}
        return endpoint.at(params=params, json=body, **ids)

    # --- bodies ----------------------------------------------------------------------------------------------

    def body(self, ctx: RowContext) -> Item:
        """What every service says of itself, as far as the row does."""
        row = ctx.row
        caller_name = row.get(f"{self.prefix}caller_id_name")
        return without_nulls(
            {
                "name": self.name(ctx),
                "extension": row.get("extension"),
                "phoneNumber": row.get("phone_number"),
                "languageCode": row.get("language"),
                "timeZone": row.get("time_zone"),
                "directLineCallerIdName": caller_name and {"selection": "CUSTOM_NAME", "customName": caller_name},
            }
        )

    def alternates(self, ctx: RowContext) -> Item:
        """The whole list of alternate numbers as a member of a body; nothing when the row names none."""
        numbers = ctx.row.items(f"{self.prefix}alternate_numbers")
        entries = [{"phoneNumber": number, "ringPattern": "NORMAL"} for number in numbers]
        return {"alternateNumbers": entries} if entries else {}

    # --- steps -----------------------------------------------------------------------------------------------

    def lookup(self) -> Lookup:
        """Finds it; its absence is confirmed, because a create follows."""
        return Lookup(
            name=f"{self.prefix}lookup",
            index=self.index,
            scope=self.scope,
            key=self.key,
            save=self.saves[0],
            confirm=True,
        )

    def numbers_precheck(self) -> tuple[LookupMany, Check]:
        """Whether the row may take its numbers and its extension."""

        def verdict(ctx: RowContext) -> Failure | None:
            found = ctx.found[self.saved(ctx)]
            more = ctx.row.items(f"{self.prefix}alternate_numbers")
            return number_verdict(ctx, owner_id=found and str(found["id"]), more_numbers=more)

        lookup = inventory_lookup(_PRECHECK, *self.saves, more=f"{self.prefix}alternate_numbers")
        return lookup, Check(name=_PRECHECK, verdict=verdict, reasons=NUMBER_REASONS)

    def create(self, body: Callable[[RowContext], Item], *failures: FailureRule) -> Write:
        """Makes it where the lookups did not find it."""
        endpoint = Endpoint("POST", self._all, _WRITE)

        def request(ctx: RowContext) -> ApiRequest | None:
            if self.exists(ctx):
                return None
            return endpoint.at(location_id=ctx.id_of("location"), params=self.query(ctx), json=body(ctx))

        return Write(
            name=f"{self.prefix}create",
            endpoint=endpoint,
            request=request,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            creates=True,
            save=self.saves[0],
            recheck=f"{self.prefix}lookup",
            refuses_twins=True,
            failures=(*failures, LOCATION_GONE),
            learns=self._learn,
            compensate=lambda ctx: self.at(ctx, self.endpoint("DELETE")),
        )

    def created(self, ctx: RowContext) -> bool:
        """Whether this row has just created it."""
        return f"{self.prefix}create" in ctx.created

    def update(self, body: Callable[[RowContext], Item | None], *failures: FailureRule) -> Write:
        """Sends what the row says of it."""
        endpoint = self.endpoint("PUT")

        def request(ctx: RowContext) -> ApiRequest | None:
            wanted = body(ctx)
            return self.at(ctx, endpoint, wanted) if wanted else None

        return Write(
            name=f"{self.prefix}update",
            endpoint=endpoint,
            request=request,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            failures=failures,
            learns=self._learn,
        )

    def completed_update(self, body: Callable[[RowContext, Item | None], Item | None], *failures: FailureRule) -> Write:
        """An update whose nested objects Webex may refuse as incomplete: then `body` gets what the service holds."""
        held = f"{self.saves[0]}_now"
        write = self.update(lambda ctx: body(ctx, ctx.found.get(held)), *failures)
        endpoint = self.endpoint("GET")
        read = Read(name=write.name, endpoint=endpoint, request=lambda ctx: self.at(ctx, endpoint), save=held)
        return replace(write, second_look=SecondLook(read=read, insist=(_INCOMPLETE,)))

    def forwarding(self) -> Write:
        """Sets call forwarding; without the wrapper the service answers 200 and ignores the body."""
        endpoint, column = self.endpoint("PUT", "/callForwarding"), f"{self.prefix}forwarding_json"

        def request(ctx: RowContext) -> ApiRequest | None:
            given = ctx.row.json(column)
            return None if given is None else self.at(ctx, endpoint, {"callForwarding": given})

        return Write(
            name=f"{self.prefix}forwarding",
            endpoint=endpoint,
            request=request,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            reads_back=True,
        )

    def _learn(self, ctx: RowContext, answer: Answer) -> Iterator[Learned]:
        if answer.json and "id" in answer.json:
            item = {"id": answer.json["id"], "name": self.name(ctx), "locationId": ctx.id_of("location")}
            yield Learned(self.index, item, scope=self.scope(ctx))
        owner = self.saved(ctx)
        extension, number = ctx.row.get("extension"), ctx.row.get("phone_number")
        if not holds(held_by(ctx, owner), extension=extension, number=number):
            yield from learn_numbers(ctx, owner, self.owner_type)

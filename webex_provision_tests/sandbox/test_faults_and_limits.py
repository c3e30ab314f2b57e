"""Misbehaviour and rate limits come when they are asked for, and repeat with their seed."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from webex_provision.sandbox import (
    Effect,
    FaultRule,
    Faults,
    Profile,
    Sandbox,
    SandboxConfig,
    SandboxServer,
    Shape,
    Tenant,
)
from webex_provision.sandbox.limiter import Limiter, Limits
from webex_provision_tests.sandbox import TOKEN, Api, Site
from webex_provision_tests.virtual_clock import VirtualClock


def _rule(effect: Effect, **more: Any) -> Faults:
    return Faults(rules=[FaultRule(effect=effect, **more)])


def test_a_rule_strikes_its_range_and_step_of_matching_requests(site: Site, api: Api) -> None:
    site.sandbox.set_faults(_rule(Effect.STATUS, path="^/locations", status=503, first=2, last=4, every=2))
    assert [api.get("/locations").status_code for _ in range(5)] == [200, 503, 200, 503, 200]
    assert api.get("/people/me").status_code == 200
    assert [entry["fault"] for entry in site.sandbox.log.entries] == [None, "status", None, "status", None, None]


def test_chance_repeats_with_its_seed(site: Site, api: Api) -> None:
    def run(seed: int) -> list[int]:
        faults = _rule(Effect.STATUS, probability=0.5)
        site.sandbox.set_faults(faults.model_copy(update={"seed": seed}))
        return [api.get("/licenses").status_code for _ in range(20)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert set(run(1)) == {200, 500}


@pytest.mark.parametrize("shape", list(Shape))
def test_an_error_body_can_have_any_shape(site: Site, api: Api, shape: Shape) -> None:
    site.sandbox.set_faults(_rule(Effect.STATUS, status=500, shape=shape, size=3_000_000, error_code=25024))
    reply = api.get("/licenses")
    assert reply.status_code == 500
    looks: dict[Shape, Callable[[], bool]] = {
        Shape.JSON: lambda: reply.json()["errors"][0]["errorCode"] == 25024,
        Shape.FLAT: lambda: reply.json()["errorCode"] == 25024,
        Shape.ARRAY: lambda: reply.json()[0]["errors"][0]["errorCode"] == 25024,
        Shape.HTML: lambda: reply.headers["Content-Type"] == "text/html" and "<html>" in reply.text,
        Shape.TRUNCATED: lambda: reply.text.startswith("{") and not reply.text.endswith("}"),
        Shape.EMPTY: lambda: reply.content == b"",
        Shape.OVERSIZED: lambda: len(reply.content) == 3_000_000,
    }
    assert looks[shape]()


@pytest.mark.parametrize(
    ("asked", "sent"), [(7, "7"), ("nonsense", "nonsense"), ("date", "Mon, 05 Jan 2026 08:00:02 GMT"), (None, None)]
)
def test_retry_after_is_sent_as_asked(site: Site, api: Api, asked: int | str | None, sent: str | None) -> None:
    site.sandbox.set_faults(_rule(Effect.STATUS, status=429, retry_after=asked))
    assert api.get("/licenses").headers.get("Retry-After") == sent


@pytest.mark.parametrize("effect", [Effect.RESET, Effect.DROP_BEFORE, Effect.GHOST, Effect.CUT])
def test_a_broken_connection_is_an_error_of_the_network(site: Site, effect: Effect) -> None:
    """GHOST and CUT have carried out the write, RESET and DROP_BEFORE have not."""
    site.sandbox.set_faults(_rule(effect, method="PATCH"))
    with pytest.raises(httpx.TransportError):
        site.enable(site.ana, extension="1001")
    applied = effect in {Effect.GHOST, Effect.CUT}
    assert (site.tenant.line(site.ana) is not None) is applied
    entry = site.sandbox.log.entries[-1]
    assert (entry["applied"], entry["status"], entry["fault"]) == (applied, None, effect)


@pytest.mark.parametrize("effect", [Effect.RESET, Effect.DROP_BEFORE, Effect.GHOST, Effect.CUT, Effect.TIMEOUT])
def test_a_broken_connection_is_really_broken_when_served(effect: Effect) -> None:
    config = SandboxConfig(faults=_rule(effect, last=1, seconds=0.05))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with SandboxServer(config) as server, httpx.Client(base_url=server.base_url, headers=headers) as client:
        with pytest.raises(httpx.TransportError):
            client.get("/licenses")
        assert client.get("/licenses").status_code == 200


def test_a_ghost_can_answer_504_and_have_written(site: Site) -> None:
    site.sandbox.set_faults(_rule(Effect.GHOST, method="PATCH", status=504))
    assert site.enable(site.ana, extension="1001").status_code == 504
    assert site.tenant.line(site.ana) is not None
    assert site.sandbox.log.entries[-1]["applied"] is True


def test_a_timeout_holds_on_for_its_bound(site: Site, api: Api) -> None:
    site.sandbox.set_faults(_rule(Effect.TIMEOUT))
    with pytest.raises(httpx.ReadTimeout):
        api.get("/licenses")
    assert isinstance(site.clock, VirtualClock)
    assert site.clock.slept == 120


def test_a_delay_takes_its_time_and_answers(site: Site, api: Api) -> None:
    site.sandbox.set_faults(_rule(Effect.DELAY, seconds=30))
    assert api.get("/licenses").status_code == 200
    assert isinstance(site.clock, VirtualClock)
    assert site.clock.slept == 30


def test_redirects_and_links_can_lead_to_another_host(site: Site, api: Api) -> None:
    site.sandbox.set_faults(_rule(Effect.REDIRECT))
    assert api.get("/licenses").headers["Location"] == "https://elsewhere.example/v1/licenses"
    site.sandbox.set_faults(_rule(Effect.LINK_OTHER_HOST))
    assert api.get("/locations", max=1).links["next"]["url"].startswith("https://elsewhere.example/")


def test_a_success_can_lack_its_id(site: Site, api: Api) -> None:
    site.sandbox.set_faults(_rule(Effect.MISSING_FIELDS))
    reply = site.workspace("Room", extension="3001")
    assert (reply.status_code, "id" in reply.json()) == (201, False)
    assert "id" not in api.get("/workspaces").json()["items"][0]


def test_partial_withholds_the_license(site: Site) -> None:
    site.sandbox.set_faults(_rule(Effect.PARTIAL, last=1))
    reply = site.enable(site.ana, extension="1001")
    assert (reply.status_code, reply.json()["licenses"]) == (206, [])
    assert site.enable(site.ana, extension="1001").status_code == 200


def test_each_token_expires_by_its_own_count(site: Site, api: Api) -> None:
    """In the order in which they are first seen; one that the list does not name lives on."""
    site.sandbox.set_faults(Faults(tokens_expire_after=(None, 2)))
    others = [Api(site.sandbox, f"another-{number}") for number in range(2)]
    answers = [[one.get("/licenses").status_code for one in (api, *others)] for _ in range(4)]
    assert answers == [[200, 200, 200]] * 2 + [[200, 401, 200]] * 2


def test_a_token_expires_for_good_and_a_new_one_works(site: Site, api: Api) -> None:
    site.sandbox.set_faults(Faults(token_expires_after=2))
    assert [api.get("/people/me").status_code for _ in range(4)] == [200, 200, 401, 401]
    fresh = Api(site.sandbox, "another")
    assert [fresh.get("/people/me").status_code for _ in range(3)] == [200, 200, 200]
    assert api.get("/people/me").status_code == 401


def test_tokens_can_be_listed_and_revoked() -> None:
    tokens = (SecretStr("good"), SecretStr("old"))
    sandbox = Sandbox(SandboxConfig(tokens=tokens, expired_tokens=(SecretStr("old"),)))
    assert [Api(sandbox, token).get("/people/me").status_code for token in ("good", "old", "other")] == [200, 401, 401]


def test_no_token_ever_stands_in_the_log(site: Site, api: Api) -> None:
    api.get("/people/me")
    Api(site.sandbox, "").get("/people/me")
    assert TOKEN not in str(list(site.sandbox.log.entries))
    assert len({entry["token"] for entry in site.sandbox.log.entries}) == 2


def _limited(profile: Profile, clock: VirtualClock) -> Api:
    return Api(Sandbox(SandboxConfig(profile=profile), tenant=Tenant(clock=clock)))


def test_the_documented_limit_refills_five_a_second_and_says_when_to_come_back() -> None:
    clock = VirtualClock()
    api = _limited(Profile.DOCUMENTED, clock)
    statuses = [api.get("/locations").status_code for _ in range(51)]
    assert statuses == [200] * 50 + [429]
    refused = api.get("/locations")
    assert refused.headers["Retry-After"] == "1"
    clock.advance(1)
    assert [api.get("/locations").status_code for _ in range(6)] == [200] * 5 + [429]


def test_families_and_tokens_have_limits_of_their_own_under_one_ceiling() -> None:
    clock = VirtualClock()
    api = _limited(Profile.TIGHT, clock)
    assert [api.get("/locations").status_code for _ in range(21)][-1] == 429
    assert api.get("/people/me").status_code == 200
    other = Api(api.sandbox, "another")
    assert [other.get("/locations").status_code for _ in range(20)] == [200] * 20
    assert 429 in [api.get("/telephony/config/numbers").status_code for _ in range(20)]


def test_writes_cost_more_where_the_profile_says_so() -> None:
    api = _limited(Profile.TIGHT, VirtualClock())
    statuses = [api("PATCH", "/licenses/users", {}).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]


def test_too_many_requests_in_flight_are_refused() -> None:
    clock = VirtualClock()
    config = SandboxConfig(profile=Profile.HOSTILE, latency_ms=10)
    api = Api(Sandbox(config, tenant=Tenant(clock=clock)))
    statuses = [reply.status_code for reply in api.together(*[("GET", "/people/me")] * 8)]
    assert statuses.count(429) >= 3
    clock.advance(60)
    assert api.get("/people/me").status_code == 200


def test_the_hostile_profile_sends_every_kind_of_retry_after_and_body() -> None:
    api = _limited(Profile.HOSTILE, VirtualClock())
    replies = [api.get("/locations") for _ in range(600)]
    refused = [reply for reply in replies if reply.status_code == 429]
    values = {reply.headers.get("Retry-After", "missing") for reply in refused}
    assert {"missing", "rand(30),add(30)", "3600"} <= values
    assert any("GMT" in value for value in values)
    assert {reply.headers["Content-Type"].partition(";")[0] for reply in refused} == {"text/html", "application/json"}


def test_latency_is_added_to_every_answer() -> None:
    clock = VirtualClock()
    api = Api(Sandbox(SandboxConfig(latency_ms=200, latency_jitter_ms=100), tenant=Tenant(clock=clock)))
    api.get("/licenses")
    assert 0.2 <= clock.slept <= 0.3


def test_a_bucket_that_is_new_lets_its_first_request_in_however_quick_it_fills() -> None:
    class Moving(VirtualClock):
        def monotonic(self) -> float:
            self.advance(0.001)
            return super().monotonic()

    limiter = Limiter(Profile.NONE, Moving())
    limiter.retune(Limits(family=300, people=300, burst=5, organisation=10**9, in_flight=40, write_cost=1))
    assert limiter.enter("token", "GET", "/people/me", "id") is None


def test_a_limiter_can_be_retuned_while_it_runs() -> None:
    """A bucket keeps what it holds, as far as the new one is large enough, and fills at the new rate from then on."""
    clock = VirtualClock()
    limiter = Limiter(Profile.DOCUMENTED, clock)
    call = ("token", "GET", "/people")
    assert limiter.enter(*call, "") is None
    limiter.retune(Limits(family=60, people=60, burst=2, organisation=600, in_flight=100, write_cost=1))
    assert [limiter.enter(*call, "") is None for _ in range(3)] == [True, True, False]
    assert limiter.next_free(*call) == pytest.approx(1)
    clock.advance(1)
    assert limiter.next_free(*call) == 0
    assert limiter.enter(*call, "") is None

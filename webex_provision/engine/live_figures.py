"""How a run stands this moment, for whoever watches it from outside: plain numbers, no secret, no word of a row."""

from collections.abc import Mapping
from dataclasses import dataclass

from webex_provision.engine.run_control import RunControl
from webex_provision.webex.call_stats import FamilyStats
from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.credentials import Credential


@dataclass(frozen=True)
class TokenFigures:
    """What one token is doing. `pace` is requests a second by endpoint family, as learned so far; `held` the seconds
    until the longest Retry-After among its families has passed, 0 when none is held.
    """

    alive: bool
    in_flight: int
    pace: Mapping[str, float]
    held: float


@dataclass(frozen=True)
class LiveFigures:
    """A snapshot; `tokens` in the order in which they were given, WEBEX_TOKEN first."""

    families: Mapping[str, FamilyStats]
    tokens: tuple[TokenFigures, ...]
    breaker_open: bool
    rows_rejected: int


def live_figures(client: WebexClient, control: RunControl, rows_rejected: int) -> LiveFigures:
    """The snapshot of this moment. Safe from any thread: what the run changes meanwhile is copied in one go first."""
    now = client.pacer.clock.monotonic()
    return LiveFigures(
        families=dict(list(client.stats.families.items())),
        tokens=tuple(_token_figures(credential, now) for credential in client.credentials.all),
        breaker_open=control.breaker.is_open,
        rows_rejected=rows_rejected,
    )


def _token_figures(credential: Credential, now: float) -> TokenFigures:
    gates = list(credential.lane.gates.items())
    return TokenFigures(
        alive=credential.alive,
        in_flight=credential.lane.inside,
        pace={family: gate.rate for family, gate in gates},
        held=max((gate.held_until - now for _, gate in gates if gate.held_until > now), default=0.0),
    )

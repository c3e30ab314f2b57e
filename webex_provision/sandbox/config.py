"""What the sandbox is started with."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from webex_provision.sandbox.faults import Faults
from webex_provision.sandbox.limiter import Profile


class SandboxConfig(BaseModel):
    """How the simulated tenant is served and what it starts with. It listens on 127.0.0.1 only."""

    model_config = ConfigDict(extra="forbid")

    port: int = Field(default=0, ge=0, le=65_535, description="0 picks a free one.")
    seed: int = Field(default=0, description="Of ids, faults, latency and missing users.")
    profile: Profile = Field(default=Profile.NONE, description="Which rate limits hold.")
    latency_ms: float = Field(default=0, ge=0, le=60_000, description="Time every answer takes.")
    latency_jitter_ms: float = Field(default=0, ge=0, le=60_000, description="At most so much more, at random.")
    state: Path | None = Field(default=None, description="File that keeps the tenant.")
    log: Path | None = Field(default=None, description="File that gets one JSON line a request.")
    log_limit: int = Field(default=500_000, ge=1, description="Requests kept in memory; the file keeps all.")
    seed_csv: Path | None = Field(default=None, description="Roll-out CSV whose people and numbers are there.")
    missing_users: float = Field(default=0, ge=0, le=1, description="Share of them that LDAP has not synced.")
    license_units: int = Field(default=100_000, ge=0, description="Units of each calling licence.")
    tokens: tuple[SecretStr, ...] | None = Field(default=None, description="Accepted tokens; None: any.")
    expired_tokens: tuple[SecretStr, ...] = Field(default=(), description="Tokens that are answered 401.")
    faults: Faults = Field(default_factory=Faults, description="What goes wrong on purpose.")

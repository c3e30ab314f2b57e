"""Settings from the environment, their limits and their safe defaults.

Every setting is an environment variable of the same name in capitals; the command line has a flag for each.
"""

import math
import os
import re
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NoReturn, Self
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
MAX_BATCHES_CEILING = 1000
MOST_FURTHER_TOKENS = 15
SECRET_SETTINGS = ("webex_token", "webex_tokens", "mirror_url")


class Environment(StrEnum):
    """Which kind of organisation the run may touch; `prod` must name it in WEBEX_ORG_ID."""

    LAB = "lab"
    PROD = "prod"


class RetryProfile(StrEnum):
    """How hard a run presses: presets for retries, pace and waits."""

    CONSERVATIVE = "conservative"
    NORMAL = "normal"
    AGGRESSIVE = "aggressive"


class LogFormat(StrEnum):
    """How a line of the log on stderr is written."""

    JSON = "json"
    TEXT = "text"


def _base_url(value: str) -> str:
    """https only, except loopback; an empty path becomes /v1; no query, fragment or credentials."""
    parts = urlsplit(value.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be a URL such as https://webexapis.com/v1")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise ValueError("must use https; plain http is allowed for 127.0.0.1 only")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("must hold no query, fragment or credentials")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") or "/v1", "", ""))


def _divided(tokens: SecretStr) -> tuple[SecretStr, ...]:
    """Each of several tokens between which commas or white space stand."""
    return tuple(SecretStr(part) for part in tokens.get_secret_value().replace(",", " ").split())


Fraction = Annotated[float, Field(gt=0, le=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Settings(BaseSettings):
    """The effective configuration of a run. Bounds everywhere: no loop, wait or walk is without one."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True)

    # What to talk to
    webex_token: SecretStr = Field(description="Bearer token of a full administrator.")
    webex_tokens: SecretStr = Field(
        default=SecretStr(""), description="Tokens of further users of the organisation; comma or space between them."
    )
    token_slot: str = Field(
        default="",
        pattern="^([1-9][0-9]?|any)?$",
        description="Use one token: 1 is WEBEX_TOKEN, 2 the first of WEBEX_TOKENS; any: a free one. Empty: all.",
    )
    webex_base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        description="Where the API stands, e.g. https://webexapis.com/v1."
    )
    environment: Environment = Field(description="lab or prod.")
    webex_org_id: str = Field(default="", description="Expected organisation id; required for prod.")

    # What to do
    output_dir: Path = Field(default=Path("output"), description="Where the folders of roll-outs are made.")
    mirror_url: SecretStr = Field(
        default=SecretStr(""),
        description="Where roll-outs are copied to while they run, e.g. s3://bucket/prefix.",
    )
    pipeline_version: str = Field(default="1", description="Part of a roll-out's identity.")
    batch_size: int = Field(default=500, ge=1, le=5_000, description="Rows a batch; pinned for a roll-out.")
    max_rows: int = Field(default=21_000, ge=1, le=1_000_000, description="Largest accepted CSV.")
    max_batches: int | None = Field(default=None, ge=1, le=MAX_BATCHES_CEILING, description="Batches a phase.")
    max_cell_bytes: int = Field(default=100_000, ge=1_000, description="Largest accepted cell, in bytes.")
    allow_people_put: bool = Field(
        default=True, description="Allow the one PUT /people that changes extension or main number."
    )
    allow_number_removal: bool = Field(
        default=False, description="Allow number_removal rows; taking a number out cannot be undone here."
    )
    enable_safe_compensation: bool = Field(
        default=False, description="Delete what a failed row has just created, where that is safe."
    )
    verify_writes: bool = Field(default=False, description="Read every settings write back and compare.")

    # How to call
    request_timeout_seconds: Seconds = Field(default=20, description="Whole answer to a request.")
    connect_timeout_seconds: Seconds = Field(default=5, description="Connection set-up.")
    max_retries: int = Field(default=5, ge=0, le=20, description="Retries of a call after 5xx, timeout, network.")
    max_rate_limit_waits: int = Field(default=5, ge=0, le=100, description="429 waits of one call, honoured.")
    max_retry_after_seconds: Seconds = Field(default=120, description="Longer Retry-After stops the run cleanly.")
    backoff_base_seconds: Seconds = Field(default=0.5, description="First backoff; doubles, with jitter.")
    backoff_max_seconds: Seconds = Field(default=30, description="Longest single backoff.")
    max_in_flight: int = Field(default=8, ge=1, le=64, description="Requests in flight at most, for each token.")
    requests_per_second: float = Field(default=4, gt=0, le=1_000, description="Pace at which a family starts.")
    max_requests_per_second: float = Field(default=1_000, gt=0, le=10_000, description="Pace never exceeded.")
    max_pages: int = Field(default=2_000, ge=1, description="Pages of one list walk at most.")
    max_response_bytes: int = Field(default=64 * 2**20, ge=1_000, description="Largest accepted answer.")
    list_lag_seconds: float = Field(default=10, ge=0, le=600, description="How long lists may lag a write.")

    # When to stop
    circuit_breaker_threshold: Fraction = Field(default=0.80, description="Share of a batch that trips it.")
    circuit_breaker_min_rows: int = Field(default=20, ge=1, description="Rows executed before it may trip.")
    call_breaker_failures: int = Field(default=10, ge=1, description="Calls exhausted in a row that open it.")
    call_breaker_pause_seconds: Seconds = Field(default=30, description="Pause before a half-open probe.")
    call_breaker_max_probes: int = Field(default=5, ge=1, le=100, description="Failed probes that end the run.")
    batch_time_budget_seconds: Seconds = Field(default=7_200, description="A batch that takes longer stops.")
    run_retry_budget: int = Field(default=20_000, ge=0, description="Retries of all calls of a run together.")
    stop_grace_seconds: Seconds = Field(default=5, description="How long calls in flight may end after a stop.")
    job_wait_seconds: Seconds = Field(default=300, description="Wait for a job of Webex that a row began.")
    lock_wait_seconds: float = Field(default=0, ge=0, le=3_600, description="Wait for a lock; 0: fail at once.")
    checkpoint_interval_seconds: Seconds = Field(default=1, description="Fsync and checkpoint at least so often.")

    # What is seen of it
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR|CRITICAL)$", description="Log level.")
    log_format: LogFormat | None = Field(
        default=None, description="Logs on stderr, too, for a collector: json or text (logfmt)."
    )
    metrics_port: int | None = Field(
        default=None, ge=1, le=65_535, description="Port for Prometheus to scrape while a run goes on."
    )
    metrics_host: str = Field(default="127.0.0.1", min_length=1, description="Address that METRICS_PORT is opened on.")
    metrics_dir: Path | None = Field(
        default=None, description="Folder for node_exporter: a file of metrics a roll-out, replaced as it goes on."
    )

    @model_validator(mode="after")
    def _prod_names_its_organisation(self) -> Self:
        if self.environment is Environment.PROD and not self.webex_org_id:
            raise ValueError("ENVIRONMENT=prod needs WEBEX_ORG_ID, the organisation that may be provisioned")
        return self

    @model_validator(mode="after")
    def _metrics_can_be_told(self) -> Self:
        if (self.metrics_port or self.metrics_dir) and find_spec("prometheus_client") is None:
            raise ValueError(
                "METRICS_PORT and METRICS_DIR need a library: pip install 'webex-provision[metrics]'; or unset them"
            )
        return self

    @field_validator("webex_tokens")
    @classmethod
    def _not_too_many(cls, value: SecretStr) -> SecretStr:
        if len(_divided(value)) > MOST_FURTHER_TOKENS:
            raise ValueError(f"at most {MOST_FURTHER_TOKENS} further tokens")
        return value

    @model_validator(mode="after")
    def _slot_holds_a_token(self) -> Self:
        given = len(self.all_tokens)
        if self.token_slot.isdigit() and int(self.token_slot) > given:
            counted = "is 1 token" if given == 1 else f"are {given} tokens"
            raise ValueError(
                f"TOKEN_SLOT is {self.token_slot}, but there {counted} in WEBEX_TOKEN and WEBEX_TOKENS together: "
                f"choose 1 to {given}, or any"
            )
        return self

    @property
    def all_tokens(self) -> tuple[SecretStr, ...]:
        """WEBEX_TOKEN, then each of WEBEX_TOKENS in its order, whatever the slot."""
        return (self.webex_token, *_divided(self.webex_tokens))

    @property
    def tokens(self) -> tuple[SecretStr, ...]:
        """The tokens that may be used: that of the slot, else all in their order."""
        if self.token_slot.isdigit():
            return (self.all_tokens[int(self.token_slot) - 1],)
        return self.all_tokens

    def in_slot(self, slot: int) -> Self:
        """These settings with one token only; 1 is WEBEX_TOKEN."""
        return self.model_copy(update={"token_slot": str(slot)})

    @property
    def batches_limit(self) -> int:
        """The most batches a phase may have: MAX_BATCHES, else what MAX_ROWS needs, capped at 1000."""
        return self.max_batches or min(math.ceil(self.max_rows / self.batch_size), MAX_BATCHES_CEILING)

    def __reduce__(self) -> NoReturn:
        """Settings hold tokens, and a pickle would hold it in plain."""
        raise TypeError("settings are not pickled: they hold tokens; read them from the environment again")

    def public(self) -> dict[str, object]:
        """The effective configuration for logs and displays, without what may hold a secret."""
        return self.model_dump(mode="json", exclude=set(SECRET_SETTINGS))


def log_format_of_environment() -> LogFormat | None:
    """LOG_FORMAT before any settings are read; None also where it is no format, which the settings will say."""
    value = os.environ.get("LOG_FORMAT", "")
    return LogFormat(value) if value in set(LogFormat) else None


def tokens_of_environment() -> tuple[SecretStr, ...]:
    """The tokens that this process was given, whatever else its settings are."""
    return _divided(SecretStr(" ".join(os.environ.get(name.upper(), "") for name in SECRET_SETTINGS)))


_OTHERS_SECRETS = re.compile(
    r"(^|_)(TOKEN|KEY|CREDENTIALS?)(_|$)|^(AWS|AZURE|DAGSTER|GITHUB|GITLAB|GOOGLE|SSH)_|^PGPASS"
)


def reserved_variable(name: str) -> bool:
    """Whether an environment variable is a setting of this program, or by its name a secret of something else.

    What a `*_env` cell of a CSV names is sent to the tenant, and whoever writes the CSV need not be who runs it.
    """
    return name.lower() in Settings.model_fields or _OTHERS_SECRETS.search(name) is not None


PROFILES: dict[RetryProfile, dict[str, float | int]] = {
    RetryProfile.CONSERVATIVE: {"requests_per_second": 2, "max_in_flight": 4, "backoff_base_seconds": 1},
    RetryProfile.NORMAL: {},
    RetryProfile.AGGRESSIVE: {"requests_per_second": 10, "max_in_flight": 16, "max_rate_limit_waits": 10},
}

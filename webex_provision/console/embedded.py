"""The embedded sandbox, in a thread of this process: it can't outlive it, and its tenant is kept in a file.

Demo and UI share it: the tenant that a demo has provisioned is the one that the UI shows.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from webex_provision.console.screen import say
from webex_provision.ledger.folder import input_id_of, make_private
from webex_provision.resources import resource
from webex_provision.vocabulary import ExitCode

if TYPE_CHECKING:
    from webex_provision.sandbox import SandboxServer

SAMPLE = "data/sample_with_mistakes.csv"
# Of all seeds the first one that leaves out the users whom the sample's comments name, and nobody else.
SEED, MISSING_USERS = 16_532, 0.06
NOT_SYNCHRONISED = ("laia.serra@example.com", "felix.arnau@example.com", "clara.bosch@example.com")
# What a run of the sample needs besides a tenant: the password of its trunks, and leave to take a number out.
SAMPLE_NEEDS = {"TRUNK_HQ_PASSWORD": "a-password-of-no-gateway", "ALLOW_NUMBER_REMOVAL": "true"}
LATENCY_MS = 15
# A tenant on loopback has no limit to respect, and its lists do not lag.
PACE = {"REQUESTS_PER_SECOND": "200", "MAX_IN_FLIGHT": "8", "LIST_LAG_SECONDS": "1"}


@dataclass(frozen=True)
class SampleRollOut:
    """Where the sample stands and what belongs to it: all below one base folder."""

    csv: Path
    folder: Path
    tenant: Path


def sample_in(base: Path) -> SampleRollOut:
    """The sample of this working folder, else a copy of the packaged one, made in `base`."""
    csv = Path(SAMPLE)
    if not csv.is_file():
        content = resource(SAMPLE).read_bytes()
        csv = base / Path(SAMPLE).name
        make_private(base)
        if not csv.is_file() or csv.read_bytes() != content:
            csv.write_bytes(content)
    input_id = input_id_of(csv, sha256(csv.read_bytes()).hexdigest())
    return SampleRollOut(csv, base / input_id, base / ".sandbox" / f"{input_id}.json")


@contextmanager
def embedded_sandbox(sample: SampleRollOut) -> Iterator["SandboxServer"]:
    """A sandbox seeded from the sample, or with the tenant that an earlier run has left, while the block lasts.

    Ends the process when the tenant's file can't be used.
    """
    from webex_provision.sandbox import SandboxConfig, SandboxServer

    config = SandboxConfig(
        seed=SEED,
        seed_csv=sample.csv,
        missing_users=MISSING_USERS,
        state=sample.tenant,
        latency_ms=LATENCY_MS,
    )
    try:
        server = SandboxServer(config)
    except (ValueError, KeyError, TypeError) as error:
        what = f"{type(error).__name__}: {error}"
        say(f"{sample.tenant} does not hold a sandbox's tenant ({what}); move it away and run again", error=True)
        raise typer.Exit(ExitCode.STATE) from None
    with server:
        yield server


def variables_for(server: "SandboxServer") -> dict[str, str]:
    """The environment in which a run of the sample talks to the sandbox."""
    return {**tenant_variables(server), **SAMPLE_NEEDS, **PACE}


def tenant_variables(server: "SandboxServer") -> dict[str, str]:
    """The variables that name a tenant, so that they lead to the sandbox and nowhere else."""
    return {
        "WEBEX_TOKEN": "a-token-of-the-embedded-sandbox",
        "WEBEX_TOKENS": "",
        "TOKEN_SLOT": "",
        "MIRROR_URL": "",
        "WEBEX_BASE_URL": server.base_url,
        "ENVIRONMENT": "lab",
        "WEBEX_ORG_ID": "",
    }


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Sets variables of this process while the block lasts."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

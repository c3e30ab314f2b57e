"""`python -m webex_provision.sandbox`: a simulated tenant of its own process."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from webex_provision.sandbox.config import SandboxConfig
from webex_provision.sandbox.faults import Faults
from webex_provision.sandbox.limiter import Profile
from webex_provision.sandbox.server import serve


def config_from(arguments: Sequence[str] | None = None) -> SandboxConfig:
    """The configuration that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m webex_provision.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seed-csv", type=Path, help="roll-out whose people and numbers are there")
    parser.add_argument("--missing-users", type=float, default=0, help="share of people not synchronised yet")
    parser.add_argument("--license-units", type=int, default=100_000)
    parser.add_argument("--profile", choices=[profile.value for profile in Profile], default=Profile.NONE.value)
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--latency-jitter-ms", type=float, default=0)
    parser.add_argument("--state", type=Path, help="file that keeps the tenant")
    parser.add_argument("--log", type=Path, help="file that gets one JSON line a request")
    parser.add_argument("--faults", type=Path, help="JSON file: what goes wrong on purpose")
    given = vars(parser.parse_args(arguments))
    faults = given.pop("faults")
    chosen = Faults() if faults is None else Faults.model_validate_json(faults.read_bytes())
    return SandboxConfig(**given, faults=chosen)


if __name__ == "__main__":
    serve(config_from())

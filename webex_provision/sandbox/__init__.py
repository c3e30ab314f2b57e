"""A simulated Webex Calling tenant, served on 127.0.0.1.

It shares nothing with the product but the wire (and the clock): what it knows of Webex stands here again, so that a
run against it can prove more than that we agree with ourselves. `server` runs it, `domains` lists what it serves,
`faults` what can go wrong, `control` how to look inside while it runs.
"""

from webex_provision.sandbox.app import Sandbox
from webex_provision.sandbox.config import SandboxConfig
from webex_provision.sandbox.faults import Effect, FaultRule, Faults, Shape
from webex_provision.sandbox.limiter import Profile
from webex_provision.sandbox.server import SandboxServer, serve
from webex_provision.sandbox.tenant import Quirks, Tenant

__all__ = [
    "Effect",
    "FaultRule",
    "Faults",
    "Profile",
    "Quirks",
    "Sandbox",
    "SandboxConfig",
    "SandboxServer",
    "Shape",
    "Tenant",
    "serve",
]

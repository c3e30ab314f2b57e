"""Everything that the sandbox serves under /v1. A new entity type is one module with `routes`, named here."""

from webex_provision.sandbox import (
    features,
    hunt_groups,
    licenses,
    locations,
    numbers,
    people,
    virtual_lines,
    workspaces,
)

DOMAINS = (
    people.routes,
    licenses.routes,
    locations.routes,
    numbers.routes,
    features.routes,
    workspaces.routes,
    virtual_lines.routes,
    hunt_groups.routes,
)

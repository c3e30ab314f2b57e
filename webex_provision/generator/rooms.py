"""Workspaces: plain rooms, and some whose line has settings of its own."""

from collections.abc import Iterator

from webex_provision.generator.devices import phone
from webex_provision.generator.site import FIRST_EXTENSION, Row, Site

_TYPES = ("huddle", "meetingRoom", "open", "desk")


def _room(site: Site, serial: int, **cells: str) -> Row:
    extension, number = site.line()
    name = f"Room {serial}"
    site.rooms.append(name)
    return site.row(
        "workspace",
        workspace_display_name=name,
        workspace_type=site.chance.choice(_TYPES),
        workspace_capacity=str(site.chance.randint(2, 20)),
        extension=extension,
        phone_number=number,
        **cells,
    )


def room(site: Site, serial: int) -> Iterator[Row]:
    """A room with a phone."""
    row = _room(site, serial)
    yield row
    yield phone(site, serial, "workspace", row["workspace_display_name"])


def busy_room(site: Site, serial: int) -> Iterator[Row]:
    """A room with the larger licence and everything that a line can have."""
    _, alternate = site.line()
    row = _room(site, serial, workspace_calling_license="professional")
    name = {"workspace_display_name": row["workspace_display_name"]}
    yield row
    yield site.row("workspace_numbers", **name, phone_numbers_secondary=alternate)
    yield site.row(
        "workspace_forwarding",
        **name,
        workspace_forwarding_enabled="true",
        workspace_forwarding_mode="busy",
        workspace_forwarding_destination=str(FIRST_EXTENSION),
    )
    yield site.row("workspace_recording", **name, workspace_recording_enabled="true")
    yield site.row("workspace_monitoring", **name, workspace_monitoring_targets="|".join(site.some_callers(1, 3)))

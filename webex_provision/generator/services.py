"""What serves many: groups, pickup groups, queues, hunt groups and attendants, of users who are there already."""

from collections.abc import Iterator

from webex_provision.generator.routing import HOLIDAYS, OFFICE_HOURS, WELCOME
from webex_provision.generator.site import FIRST_EXTENSION, Row, Site

_PICKED = 6


def hunt_group(site: Site, serial: int) -> Iterator[Row]:
    """A number that rings a handful."""
    extension, number = site.line()
    yield site.row(
        "hunt_group",
        hunt_name=f"Hunt {serial}",
        extension=extension,
        phone_number=number,
        hunt_policy=site.chance.choice(("CIRCULAR", "REGULAR", "UNIFORM", "SIMULTANEOUS")),
        hunt_agents="|".join(site.some_callers(3, 8)),
    )


def call_queue(site: Site, serial: int) -> Iterator[Row]:
    """A number that holds callers for a team."""
    extension, number = site.line()
    yield site.row(
        "call_queue",
        queue_name=f"Queue {serial}",
        extension=extension,
        phone_number=number,
        language=site.language,
        queue_policy=site.chance.choice(("CIRCULAR", "REGULAR", "UNIFORM")),
        queue_agents="|".join(site.some_callers(5, 40)),
        queue_size=str(site.chance.choice((10, 25, 50))),
        queue_overflow_action="PERFORM_BUSY_TREATMENT",
        queue_welcome_announcement=WELCOME,
    )


def call_pickup_group(site: Site, serial: int) -> Iterator[Row]:
    """Neighbours who answer for each other: the latest who are in no such group yet."""
    members, site.unpicked = site.unpicked[-_PICKED:], site.unpicked[:-_PICKED]
    yield site.row("call_pickup_group", pickup_name=f"Pickup {serial}", pickup_members="|".join(members))


def team(site: Site, serial: int) -> Iterator[Row]:
    """A group of the directory, and who is in it."""
    name = f"Team {serial}"
    yield {"entity_type": "groups", "group_name": name, "group_description": f"Made up in {site.key}"}
    members = "|".join(site.some_callers(3, 15))
    yield {"entity_type": "group_membership", "member_group_name": name, "member_emails": members}


def auto_attendant(site: Site, serial: int) -> Iterator[Row]:
    """A front door that leads to the first user of the location."""
    extension, number = site.line()
    yield site.row(
        "auto_attendant",
        aa_name=f"Attendant {serial}",
        extension=extension,
        phone_number=number,
        aa_business_schedule=OFFICE_HOURS,
        aa_holiday_schedule=HOLIDAYS,
        aa_business_keys=f"1:TRANSFER_WITHOUT_PROMPT:{FIRST_EXTENSION}|2:NAME_DIALING|0:EXIT",
        aa_after_hours_keys="0:EXIT",
    )

"""A CSV of about sixty rows with every entity type in it: what a crash meets when it can come anywhere."""

from webex_provision_tests.contract.rows import LATE, first_rows, second_rows
from webex_provision_tests.rehearsal import LOCATION, hunt_group, user, workspace

NOBODY = "nobody@example.com"
Rows = list[dict[str, str]]
_LISBOA = {"location_key": "Lisboa", "location_name": "Lisboa", "time_zone": "Europe/Lisbon", "address_country": "PT"}


def every_type_rows() -> Rows:
    """One location that is there and one that is made, every type in both its easy and its awkward ways; some rows
    that wait for a user of the directory, one that waits for ever, two that intake rejects."""
    removal = [row for row in second_rows() if row["entity_type"] == "number_removal"]
    return [
        *first_rows(),
        *removal,
        LOCATION | _LISBOA,
        {"entity_type": "schedules", "location_key": "Lisboa", "schedule_name": "Oficina"}
        | {"schedule_type": "businessHours", "schedule_weekly_hours": "MON=09:00-14:00"},
        # Nothing but its name tells such a workspace from its twin: Webex refuses no second one.
        *(workspace(f"Mesa {number}", workspace_calling_license="hotdesk_only") for number in (2, 3)),
        workspace("Sala Lisboa", "2300", location_key="Lisboa"),
        hunt_group("Lisboa", "2810", location_key="Lisboa", hunt_agents="workspace:Sala Lisboa"),
        hunt_group("Tarde", "2890", hunt_agents=f"{LATE}|ana@example.com"),
        user(NOBODY.partition("@")[0], "2511"),
        user("named", "2510", display_name="Somebody"),
        user("ana", "2101"),
    ]


def there_before() -> Rows:
    """Whose people and numbers the tenant has before the first run: all but those who are late or never come."""
    rows = [*every_type_rows(), *second_rows()]
    return [row for row in rows if not {LATE, NOBODY} & set("|".join(row.values()).split("|"))]

"""A CSV of over sixty rows, of every kind that matters to a crash: creates, deltas, replaces, rows that end pending."""

from pathlib import Path

from webex_provision_tests.prompts import wav
from webex_provision_tests.rehearsal import LOCATION, hunt_group, user, workspace

LATE = ("late1", "late2", "late3")  # the directory synchronises them after the first run
NEW_LOCATIONS = ("Lisboa", "Porto", "Faro", "Braga")
PROMPT = "hola.wav"
_USERS, _MOVED, _ROOMS, _GROUPS = 18, 6, 12, 8

Rows = list[dict[str, str]]


def site_rows() -> Rows:
    """Five locations, announcements, users with settings, users with alternates, workspaces, extension assignments,
    hunt groups. The announcements are uploaded from a file beside the CSV, see `lay_prompt`."""
    return [*_locations(), *_announcements(), *_users(), *_workspaces(), *_assignments(), *_groups(), *_waiting()]


def lay_prompt(folder: Path) -> None:
    """The sound file beside the CSV."""
    (folder / PROMPT).write_bytes(wav())


def directory_rows() -> Rows:
    """What is there before the first run: the people but the late ones, and Madrid with its numbers."""
    made = {"location", "announcements_repo"}
    there = [row for row in site_rows() if row["entity_type"] not in made and "late" not in str(row)]
    return [row | {"location_key": "Madrid HQ"} for row in there if row["location_key"] == "HQ"]


def _locations() -> Rows:
    """Madrid is there already, the others are created."""
    portugal = LOCATION | {"time_zone": "Europe/Lisbon", "address_country": "PT"}
    return [LOCATION, *(portugal | {"location_key": name, "location_name": name} for name in NEW_LOCATIONS)]


def _announcements() -> Rows:
    filled = {"announcement_source": "file", "announcement_file_path": PROMPT}
    return [
        {"entity_type": "announcements_repo", "location_key": place, "announcement_name": "Hola", **filled}
        for place in ("HQ", *NEW_LOCATIONS, "")
    ]


def _users() -> Rows:
    rows = [
        user(f"user{n}", str(2100 + n), phone_number=f"+3491000{2100 + n}", calling_settings_voicemail_enabled="true")
        for n in range(_USERS)
    ]
    for n in range(_MOVED):
        rows.append({"entity_type": "user_calling_settings", "location_key": "HQ", "email": f"more{n}@example.com"})
        rows.append(
            {
                "entity_type": "user_numbers",
                "location_key": "HQ",
                "email": f"more{n}@example.com",
                "extension": str(2200 + n),
                "phone_numbers_secondary": f"+3491000{4100 + n}|+3491000{4200 + n}",
            }
        )
    rows += [workspace(f"Sala {name}", "2300", location_key=name) for name in NEW_LOCATIONS]
    return rows


def _workspaces() -> Rows:
    rows = [workspace(f"Sala {n}", str(2300 + n), phone_number=f"+3491000{2300 + n}") for n in range(_ROOMS)]
    # Nothing but its name tells one of these from its twin: Webex refuses no second one.
    rows += [workspace(f"Mesa {n}", workspace_calling_license="hotdesk_only") for n in range(4)]
    return rows


def _assignments() -> Rows:
    rows: Rows = [workspace("Sala Miro"), workspace("Sala Dali")]
    for name, extension in (("Sala Miro", "2390"), ("Sala Dali", "2391")):
        rows.append(
            {
                "entity_type": "extension_assignment",
                "location_key": "HQ",
                "workspace_display_name": name,
                "extension": extension,
                "calling_settings_call_waiting_enabled": "true",
            }
        )
    rows += [
        {
            "entity_type": "extension_assignment",
            "location_key": "HQ",
            "email": f"last{n}@example.com",
            "extension": str(2400 + n),
            "calling_settings_dnd_enabled": "false",
        }
        for n in range(4)
    ]
    return rows


def _groups() -> Rows:
    return [
        hunt_group(
            f"Grupo {n}",
            str(2800 + n),
            hunt_agents=f"user{n}@example.com|workspace:Sala {n}",
            hunt_forwarding_json='{"always":{"enabled":false}}' if n % 2 else "",
        )
        for n in range(_GROUPS)
    ]


def _waiting() -> Rows:
    """Rows that end pending until the directory has synchronised three users; one that never is accepted."""
    return [
        *(user(name, str(2500 + n)) for n, name in enumerate(LATE)),
        hunt_group("Tarde", "2890", hunt_agents="late1@example.com|user1@example.com"),
        user("named", "2510", display_name="Somebody"),
    ]

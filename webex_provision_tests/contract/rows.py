"""Rows that fill the cells which the sample leaves blank, so that every declared body is sent once."""

from webex_provision_tests.rehearsal import LOCATION, hunt_group, user, workspace

LATE = "late@example.com"
Rows = list[dict[str, str]]

_PERMISSIONS = '[{"callType":"INTERNATIONAL","action":"BLOCK","transferEnabled":false}]'
_ALL_SETTINGS = {
    "calling_settings_caller_id_selected": "LOCATION_NUMBER",
    "calling_settings_external_caller_id_name_policy": "OTHER",
    "calling_settings_external_caller_id_name": "Madrid",
    "calling_settings_voicemail_enabled": "true",
    "calling_settings_voicemail_rings": "6",
    "calling_settings_voicemail_email": "copy@example.com",
    "calling_settings_call_waiting_enabled": "true",
    "calling_settings_dnd_enabled": "true",
    "calling_settings_barge_in_enabled": "false",
    "calling_settings_outgoing_permissions_json": _PERMISSIONS,
}


def first_rows() -> Rows:
    """A site with everything filled; one user is synchronised late."""
    return [
        LOCATION
        | {
            "address_line2": "Planta 3",
            "location_announcement_language": "es_es",
            "location_latitude": "40.4168",
            "location_longitude": "-3.7038",
            "location_notes": "Site 1",
        },
        user("ana", "2101", phone_number="+34910002101", **_ALL_SETTINGS),
        user("luis", user_calling_license="standard"),
        _numbers("luis", "2122", user_ring_pattern_secondary="LONG_LONG", user_distinctive_ring_enabled="true"),
        user("eva", "2103", phone_number="+34910002103"),
        workspace(
            "Sala Goya",
            "2301",
            phone_number="+34910002301",
            workspace_calling_license="professional",
            workspace_supported_devices="phones",
            workspace_type="meetingRoom",
            workspace_capacity="8",
            workspace_notes="Planta 2",
            workspace_hotdesking="off",
        ),
        workspace("Mesa 1", workspace_calling_license="hotdesk_only"),
        workspace("Sala Miro"),
        _assignment(workspace_display_name="Sala Miro", extension="2302", **_ALL_SETTINGS),
        _assignment(email="ivo@example.com", extension="2105", **_ALL_SETTINGS),
        _group("Recepcion", "2800"),
        hunt_group("Ventas", "2801", hunt_policy="WEIGHTED", hunt_agents="ana@example.com=70|eva@example.com=30"),
        user("late", "2500"),
        _forwarding("ana", "no_answer", user_forwarding_rings="4", user_business_continuity_destination="2103"),
    ]


def second_rows() -> Rows:
    """The same site in another CSV: other extensions, numbers and members; what is there is changed."""
    return [
        LOCATION | {"address_line1": "Calle Mayor 2"},
        _numbers("eva", "2133", phone_number="+34910002133", user_numbers_replace="true"),
        user("luis", "2142", user_calling_license="professional"),
        workspace("Sala Goya", "2311", workspace_capacity="9"),
        _assignment(workspace_display_name="Sala Miro", extension="2312"),
        _assignment(email="ivo@example.com", extension="2115"),
        _group("Recepcion", "2810", hunt_agents="eva@example.com", hunt_alternate_numbers="+34910002802"),
        hunt_group("Ventas", "2801", hunt_policy="CIRCULAR"),
        _forwarding("ana", "always", user_forwarding_busy_destination="2103"),
    ]


def _numbers(name: str, extension: str, **cells: str) -> dict[str, str]:
    alternates = {"phone_numbers_secondary": f"+3491003{extension}|+3491004{extension}"}
    return {
        "entity_type": "user_numbers",
        "location_key": "HQ",
        "email": f"{name}@example.com",
        "extension": extension,
        **alternates,
        **cells,
    }


def _forwarding(name: str, mode: str, **cells: str) -> dict[str, str]:
    return {
        "entity_type": "user_forwarding",
        "location_key": "HQ",
        "email": f"{name}@example.com",
        "user_forwarding_enabled": "true",
        "user_forwarding_mode": mode,
        "user_forwarding_destination": "2103",
        "user_forwarding_to_voicemail": "false",
        "user_forwarding_ring_reminder": "false",
        **cells,
    }


def _assignment(**cells: str) -> dict[str, str]:
    return {"entity_type": "extension_assignment", "location_key": "HQ", **cells}


def _group(name: str, extension: str, **cells: str) -> dict[str, str]:
    filled = {
        "phone_number": "+34910002800",
        "language": "es_es",
        "time_zone": "Europe/Madrid",
        "hunt_agents": "ana@example.com|workspace:Sala Goya",
        "hunt_enabled": "true",
        "hunt_caller_id_name": "Recepcion",
        "hunt_alternate_numbers": "+34910002801",
        "hunt_next_agent_rings": "5",
        "hunt_no_answer_rings": "10",
        "hunt_no_answer_destination": "2101",
        "hunt_busy_destination": "2101",
        "hunt_unreachable_destination": "+34910002101",
        "hunt_call_waiting": "false",
        "hunt_forwarding_json": (
            '{"always":{"enabled":true,"destination":"2101"},'
            '"selective":{"enabled":false,"destination":"2101","ringReminderEnabled":false,'
            '"destinationVoicemailEnabled":false}}'
        ),
    }
    return hunt_group(name, extension, **(filled | cells))

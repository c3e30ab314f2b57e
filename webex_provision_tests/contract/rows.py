"""Rows that fill the cells which the sample leaves blank, so that every declared body is sent once."""

from webex_provision.actions.feature_access import FEATURES
from webex_provision_tests.contract.routing_rows import changed_routing, routing
from webex_provision_tests.rehearsal import LOCATION, hunt_group, user, workspace

LATE = "late@example.com"
PROMPT = "hola.wav"  # lies beside the CSV
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
_RECORDING = {
    "recording_enabled": "true",
    "recording_mode": "always_with_pause",
    "recording_provider": "Webex",
    "recording_voicemail": "true",
    "recording_notification": "beep",
    "recording_reminder_interval": "60",
    "recording_announce_internal": "true",
    "recording_announce_pstn": "false",
    "recording_directions": "inbound_external|outbound_external",
}

_SUMMER = (
    '[{"name":"Verano","startDate":"2026-07-01","endDate":"2026-07-01","startTime":"08:00","endTime":"15:00",'
    '"recurrence":{"recurYearlyByDay":{"day":"MONDAY","week":"FIRST","month":"JULY"},"recurForEver":true}}]'
)
_AUTUMN = (
    '[{"name":"Verano","startDate":"2026-07-01","endDate":"2026-07-01","allDayEnabled":true,'
    '"recurrence":{"recurWeekly":{"sunday":false,"monday":true},"recurEndDate":"2026-08-31"}},'
    '{"name":"Feria","startDate":"2026-09-01","endDate":"2026-09-02","allDayEnabled":true}]'
)

_SERVICES = (
    '{"holidayService":{"holidayServiceEnabled":true,"action":"BUSY","holidayScheduleLevel":"LOCATION",'
    '"holidayScheduleName":"Oficina","playAnnouncementBeforeEnabled":false,"audioMessageSelection":"DEFAULT"},'
    '"nightService":{"nightServiceEnabled":true,"action":"TRANSFER","transferPhoneNumber":"2101",'
    '"playAnnouncementBeforeEnabled":false,"announcementMode":"NORMAL","audioMessageSelection":"DEFAULT",'
    '"businessHoursName":"Oficina","businessHoursLevel":"LOCATION","forceNightServiceEnabled":false,'
    '"manualAudioMessageSelection":"DEFAULT"},'
    '"strandedCalls":{"action":"NIGHT_SERVICE","audioMessageSelection":"DEFAULT"},'
    '"forcedForward":{"forcedForwardEnabled":false,"playAnnouncementBeforeEnabled":false,'
    '"audioMessageSelection":"DEFAULT"},'
    '"callForwarding":{"always":{"enabled":true,"destination":"2101"}}}'
)

_MENU = (
    '{"greeting":"DEFAULT","extensionEnabled":true,"keyConfigurations":[{"key":"1","action":"EXIT",'
    '"description":"Fin"}],"callTreatment":{"retryAttemptForNoInput":"ONE_TIME","noInputTimer":"10",'
    '"actionToBePerformed":{"action":"TRANSFER_WITHOUT_PROMPT","greeting":"DEFAULT","transferCallTo":"2101"}}}'
)


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
        *routing(),
        *_schedules("MON=09:00-14:00,15:00-18:00|SUN=24h", "Navidad=2026-12-25*|Puente=2026-12-07..2026-12-08"),
        _events(_SUMMER),
        *_announcements("Gracias por llamar."),
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
        _workspace_numbers("Sala Goya", phone_numbers_secondary="+34910003301|+34910003302", extension="2301"),
        _group("Recepcion", "2800"),
        hunt_group("Ventas", "2801", hunt_policy="WEIGHTED", hunt_agents="ana@example.com=70|eva@example.com=30"),
        _queue("Soporte", "2900", queue_policy="WEIGHTED", queue_agents="ana@example.com=70|eva@example.com=30"),
        _queue("Expertos", "2901", queue_routing_type="SKILL_BASED", queue_agents="ana@example.com=7"),
        _queue("Asistida", "2902", queue_customer_assist="true"),
        _attendant("Centralita", aa_business_menu_json=_MENU),
        user("late", "2500"),
        _device(
            "ana@example.com",
            location_key="HQ",
            device_mac="00:11:22:33:44:01",
            device_model="Cisco 8845",
            device_tags="planta-2|recepcion",
        ),
        _device("eva@example.com", device_mac="001122334402", device_model="Cisco 9861", device_tags="late"),
        _device("eva@example.com", device_onboarding="activation_code", device_model="DMS Cisco 7841"),
        {
            "entity_type": "location_call_profiles",
            "location_key": "HQ",
            "location_pstn_type": "NON_INTEGRATED_CCP",
            "location_pstn_target_key": "Example Carrier",
            "location_outside_dial_digit": "0",
            "location_outside_dial_digit_enforced": "true",
            "location_routing_prefix": "8100",
            "location_external_caller_id_name": "Acme",
            "location_announcement_language": "es_ES",
            "location_outgoing_profile": "default",
            "location_outgoing_permissions": "INTERNATIONAL=TRANSFER_NUMBER_1|NATIONAL=AUTH_CODE+T",
            "location_transfer_numbers": "+34910002101|+34910002103",
        },
        _inventory(
            "ADD",
            "+34910005001|+34910005002",
            number_type="DID",
            number_usage_type="NONE",
            number_initial_state="INACTIVE",
            number_main_phone_number="+34910002101",
            number_main_caller_id_name="Madrid HQ",
        ),
        _forwarding("ana", "no_answer", user_forwarding_rings="4", user_business_continuity_destination="2103"),
        {
            "entity_type": "groups",
            "group_name": "Equipo Ventas",
            "group_description": "Ventas",
            "group_external_id": "G1",
        },
        _membership("G1", "ana@example.com|luis@example.com"),
        _pickup("ana@example.com|workspace:Sala Goya", pickup_notification_type="AUDIO_ONLY"),
        _access(feature_access_allow="|".join(FEATURES)),
        *_settings_of("Sala Goya"),
        _of_user("recording", "ana", **_RECORDING),
        _of_user("exec_assistant", "ana", exec_assistant_emails="eva@example.com", exec_alerting_mode="SIMULTANEOUS"),
        _of_user("monitoring", "ana", monitoring_targets="eva@example.com|workspace:Sala Goya"),
    ]


def second_rows() -> Rows:
    """The same site in another CSV: other extensions, numbers and members; what is there is changed."""
    return [
        LOCATION | {"address_line1": "Calle Mayor 2"},
        *changed_routing(),
        *_schedules("MON=09:00-14:00|TUE=09:00-14:00", "Navidad=2026-12-25*|Reyes=2027-01-06"),
        _events(_AUTUMN),
        *_announcements("Vuelva a llamar."),
        _numbers("eva", "2133", phone_number="+34910002133", user_numbers_replace="true"),
        user("luis", "2142", user_calling_license="professional"),
        workspace("Sala Goya", "2311", workspace_capacity="9"),
        _assignment(workspace_display_name="Sala Miro", extension="2312"),
        _assignment(email="ivo@example.com", extension="2115"),
        _group("Recepcion", "2810", hunt_agents="eva@example.com", hunt_alternate_numbers="+34910002802"),
        hunt_group("Ventas", "2801", hunt_policy="CIRCULAR"),
        _queue(
            "Soporte",
            "2910",
            queue_policy="REGULAR",
            queue_routing_type="PRIORITY_BASED",
            queue_overflow_action="PERFORM_BUSY_TREATMENT",
            queue_overflow_number="",
        ),
        _slim_queue("Asistida", "2902", queue_size="7"),
        _attendant("Centralita", extension="2960", aa_extension_dialing="GROUP"),
        _device("Sala Goya", location_key="HQ", device_onboarding="activation_code"),
        _device("ana@example.com", device_mac="001122334401", device_model="Cisco 8845", device_tags="planta-3"),
        _inventory("ACTIVATE", "+34910005001"),
        _inventory("DEACTIVATE", "+34910005003"),
        {"entity_type": "number_removal", "location_key": "HQ", "number_to_remove": "+34910005004"},
        _forwarding("ana", "always", user_forwarding_busy_destination="2103"),
        {"entity_type": "groups", "group_name": "Equipo Ventas", "group_description": "Ventas Madrid"},
        _membership("Equipo Ventas", "luis@example.com", member_action="remove"),
        _pickup("ana@example.com|luis@example.com", pickup_notification_delay="8"),
        _access(feature_access_reset="true", feature_access_deny="voicemail"),
        *_other_settings_of("Sala Goya"),
        _workspace_numbers("Sala Goya", phone_numbers_secondary="+34910003302", workspace_numbers_replace="true"),
        _of_user("recording", "ana", recording_enabled="false"),
        _of_user("exec_assistant", "ana", exec_assistant_emails="-", exec_next_assistant_rings="4"),
        _of_user("monitoring", "ana", monitoring_targets="-", monitoring_park_notification="true"),
    ]


def _schedules(hours: str, holidays: str) -> Rows:
    common = {"entity_type": "schedules", "location_key": "HQ", "schedule_name": "Oficina"}
    return [
        common | {"schedule_type": "businessHours", "schedule_weekly_hours": hours},
        common | {"schedule_type": "holidays", "schedule_holidays": holidays},
    ]


def _events(events: str) -> dict[str, str]:
    return {
        "entity_type": "schedules",
        "location_key": "HQ",
        "schedule_name": "Temporada",
        "schedule_type": "businessHours",
        "schedule_events_json": events,
    }


def _announcements(text: str) -> Rows:
    """A file of the location and of the organisation, a spoken text of both."""
    common = {"entity_type": "announcements_repo", "location_key": "HQ"}
    voice = {"announcement_tts_voice": "es-ES-1", "announcement_tts_language": "es_es", "announcement_tts_text": text}
    rows = [
        common | {"announcement_name": "Hola", "announcement_source": "file", "announcement_file_path": PROMPT},
        common | {"announcement_name": "Adios", "announcement_source": "tts"} | voice,
    ]
    return [*rows, *(row | {"location_key": ""} for row in rows)]


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


def _device(owner: str, **cells: str) -> dict[str, str]:
    kind = "person" if "@" in owner else "workspace"
    return {"entity_type": "devices", "device_owner_type": kind, "device_owner": owner, **cells}


def _inventory(action: str, numbers: str, **cells: str) -> dict[str, str]:
    return {
        "entity_type": "location_number_state",
        "location_key": "HQ",
        "number_action": action,
        "number_phone_numbers": numbers,
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


def _membership(group: str, emails: str, **cells: str) -> dict[str, str]:
    return {"entity_type": "group_membership", "member_group_name": group, "member_emails": emails, **cells}


def _access(**cells: str) -> dict[str, str]:
    return {"entity_type": "feature_access", "email": "ana@example.com", **cells}


def _pickup(members: str, **cells: str) -> dict[str, str]:
    named = {"entity_type": "call_pickup_group", "location_key": "HQ", "pickup_name": "Planta 2"}
    return {**named, "pickup_members": members, **cells}


def _of_user(kind: str, name: str, **cells: str) -> dict[str, str]:
    """A row about a setting of a user; the cells' names lack the prefix."""
    filled = {f"user_{column}": cell for column, cell in cells.items()}
    return {"entity_type": f"user_{kind}", "location_key": "HQ", "email": f"{name}@example.com", **filled}


def _of_workspace(kind: str, name: str, **cells: str) -> dict[str, str]:
    """A row about a setting of a workspace; the cells' names lack the prefix."""
    filled = {f"workspace_{column}": cell for column, cell in cells.items()}
    return {"entity_type": f"workspace_{kind}", "location_key": "HQ", "workspace_display_name": name, **filled}


def _workspace_numbers(name: str, **cells: str) -> dict[str, str]:
    rings = {"workspace_ring_pattern_secondary": "LONG_LONG", "workspace_distinctive_ring_enabled": "true"}
    return _of_workspace("numbers", name) | rings | cells


def _settings_of(name: str) -> Rows:
    return [
        _of_workspace(
            "forwarding",
            name,
            forwarding_enabled="true",
            forwarding_mode="no_answer",
            forwarding_destination="2103",
            forwarding_rings="4",
            forwarding_busy_destination="2101",
            business_continuity_destination="+34910002101",
        ),
        _of_workspace("recording", name, **_RECORDING),
        _of_workspace("monitoring", name, monitoring_targets="eva@example.com", monitoring_park_notification="true"),
    ]


def _other_settings_of(name: str) -> Rows:
    return [
        _of_workspace("forwarding", name, forwarding_enabled="false"),
        _of_workspace("recording", name, recording_enabled="false"),
        _of_workspace("monitoring", name, monitoring_targets="ana@example.com"),
    ]


def _assignment(**cells: str) -> dict[str, str]:
    return {"entity_type": "extension_assignment", "location_key": "HQ", **cells}


def _slim_queue(name: str, extension: str, **cells: str) -> dict[str, str]:
    return {
        "entity_type": "call_queue",
        "location_key": "HQ",
        "queue_name": name,
        "extension": extension,
        **cells,
    }


def _queue(name: str, extension: str, **cells: str) -> dict[str, str]:
    filled = {
        "phone_number": f"+3491000{extension}",
        "language": "es_es",
        "time_zone": "Europe/Madrid",
        "queue_enabled": "true",
        "queue_size": "25",
        "queue_overflow_action": "TRANSFER_TO_PHONE_NUMBER",
        "queue_overflow_number": "2101",
        "queue_alternate_numbers": f"+3491001{extension}",
        "queue_allow_agent_join": "true",
        "queue_caller_id_name": name,
        "queue_calling_line_id_policy": "DIRECT_LINE",
        "queue_services_json": _SERVICES,
    }
    return _slim_queue(name, extension, **(filled | cells))


def _attendant(name: str, **cells: str) -> dict[str, str]:
    filled = {
        "extension": "2950",
        "phone_number": "+34910002950",
        "aa_business_schedule": "Oficina",
        "aa_holiday_schedule": "Oficina",
        "aa_business_keys": "1:TRANSFER_WITHOUT_PROMPT:2900|2:NAME_DIALING|0:EXIT",
        "aa_after_hours_keys": "1:TRANSFER_TO_MAILBOX:2101",
        "aa_extension_dialing": "ENTERPRISE",
        "aa_name_dialing": "GROUP",
        "language": "es_es",
        "time_zone": "Europe/Madrid",
        "aa_caller_id_name": name,
        "aa_alternate_numbers": "+34910002951",
        "aa_forwarding_json": '{"always":{"enabled":true,"destination":"2101","sendToVoicemailEnabled":false}}',
    }
    return {"entity_type": "auto_attendant", "location_key": "HQ", "aa_name": name, **(filled | cells)}


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

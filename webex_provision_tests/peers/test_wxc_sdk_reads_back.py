"""After a roll-out of all types, a client that other people wrote reads from the tenant what the CSV says.

Its models are a reading of the same service that is not ours: what they refuse, a real tenant would not have sent.
"""

from datetime import date, time
from typing import Any

from wxc_sdk.common.schedules import ScheduleType
from wxc_sdk.person_settings.permissions_out import OutgoingPermissions
from wxc_sdk.telephony.prem_pstn.trunk import TrunkDetail

from webex_provision_tests.peers.site import Row, Site


def plain(number: str | None) -> str:
    """Features show their numbers with a dash after the country code."""
    return (number or "").replace("-", "")


def test_location(site: Site) -> None:
    row = site.row("location")
    read = site.reader.read(site.api.locations.details, site.location_id)
    address = read.address
    assert (read.name, read.time_zone, read.notes) == (row["location_name"], row["time_zone"], row["location_notes"])
    assert (read.latitude, read.longitude) == (float(row["location_latitude"]), float(row["location_longitude"]))
    assert read.preferred_language == row["location_preferred_language"]
    assert (address.address1, address.address2) == (row["address_line1"], row["address_line2"])
    assert (address.city, address.postal_code) == (row["address_city"], row["address_postal_code"])


def test_location_call_profile(site: Site) -> None:
    row, telephony = site.row("location_call_profiles"), site.api.telephony
    read = site.reader.read(telephony.location.details, site.location_id)
    assert read.announcement_language == row["location_announcement_language"].lower()
    assert (read.outside_dial_digit, read.enforce_outside_dial_digit) == (row["location_outside_dial_digit"], True)
    assert (read.routing_prefix, read.external_caller_id_name) == (
        row["location_routing_prefix"],
        row["location_external_caller_id_name"],
    )
    assert read.calling_line_id.phone_number == site.row("location_number_state")["number_main_phone_number"]
    transfers = site.reader.read(telephony.location.permissions_out.transfer_numbers.read, site.location_id)
    assert [transfers.auto_transfer_number1, transfers.auto_transfer_number2] == row["location_transfer_numbers"].split(
        "|"
    )
    permissions = site.reader.read(telephony.location.permissions_out.read, site.location_id).calling_permissions
    assert permissions.international.action == "TRANSFER_NUMBER_1"
    assert (permissions.national.action, permissions.national.transfer_enabled) == ("AUTH_CODE", True)
    connection = site.reader.read(telephony.pstn.read, site.location_id)
    assert connection.pstn_connection_type == row["location_pstn_type"]
    assert connection.display_name == row["location_pstn_target_key"]


def test_trunks(site: Site) -> None:
    trunks = {trunk.name: trunk for trunk in site.reader.all(site.api.telephony.prem_pstn.trunk.list)}
    assert trunks.keys() == {row["trunk_name"] for row in site.rows if row["entity_type"] == "trunk"}
    for name, trunk in trunks.items():
        row = site.row("trunk", trunk_name=name)
        assert (trunk.trunk_type, trunk.location.id) == (row["trunk_type"], site.location_id)
        assert trunk.in_use
    row = site.row("trunk", trunk_name="SBC-1")
    read = _trunk(site, trunks["SBC-1"].trunk_id)
    assert (read.address, read.domain, read.port) == (row["trunk_address"], row["trunk_domain"], int(row["trunk_port"]))
    assert read.max_concurrent_calls == int(row["trunk_max_concurrent_calls"])
    assert (read.device_type, read.dual_identity_support_enabled) == (row["trunk_device_type"], True)
    assert read.p_charge_info_support_policy == row["trunk_p_charge_info_policy"]
    assert _trunk(site, trunks["SBC-2"].trunk_id).trunk_type == "REGISTERING"


def _trunk(site: Site, trunk_id: str) -> TrunkDetail:
    """The library's model of one trunk differs in four members from the published description, which holds here."""
    answer: Any = site.api.session.rest_get(site.api.telephony.prem_pstn.trunk.ep(trunk_id))
    renamed = {"id": trunk_id, "organization": answer.pop("customer"), "responseStatus": []}
    read: TrunkDetail = TrunkDetail.model_validate({**answer, **renamed, "status": answer["status"].lower()})
    site.reader.understood(read)
    return read


def test_routing(site: Site) -> None:
    pstn = site.api.telephony.prem_pstn
    (listed,) = site.reader.all(pstn.route_group.list)
    group = site.reader.read(pstn.route_group.details, listed.rg_id)
    held = "|".join(f"{gateway.name}={gateway.priority}" for gateway in group.local_gateways)
    assert (group.name, held) == ("RG", site.row("route_group")["route_group_trunks"])
    (plan,) = site.reader.all(pstn.dial_plan.list)
    row = site.row("dial_plan")
    read = site.reader.read(pstn.dial_plan.details, plan.dial_plan_id)
    assert (read.name, read.route_type, read.route_id) == (row["dial_plan_name"], "ROUTE_GROUP", listed.rg_id)
    assert set(pstn.dial_plan.patterns(plan.dial_plan_id)) == set(row["dial_plan_patterns"].split("|"))
    dialing = site.reader.read(site.api.telephony.location.internal_dialing.read, site.location_id)
    assert dialing.enable_unknown_extension_route_policy
    assert dialing.unknown_extension_route_identity.route_id == listed.rg_id


def test_every_number_and_extension_has_the_owner_of_its_row(site: Site) -> None:
    numbers = site.reader.all(site.api.telephony.phone_numbers)
    by_extension = {found.extension: found for found in numbers if found.extension}
    for row in site.rows:
        if row.get("extension") and row["entity_type"] != "workspace_numbers":
            found = by_extension[row["extension"]]
            assert found.location.id == site.location_id
            if row.get("email"):
                assert found.owner.owner_id == site.person_id(row["email"])
            if row.get("phone_number"):
                assert found.phone_number == row["phone_number"]
    ordered = {found.phone_number: found.state for found in numbers if found.owner is None}
    row = site.row("location_number_state")
    assert ordered == dict.fromkeys(row["number_phone_numbers"].split("|"), row["number_initial_state"])


def test_lines_of_people(site: Site) -> None:
    for row in site.rows:
        if row["entity_type"] in {"user", "user_numbers", "extension_assignment"} and row.get("extension"):
            if not row.get("email"):
                continue
            person = site.people[row["email"]]
            assert (person.extension, person.location_id) == (row["extension"], site.location_id)
    row = site.row("user_numbers")
    read = site.reader.read(site.api.person_settings.numbers.read, site.person_id(row["email"]))
    others = {found.direct_number: found.ring_pattern for found in read.phone_numbers if not found.primary}
    assert others == dict.fromkeys(row["phone_numbers_secondary"].split("|"), row["user_ring_pattern_secondary"])
    assert read.distinctive_ring_enabled


def test_licenses(site: Site) -> None:
    names = {found.license_id: found.name for found in site.reader.read(site.api.licenses.list)}
    standard = site.people[site.row("user", user_calling_license="standard")["email"]]
    assert [names[held] for held in standard.licenses] == ["Webex Calling - Standard"]
    desk = site.workspaces[site.row("workspace", workspace_calling_license="hotdesk_only")["workspace_display_name"]]
    assert [names[held] for held in desk.calling.webex_calling.licenses] == ["Webex Calling - Hot desk only"]


def test_settings_of_people_and_workspaces(site: Site) -> None:
    row = site.row("user", email="ana@example.com")
    person, workspace = site.person_id(row["email"]), site.owner_id("workspace:Sala Miro")
    _settings_are(site, site.api.person_settings, person, row)
    same = site.row("extension_assignment", workspace_display_name="Sala Miro")
    _settings_are(site, site.api.workspace_settings, workspace, same)
    # The library's newest release asks under /telephony/config/people, which the description knows only from it.
    answer: Any = site.api.session.rest_get(site.api.session.ep(f"people/{person}/features/outgoingPermission"))
    own = site.reader.understood(OutgoingPermissions.model_validate(answer))
    of_workspace = site.reader.read(site.api.workspace_settings.permissions_out.read, workspace)
    for read in (own, of_workspace):
        international = read.calling_permissions.international
        assert (international.action, international.transfer_enabled) == ("BLOCK", False)


def _settings_are(site: Site, settings: Any, owner: str, row: Row) -> None:
    cell, read = (lambda name: row[f"calling_settings_{name}"]), site.reader.read
    caller = read(settings.caller_id.read, owner)
    assert caller.selected == cell("caller_id_selected")
    assert caller.external_caller_id_name_policy == cell("external_caller_id_name_policy")
    assert caller.custom_external_caller_id_name == cell("external_caller_id_name")
    mail = read(settings.voicemail.read, owner)
    assert mail.enabled
    assert mail.send_unanswered_calls.number_of_rings == int(cell("voicemail_rings"))
    assert (mail.email_copy_of_message.enabled, mail.email_copy_of_message.email_id) == (True, cell("voicemail_email"))
    assert read(settings.call_waiting.read, owner) is True
    assert read(settings.dnd.read, owner).enabled
    assert not read(settings.barge.read, owner).enabled


def test_forwarding(site: Site) -> None:
    for kind, settings in (("user", site.api.person_settings), ("workspace", site.api.workspace_settings)):
        row = site.row(f"{kind}_forwarding")
        owner = site.owner_id(row["email"] if kind == "user" else f"workspace:{row['workspace_display_name']}")
        read = site.reader.read(settings.forwarding.read, owner)
        no_answer, lost = read.call_forwarding.no_answer, read.business_continuity
        assert (no_answer.enabled, read.call_forwarding.always.enabled) == (True, False)
        assert no_answer.destination == row[f"{kind}_forwarding_destination"]
        assert no_answer.number_of_rings == int(row[f"{kind}_forwarding_rings"])
        continuity = row[f"{kind}_business_continuity_destination"]
        assert (lost.enabled, lost.destination) == (True, continuity)
    busy = read.call_forwarding.busy
    assert (busy.enabled, busy.destination) == (True, row["workspace_forwarding_busy_destination"])


def test_recording(site: Site) -> None:
    row = site.row("user_recording")
    read = site.reader.read(site.api.person_settings.call_recording.read, site.person_id(row["email"]))
    assert (read.enabled, read.record) == (True, "Always with Pause/Resume")
    assert (read.record_voicemail_enabled, read.notification.notification_type) == (True, "Beep")
    assert (read.repeat.enabled, read.repeat.interval) == (True, int(row["user_recording_reminder_interval"]))
    played = read.start_stop_announcement
    assert (played.internal_calls_enabled, played.pstn_calls_enabled) == (True, False)
    chosen = read.selective_call_recording_settings.model_dump()
    assert {name for name, on in chosen.items() if on} == {
        "record_inbound_external_calls_enabled",
        "record_outbound_external_calls_enabled",
    }


def test_monitoring(site: Site) -> None:
    for kind, settings in (("user", site.api.person_settings), ("workspace", site.api.workspace_settings)):
        row = site.row(f"{kind}_monitoring")
        owner = site.owner_id(row["email"] if kind == "user" else f"workspace:{row['workspace_display_name']}")
        read = site.reader.read(settings.monitoring.read, owner)
        assert [member.member_id for member in read.monitored_members] == site.owners(row[f"{kind}_monitoring_targets"])
    assert read.call_park_notification_enabled


def test_executive_and_assistant(site: Site) -> None:
    row, settings = site.row("user_exec_assistant"), site.api.person_settings
    executive, assistant = site.person_id(row["email"]), site.person_id(row["user_exec_assistant_emails"])
    assert site.reader.read(settings.exec_assistant.read, executive) == "EXECUTIVE"
    assert site.reader.read(settings.exec_assistant.read, assistant) == "EXECUTIVE_ASSISTANT"
    assigned = site.reader.read(settings.executive.assigned_assistants, executive)
    assert [found.id for found in assigned] == [assistant]
    alerts = site.reader.read(settings.executive.alert_settings, executive)
    assert alerts.alerting_mode == row["user_exec_alerting_mode"]


def test_workspace(site: Site) -> None:
    row = site.row("workspace", workspace_display_name="Sala Goya")
    listed = site.workspaces["Sala Goya"]
    read = site.reader.read(site.api.workspaces.details, listed.workspace_id)
    assert (read.capacity, read.workspace_type) == (int(row["workspace_capacity"]), row["workspace_type"])
    assert (read.notes, read.supported_devices) == (row["workspace_notes"], row["workspace_supported_devices"])
    assert (read.hotdesking_status, read.location_id) == (row["workspace_hotdesking"], site.location_id)
    line = site.reader.read(site.api.workspace_settings.numbers.read, listed.workspace_id)
    added = site.row("workspace_numbers")["phone_numbers_secondary"].split("|")
    assert {found.external for found in line.phone_numbers} == {row["phone_number"], *added}


def test_groups_and_what_their_members_may_do(site: Site) -> None:
    (listed,) = site.reader.all(site.api.groups.list)
    assert listed.display_name == site.row("groups")["group_name"]
    members = site.reader.all(site.api.groups.members, listed.group_id)
    wanted = [site.person_id(email) for email in site.row("group_membership")["member_emails"].split("|")]
    assert sorted(member.member_id for member in members) == sorted(wanted)
    row = site.row("feature_access")
    read = site.reader.read(site.api.person_settings.feature_access.read, site.person_id(row["email"]))
    assert read.user_org_settings_permission_enabled is False
    assert set(read.model_extra["userOrgSettingsPermissions"].values()) == {"FULL_ACCESS"}


def test_call_pickup(site: Site) -> None:
    pickup, row = site.api.telephony.pickup, site.row("call_pickup_group")
    (listed,) = site.reader.all(pickup.list, site.location_id)
    read = site.reader.read(pickup.details, site.location_id, listed.pickup_id)
    assert (read.name, read.notification_type) == (row["pickup_name"], row["pickup_notification_type"])
    assert [agent.agent_id for agent in read.agents] == site.owners(row["pickup_members"])


def test_hunt_groups(site: Site) -> None:
    hunting = site.api.telephony.huntgroup
    groups = {group.name: group for group in site.reader.all(hunting.list)}
    ids = {name: group.id for name, group in groups.items()}
    row = site.row("hunt_group", hunt_name="Recepcion")
    read = site.reader.read(hunting.details, site.location_id, ids["Recepcion"])
    assert (read.extension, plain(read.phone_number)) == (row["extension"], row["phone_number"])
    assert [agent.agent_id for agent in read.agents] == site.owners(row["hunt_agents"])
    assert [agent.user_type for agent in read.agents] == ["PEOPLE", "PLACE"]
    assert [plain(found.phone_number) for found in read.alternate_numbers] == [row["hunt_alternate_numbers"]]
    policies = read.call_policies
    assert policies.no_answer.next_agent_rings == int(row["hunt_next_agent_rings"])
    assert policies.no_answer.destination == row["hunt_no_answer_destination"]
    assert (policies.busy_redirect.destination, policies.business_continuity_redirect.destination) == (
        row["hunt_busy_destination"],
        row["hunt_unreachable_destination"],
    )
    always = site.reader.read(hunting.forwarding.settings, site.location_id, ids["Recepcion"]).always
    assert (always.enabled, always.destination) == (True, "2101")
    weighted = site.reader.read(hunting.details, site.location_id, ids["Ventas"])
    held = {agent.agent_id: agent.weight for agent in weighted.agents}
    assert held == {site.owner_id(item): item.partition("=")[2] for item in _agents(site, "hunt", "Ventas")}


def _agents(site: Site, kind: str, name: str) -> list[str]:
    row = next(row for row in site.rows if row.get(f"{kind}_name") == name)
    return row[f"{kind}_agents"].split("|")


def test_call_queues(site: Site) -> None:
    queues, row = site.api.telephony.callqueue, site.row("call_queue", queue_name="Soporte")
    ids = {queue.name: queue.id for queue in site.reader.all(queues.list)}
    assisted = site.reader.all(queues.list, has_cx_essentials=True)
    assert {*ids, *(queue.name for queue in assisted)} == {"Soporte", "Expertos", "Asistida"}
    read = site.reader.read(queues.details, site.location_id, ids["Soporte"])
    assert (read.extension, plain(read.phone_number)) == (row["extension"], row["phone_number"])
    assert (read.language_code, read.time_zone) == (row["language"], row["time_zone"])
    assert (read.call_policies.policy, read.queue_settings.queue_size) == ("WEIGHTED", int(row["queue_size"]))
    overflow = read.queue_settings.overflow
    assert (overflow.action, overflow.transfer_number) == (row["queue_overflow_action"], row["queue_overflow_number"])
    others = read.alternate_number_settings.alternate_numbers
    assert [plain(found.phone_number) for found in others] == [row["queue_alternate_numbers"]]
    held = {agent.agent_id: agent.weight for agent in read.agents}
    assert held == {site.owner_id(item): item.partition("=")[2] for item in _agents(site, "queue", "Soporte")}


def test_services_of_a_queue(site: Site) -> None:
    queues = site.api.telephony.callqueue
    queue = next(queue for queue in site.reader.all(queues.list) if queue.name == "Soporte")
    where = site.location_id, queue.id
    holiday = site.reader.read(queues.policy.holiday_service_details, *where)
    assert (holiday.holiday_service_enabled, holiday.action, holiday.holiday_schedule_name) == (True, "BUSY", "Oficina")
    night = site.reader.read(queues.policy.night_service_detail, *where)
    assert (night.night_service_enabled, night.action, night.transfer_phone_number) == (True, "TRANSFER", "2101")
    assert site.reader.read(queues.policy.stranded_calls_details, *where).action == "NIGHT_SERVICE"
    assert not site.reader.read(queues.policy.forced_forward_details, *where).forced_forward_enabled
    assert site.reader.read(queues.forwarding.settings, *where).always.destination == "2101"


def test_auto_attendant(site: Site) -> None:
    attendants, row = site.api.telephony.auto_attendant, site.row("auto_attendant")
    (listed,) = site.reader.all(attendants.list)
    where = site.location_id, listed.auto_attendant_id
    read = site.reader.read(attendants.details, *where)
    assert (read.name, read.extension) == (row["aa_name"], row["extension"])
    assert (read.business_schedule, read.holiday_schedule) == (row["aa_business_schedule"], row["aa_holiday_schedule"])
    assert (read.extension_dialing, read.name_dialing) == (row["aa_extension_dialing"], row["aa_name_dialing"])
    (key,) = read.after_hours_menu.key_configurations
    assert f"{key.key}:{key.action}:{key.value}" == row["aa_after_hours_keys"]
    (exit_key,) = read.business_hours_menu.key_configurations
    assert (exit_key.key, exit_key.action, exit_key.description) == ("1", "EXIT", "Fin")
    treatment = read.business_hours_menu.call_treatment
    assert treatment.action_to_be_performed.transfer_call_to == "2101"
    always = site.reader.read(attendants.forwarding.settings, *where).always
    assert (always.enabled, always.destination) == (True, "2101")


def test_schedules(site: Site) -> None:
    schedules = site.api.telephony.schedules
    read = {
        (found.name, found.schedule_type): site.reader.read(
            schedules.details, site.location_id, ScheduleType(found.schedule_type), found.schedule_id
        ).events
        for found in site.reader.all(schedules.list, site.location_id)
    }
    hours, holidays = read["Oficina", "businessHours"], read["Oficina", "holidays"]
    monday = [(event.start_time, event.end_time) for event in hours if event.recurrence.recur_weekly.monday]
    assert sorted(monday) == [(time(9), time(14)), (time(15), time(18))]
    assert [event.all_day_enabled for event in hours if event.recurrence.recur_weekly.sunday] == [True]
    days = {event.name: (event.start_date, event.end_date, event.recurrence is not None) for event in holidays}
    assert days == {
        "Navidad": (date(2026, 12, 25), date(2026, 12, 25), True),
        "Puente": (date(2026, 12, 7), date(2026, 12, 8), False),
    }
    (summer,) = read["Temporada", "businessHours"]
    yearly = summer.recurrence.recur_yearly_by_day
    assert (yearly.day, yearly.week, yearly.month) == ("MONDAY", "FIRST", "JULY")


def test_devices(site: Site) -> None:
    rows = [row for row in site.rows if row["entity_type"] == "devices"]
    devices = site.reader.all(site.api.devices.list)
    assert len(devices) == len(rows)
    for row in rows:
        mac = row.get("device_mac", "").replace(":", "")
        (listed,) = [found for found in devices if (found.mac or "") == mac]
        read = site.reader.read(site.api.devices.details, listed.device_id)
        assert read.person_id == site.person_id(row["device_owner"])
        assert read.product == row["device_model"].removeprefix("DMS ")
        assert read.tags == [tag for tag in row.get("device_tags", "").split("|") if tag]
        assert (read.connection_status == "activating") == (row.get("device_onboarding") == "activation_code")

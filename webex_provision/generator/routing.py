"""Phase 1: what a location gets before anybody calls, and numbers that it buys or gives back."""

from collections.abc import Iterator

from webex_provision.generator.site import Row, Site

PASSWORD_VARIABLE = "TRUNK_PASSWORD"  # noqa: S105 - the name of the variable, no password
OFFICE_HOURS, HOLIDAYS = "Office hours", "Holidays"
WELCOME = "Welcome"
_SPARE = 10
_DIGIT = "X"  # any digit, in a dial pattern
_WORKING_DAYS = ("MON", "TUE", "WED", "THU", "FRI")


def set_up(site: Site) -> Iterator[Row]:
    """A location with its way to the public network and its schedules."""
    trunk, group = f"SBC-{site.key}", f"RG-{site.key}"
    yield site.location()
    yield site.row("trunk", trunk_name=trunk, trunk_type="REGISTERING", trunk_password_env=PASSWORD_VARIABLE)
    yield {"entity_type": "route_group", "route_group_name": group, "route_group_trunks": f"{trunk}=1"}
    yield site.row(
        "internal_dialing",
        internal_dialing_enabled="true",
        internal_dialing_target_type="ROUTE_GROUP",
        internal_dialing_target_key=group,
    )
    yield {
        "entity_type": "dial_plan",
        "dial_plan_name": f"DP-{site.key}",
        "dial_plan_patterns": f"8{site.number:04d}{_DIGIT * 2}|7{site.number:04d}{_DIGIT * 3}",
        "dial_plan_target_type": "ROUTE_GROUP",
        "dial_plan_target_key": group,
    }
    yield site.row(
        "location_call_profiles",
        location_pstn_type="ROUTE_GROUP",
        location_pstn_target_key=group,
        location_outside_dial_digit="9",
        location_external_caller_id_name=f"Example {site.key}",
        location_outgoing_profile="default",
    )
    main = site.spare_numbers(1)
    yield _added(site, [*main, *site.more_numbers()], number_main_phone_number=main[0])
    hours = "|".join(f"{day}=09:00-18:00" for day in _WORKING_DAYS)
    yield _schedule(site, OFFICE_HOURS, "businessHours", schedule_weekly_hours=hours)
    yield _schedule(site, HOLIDAYS, "holidays", schedule_holidays="New Year=2027-01-01*|Labour Day=2027-05-01*")
    yield site.row(
        "announcements_repo",
        announcement_name=WELCOME,
        announcement_source="tts",
        announcement_tts_text=f"Welcome to Example {site.key}.",
        announcement_tts_voice="en-US-1",
        announcement_tts_language="en_us",
    )


def _schedule(site: Site, name: str, kind: str, **cells: str) -> Row:
    return site.row("schedules", schedule_name=name, schedule_type=kind, **cells)


def _added(site: Site, numbers: list[str], **cells: str) -> Row:
    return site.row("location_number_state", number_action="ADD", number_phone_numbers="|".join(numbers), **cells)


def more_numbers(site: Site) -> Row:
    """Numbers for the next lines."""
    return _added(site, site.more_numbers())


def bought_numbers(site: Site, _: int) -> Iterator[Row]:
    """Numbers for later, switched off."""
    yield _added(site, site.spare_numbers(_SPARE), number_initial_state="INACTIVE")


def removed_number(site: Site, _: int) -> Iterator[Row]:
    """A number that goes back."""
    yield site.row("number_removal", number_to_remove=site.old_number())

"""Users: most have a line and a phone; some have more. A user's own row always comes first."""

from collections.abc import Iterator

from webex_provision.generator.devices import phone
from webex_provision.generator.site import FIRST_EXTENSION, Row, Site

_FIRST = (
    "ana",
    "luis",
    "eva",
    "jon",
    "marta",
    "paul",
    "greta",
    "hugo",
    "ines",
    "karl",
    "lena",
    "omar",
    "petra",
    "rosa",
)
_LAST = ("ruiz", "vidal", "soler", "weber", "braun", "adler", "baker", "moore", "reed", "costa", "lang", "ortiz")


def _email(site: Site, serial: int, suffix: str = "") -> str:
    return f"{site.chance.choice(_FIRST)}.{site.chance.choice(_LAST)}.{serial}{suffix}@example.com"


def _user(site: Site, serial: int, suffix: str = "") -> Row:
    """A user with a Professional licence, who may serve in groups."""
    extension, number = site.line()
    email, chance = _email(site, serial, suffix), site.chance
    site.callers.append(email)
    site.unpicked.append(email)
    row = site.row("user", email=email, extension=extension)
    if chance.random() < 0.7:
        row["phone_number"] = number
    if chance.random() < 0.5:
        row |= {"calling_settings_voicemail_enabled": "true", "calling_settings_voicemail_rings": "6"}
    if chance.random() < 0.3:
        row["calling_settings_call_waiting_enabled"] = "true"
    return row


def employee(site: Site, serial: int) -> Iterator[Row]:
    """A user, and for most of them a phone."""
    user = _user(site, serial)
    yield user
    if site.chance.random() < 0.6:
        yield phone(site, serial, "person", user["email"])


def standard_user(site: Site, serial: int) -> Iterator[Row]:
    """A user with the smaller licence, who serves in no group, and what this user may not change."""
    extension, _ = site.line()
    email = _email(site, serial)
    yield site.row("user", email=email, extension=extension, user_calling_license="standard")
    yield {"entity_type": "feature_access", "email": email, "feature_access_deny": "call_forwarding|barge_in"}


def with_numbers(site: Site, serial: int) -> Iterator[Row]:
    """The extension stands in the user's own row too, so that the user row is valid without the second one."""
    _, alternate = site.line()
    user = _user(site, serial)
    yield user
    line = {name: user[name] for name in ("extension", "phone_number") if name in user}
    yield site.row("user_numbers", email=user["email"], **line, phone_numbers_secondary=alternate)


def with_assignment(site: Site, serial: int) -> Iterator[Row]:
    """The licence comes with the assignment: phase 3, an existing user."""
    extension, number = site.line()
    yield site.row(
        "extension_assignment",
        email=_email(site, serial),
        extension=extension,
        phone_number=number,
        calling_settings_dnd_enabled="false",
    )


def forwarded(site: Site, serial: int) -> Iterator[Row]:
    """Calls that nobody answers go to the first user of the location."""
    first = str(FIRST_EXTENSION)
    user = _user(site, serial)
    yield user
    yield site.row(
        "user_forwarding",
        email=user["email"],
        user_forwarding_enabled="true",
        user_forwarding_mode="no_answer",
        user_forwarding_destination=first,
        user_forwarding_rings=str(site.chance.randint(3, 6)),
    )


def recorded(site: Site, serial: int) -> Iterator[Row]:
    """A user whose calls are recorded."""
    user = _user(site, serial)
    yield user
    yield site.row(
        "user_recording",
        email=user["email"],
        user_recording_enabled="true",
        user_recording_mode=site.chance.choice(("always", "always_with_pause", "on_demand")),
    )


def executive(site: Site, serial: int) -> Iterator[Row]:
    """An executive and an assistant, who are nobody else's."""
    chief, assistant = _user(site, serial), _user(site, serial, ".assistant")
    yield from (chief, assistant)
    yield site.row("user_exec_assistant", email=chief["email"], user_exec_assistant_emails=assistant["email"])


def watcher(site: Site, serial: int) -> Iterator[Row]:
    """A user who sees the lines of others, and of a room where there is one."""
    others = site.some_callers(2, 8)
    rooms = [f"workspace:{room}@{site.key}" for room in site.rooms[-1:]]
    user = _user(site, serial)
    yield user
    yield site.row("user_monitoring", email=user["email"], user_monitoring_targets="|".join([*others, *rooms]))

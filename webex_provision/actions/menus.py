"""Menus of an auto attendant: which key does what, in short cells or as the whole object that the API takes.

A menu that is sent replaces the one that was there (seen live), so a menu always has its keys.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Annotated, Literal

import polars as pl
from pydantic import AfterValidator, Field, model_validator

from webex_provision.actions.announcement_references import announcement_of, audio_file
from webex_provision.actions.declaration import Column, Item, Kind, RowContext, Rule
from webex_provision.actions.json_cells import AudioFile, Part

BUSINESS_HOURS, AFTER_HOURS = "business", "after_hours"

_NEEDS_VALUE = ("TRANSFER_WITHOUT_PROMPT", "TRANSFER_WITH_PROMPT", "TRANSFER_TO_MAILBOX")
_NO_VALUE = ("TRANSFER_TO_OPERATOR", "NAME_DIALING", "EXTENSION_DIALING", "REPEAT_MENU", "EXIT")
_KEY = r"[0-9*#]"
_ITEM = f"^{_KEY}:(({'|'.join(_NEEDS_VALUE)}):[^ ].*|({'|'.join(_NO_VALUE)})(:[^ ].*)?)$"
_ANNOUNCEMENTS = {BUSINESS_HOURS: "aa_announcement", AFTER_HOURS: "aa_after_hours_announcement"}

_FILE = "audioAnnouncementFile"
_EXIT: Item = {"key": "0", "action": "EXIT"}


class KeyConfiguration(Part):
    """What one key does."""

    key: Annotated[str, Field(pattern=f"^{_KEY}$")]
    action: Literal[
        "TRANSFER_WITHOUT_PROMPT",
        "TRANSFER_WITH_PROMPT",
        "TRANSFER_TO_OPERATOR",
        "TRANSFER_TO_MAILBOX",
        "NAME_DIALING",
        "EXTENSION_DIALING",
        "REPEAT_MENU",
        "EXIT",
        "PLAY_ANNOUNCEMENT",
    ]
    description: str | None = None
    value: str | None = None
    audio_announcement_file: AudioFile | None = None

    @model_validator(mode="after")
    def _whole(self) -> "KeyConfiguration":
        if self.action in _NEEDS_VALUE and not self.value:
            raise ValueError(f"{self.action} needs a value: where the call goes")
        return self


def _keys_once(keys: list[KeyConfiguration]) -> list[KeyConfiguration]:
    if len({one.key for one in keys}) < len(keys):
        raise ValueError("a key is configured twice")
    return keys


class LastAction(Part):
    """What happens to callers who press nothing."""

    action: Literal[
        "PLAY_MESSAGE_AND_DISCONNECT",
        "TRANSFER_WITHOUT_PROMPT",
        "TRANSFER_WITH_PROMPT",
        "TRANSFER_TO_OPERATOR",
        "TRANSFER_TO_MAILBOX",
        "DISCONNECT",
    ]
    greeting: Literal["DEFAULT", "CUSTOM"]
    audio_announcement_file: AudioFile | None = None
    transfer_call_to: str | None = None


class CallTreatment(Part):
    """How long and how often callers are asked, and what happens then."""

    retry_attempt_for_no_input: Literal["NO_REPEAT", "ONE_TIME", "TWO_TIMES", "THREE_TIMES"] | None = None
    no_input_timer: str | None = None
    action_to_be_performed: LastAction | None = None


class Menu(Part):
    """A whole menu, as `aa_business_menu_json` and `aa_after_hours_menu_json` hold it."""

    greeting: Literal["DEFAULT", "CUSTOM"]
    extension_enabled: bool
    key_configurations: Annotated[list[KeyConfiguration], Field(min_length=1), AfterValidator(_keys_once)]
    audio_announcement_file: AudioFile | None = None
    call_treatment: CallTreatment | None = None


def _json_column(which: str) -> str:
    return f"aa_{which}_menu_json"


def _keys_column(which: str) -> str:
    return f"aa_{which}_keys"


def _keys(items: list[str]) -> list[Item]:
    found = []
    for item in items:
        key, action, value = (*item.split(":", 2), "")[:3]
        found.append({"key": key, "action": action} | ({"value": value.strip()} if value else {}))
    return found


def _slim(announcement: Item) -> Item:
    return {"id": announcement["id"], "level": announcement["level"]}


def _parts(menu: Item) -> list[Item]:
    """The parts of a menu that may name an announcement: itself, its keys, and what happens in the end."""
    last = (menu.get("callTreatment") or {}).get("actionToBePerformed") or {}
    return [part for part in (menu, *menu["keyConfigurations"], last) if part.get(_FILE)]


def _with_files(ctx: RowContext, menu: Item) -> Item:
    """The menu with the ids of its announcements; what happens in the end wants all fields of them."""
    whole = deepcopy(menu)
    last = (whole.get("callTreatment") or {}).get("actionToBePerformed")
    for part in _parts(whole):
        file = audio_file(ctx, part[_FILE]["name"])
        part[_FILE] = file if part is last else _slim(file)
    return whole


def menu_announcements(ctx: RowContext) -> Iterator[str]:
    """The announcements that the menus in JSON name."""
    for which in (BUSINESS_HOURS, AFTER_HOURS):
        menu: Item | None = ctx.row.json(_json_column(which))
        yield from (part[_FILE]["name"] for part in _parts(menu or {"keyConfigurations": []}))


def menu_of(ctx: RowContext, which: str, *, new: bool) -> Item | None:
    """The menu that a row wants; a row that says nothing of it: None, and for a new attendant one that hangs up."""
    given: Item | None = ctx.row.json(_json_column(which))
    if given is not None:
        return _with_files(ctx, given)
    keys = _keys(ctx.row.items(_keys_column(which)))
    if not keys and not new:
        return None
    menu: Item = {"greeting": "DEFAULT", "extensionEnabled": True, "keyConfigurations": keys or [dict(_EXIT)]}
    announcement = announcement_of(ctx, _ANNOUNCEMENTS[which])
    if announcement is not None:
        menu |= {"greeting": "CUSTOM", _FILE: _slim(announcement)}
    return menu


def menu_columns(which: str, when: str, field: str) -> tuple[Column, Column, Column]:
    """Keys, greeting and the whole menu as JSON."""
    return (
        Column(
            name=_keys_column(which),
            help=f"What the keys do {when}: key:ACTION or key:ACTION:value; blank on creation: 0:EXIT.",
            many=True,
            most_items=12,
            pattern=_ITEM,
            feeds=f"{field}.keyConfigurations[]",
            example="1:TRANSFER_WITHOUT_PROMPT:2900|0:EXIT",
        ),
        Column(
            name=_ANNOUNCEMENTS[which],
            help=f"What callers hear {when}: an announcement of the location or the organisation, by name.",
            largest=256,
            feeds=f"{field}.audioAnnouncementFile",
            example="Bienvenida",
        ),
        Column(
            name=_json_column(which),
            help=f"The whole menu {when}, as the API takes it; wins over keys and announcement.",
            kind=Kind.JSON,
            shape=Menu,
            feeds=field,
            example='{"greeting":"DEFAULT","extensionEnabled":true,"keyConfigurations":[{"key":"0","action":"EXIT"}]}',
        ),
    )


def menu_rules(which: str) -> tuple[Rule, Rule]:
    """No key twice, and no greeting without the keys that would else be lost."""
    keys, announcement = _keys_column(which), _ANNOUNCEMENTS[which]
    items = pl.col(keys).str.extract_all(rf"(^|\|)\s*{_KEY}:").list.eval(pl.element().str.extract(f"({_KEY}):$"))
    bare = pl.col(keys).is_null() & pl.col(_json_column(which)).is_null()
    return (
        Rule(keys, items.list.n_unique() < items.list.len(), f"{keys} gives one key two actions; keep one"),
        Rule(
            announcement,
            pl.col(announcement).is_not_null() & bare,
            f"{announcement} goes only with {keys}: a menu replaces the one that is there; fill the keys too",
        ),
    )

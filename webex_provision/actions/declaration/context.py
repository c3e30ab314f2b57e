"""What pure functions see of a row in progress, and how they say that it stops."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from webex_provision.actions.row import Row
from webex_provision.vocabulary import Reason


@dataclass(frozen=True)
class Failure:
    """Why a row stops: one reason, a message that says what happened, and what the answer said."""

    reason: Reason
    message: str
    http_status: int | None = None
    tracking_id: str = ""


@dataclass(frozen=True, kw_only=True)
class FailureRule:
    """Maps an answer to a reason by status and Webex error code; `text` only where an answer carries no code."""

    reason: Reason
    status: int | None = None
    codes: tuple[str, ...] = ()
    text: str = ""
    advice: str = ""


class References:
    """Names that rows of the same CSV give to remote entities: (entity type, any of its keys) -> remote name."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}

    def add(self, entity_type: str, keys: Iterable[str], name: str) -> None:
        """Every key of a row leads to the name that its entity has, or will have, in the tenant."""
        for key in keys:
            self._names[entity_type, key.casefold()] = name

    def name_of(self, entity_type: str, key: str) -> str:
        """The remote name behind a reference; a key that no row defines is itself the name."""
        return self._names.get((entity_type, key.casefold()), key)


def _no_secrets(_: str) -> str | None:
    return None


def _no_token(_: str) -> bool:
    return False


@dataclass(frozen=True)
class Options:
    """The settings that change what a row does, not how it is driven.

    `secret` gives the value of the environment variable that a `*_env` cell names, None when it is not set, or
    when `holds_token` says that a token of the run stands in it. Values go into request bodies only, never into a
    message.
    """

    allow_people_put: bool = True
    verify_writes: bool = False
    allow_number_removal: bool = False
    secret: Callable[[str], str | None] = _no_secrets
    holds_token: Callable[[str], bool] = _no_token


@dataclass
class RowContext:
    """What pure functions see of a row in progress.

    `found` holds what lookups and reads saved, by their `save` name; `applied` the names of the writes of this row
    that have changed the tenant; `created` those of them that created something. `item` is the one that a step over
    many items is about just now.
    """

    row: Row
    references: References
    options: Options = field(default_factory=Options)
    found: dict[str, Any] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    item: str = ""

    def id_of(self, name: str) -> str:
        """The remote id of an entity that an earlier step found or created."""
        return str(self.found[name]["id"])

    def location_name(self) -> str:
        """The remote name of the location that the row's `location_key` refers to."""
        return self.references.name_of("location", self.row.text("location_key"))

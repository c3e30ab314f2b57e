"""The remote lists that answer lookups, and what writes teach them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from webex_provision.wire import ApiRequest

Item = dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Index:
    """A remote list that answers lookups from memory: loaded once a run, kept true by our own writes.

    `keys` are the stable keys by which an item is found; `identity` tells two items apart. `list_all` is the call
    that lists everything in a scope ("" for the whole organisation, or a location's id); `list_one` narrows it to
    one key, for the confirmation before a create. Matching is always exact and always done here: filters of Webex
    match prefixes or substrings. `comparable` is for keys that one thing has in several spellings. A list pages by
    its links; by `start` where that is honoured; by `startIndex` where `list_all` names it.
    `made_by` names the entity types whose rows put items there, besides those that create what they look up in it.
    """

    name: str
    items: str
    list_all: Callable[[str], ApiRequest]
    list_one: Callable[[str, str], ApiRequest]
    keys: Callable[[Item], Iterable[str]]
    identity: Callable[[Item], str] = lambda item: str(item["id"])
    comparable: Callable[[str], str] = lambda key: key
    needs: tuple[str, ...] = ("id",)
    keeps: tuple[str, ...] = ()
    start_honoured: bool = False
    made_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Learned:
    """What a write taught: an item to put into an index, or to take out of it."""

    index: Index
    item: Item
    scope: str = ""
    gone: bool = False

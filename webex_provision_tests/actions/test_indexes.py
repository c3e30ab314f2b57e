"""Keys of remote lists: one thing has one key, in whichever spelling its id comes."""

import base64

from webex_provision.actions.action_helpers import comparable_key, extension_key, owner_key, uuid_of
from webex_provision.actions.indexes import NUMBERS

UUID = "4f2c1f0e-7a53-4e0b-9d0c-0123456789ab"


def encoded(kind: str, *, padded: bool = False) -> str:
    """A public id of this kind."""
    text = base64.b64encode(f"ciscospark://us/{kind}/{UUID}".encode()).decode()
    return text if padded else text.rstrip("=")


def test_an_owner_is_the_same_in_every_encoding_of_its_id() -> None:
    """Webex encodes the same workspace as PLACE in one list and as PEOPLE in another."""
    spellings = [encoded("PLACE"), encoded("PEOPLE"), encoded("PEOPLE", padded=True), UUID, UUID.upper()]
    assert {comparable_key(owner_key(spelling)) for spelling in spellings} == {f"owner:{UUID}"}
    assert {uuid_of(spelling) for spelling in spellings} == {UUID}


def test_an_owner_is_asked_for_by_the_id_as_webex_gave_it() -> None:
    request = NUMBERS.list_one("", owner_key(encoded("PLACE")))
    assert request.params == {"ownerId": encoded("PLACE")}


def test_other_keys_of_the_number_list_are_compared_as_they_are() -> None:
    assert comparable_key("number:+34910002101") == "number:+34910002101"
    assert comparable_key(extension_key(UUID, "0123")) == f"extension:{UUID}/0123"

"""Objects that several JSON cells hold, with the names that the API gives their members."""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

CallType = Literal[
    "INTERNAL_CALL",
    "TOLL_FREE",
    "NATIONAL",
    "INTERNATIONAL",
    "OPERATOR_ASSISTED",
    "CHARGEABLE_DIRECTORY_ASSISTED",
    "SPECIAL_SERVICES_I",
    "SPECIAL_SERVICES_II",
    "PREMIUM_SERVICES_I",
    "PREMIUM_SERVICES_II",
]
CallAction = Literal["ALLOW", "BLOCK", "AUTH_CODE", "TRANSFER_NUMBER_1", "TRANSFER_NUMBER_2", "TRANSFER_NUMBER_3"]
CALL_TYPES: tuple[str, ...] = get_args(CallType)
CALL_ACTIONS: tuple[str, ...] = get_args(CallAction)


class Part(BaseModel):
    """An object in camelCase whose members are all known."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class CallingPermission(Part):
    """What happens to outgoing calls of one type."""

    call_type: CallType
    action: CallAction
    transfer_enabled: bool


class AudioFile(Part):
    """An announcement of the location or the organisation, by name; what the API wants of it is looked up."""

    name: str

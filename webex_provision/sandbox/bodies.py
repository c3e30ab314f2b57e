"""Request bodies: their shapes, how a broken one is refused, and how a partial one is merged."""

from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from webex_provision.sandbox.answers import Record, WebexError, invalid, missing
from webex_provision.sandbox.forms import Form

TIME_ZONES = frozenset(available_timezones())

# Keys that only answers hold; sent back, the real service may refuse them (seen live).
READ_ONLY_KEYS = frozenset({"systemMaxNumberOfRings", "greetingUploaded", "types", "serviceProvider", "externalGroup"})


class Body(BaseModel):
    """A JSON object in camelCase. Types are strict, unknown keys are ignored, as the service does."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="ignore")


def parse(shape: type[Body], body: Any) -> Record:
    """The known keys that `body` holds, checked; 400/25008 for one that misses, 400/25024 for a wrong one."""
    if isinstance(body, Form):
        raise WebexError(415, "Unsupported Media Type")
    if not isinstance(body, dict):
        raise WebexError(400, "The request body is not a JSON object")
    try:
        return shape.model_validate(body).model_dump(by_alias=True, exclude_unset=True)
    except ValidationError as broken:
        first = broken.errors(include_url=False, include_context=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "body"
        raise (missing(name) if first["type"] == "missing" else invalid(name)) from None


def filled(given: Record) -> Record:
    """The members that hold something: a null says nothing, as an absent member does."""
    return {name: value for name, value in given.items() if value is not None}


def refuse_read_only(body: Any) -> None:
    """400/25024 when a body, or an object directly inside it, holds a key that only answers may hold."""
    parts = [body, *(value for value in body.values() if isinstance(value, dict))] if isinstance(body, dict) else []
    for part in parts:
        for name in READ_ONLY_KEYS.intersection(part):
            raise invalid(name)


def merge(old: Record, new: Record) -> Record:
    """`old` with the keys of `new`; objects are merged three levels deep, lists are replaced."""
    merged = dict(old)
    for name, value in new.items():
        present = merged.get(name)
        if isinstance(value, dict) and isinstance(present, dict):
            merged[name] = _merge_inner(present, value)
        else:
            merged[name] = value
    return merged


def _merge_inner(old: Record, new: Record) -> Record:
    merged = dict(old)
    for name, value in new.items():
        present = merged.get(name)
        merged[name] = {**present, **value} if isinstance(value, dict) and isinstance(present, dict) else value
    return merged


def check_time_zone(name: str | None) -> None:
    """400/25024 for a time zone that the IANA database does not know."""
    if name is not None and name not in TIME_ZONES:
        raise invalid("timeZone")

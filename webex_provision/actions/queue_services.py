"""The services of a call queue that `queue_services_json` sets: one PUT each, with what its object holds.

What is mandatory follows the API description; of nightService a real tenant demands less, so only that is asked.
"""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from webex_provision.actions.announcement_references import audio_file
from webex_provision.actions.declaration import RowContext
from webex_provision.actions.json_cells import AudioFile, Part
from webex_provision.actions.schedules import BUSINESS_HOURS, HOLIDAYS
from webex_provision.actions.service_columns import Forwarding

SERVICES = ("holidayService", "nightService", "strandedCalls", "forcedForward", "callForwarding")
_FILES = ("audioFiles", "manualAudioFiles")

_Selection = Literal["DEFAULT", "CUSTOM"]
_Level = Literal["LOCATION", "ORGANIZATION"]


_Files = list[AudioFile]


class HolidayService(Part):
    """What callers meet on holidays."""

    holiday_service_enabled: bool
    action: Literal["BUSY", "TRANSFER"]
    holiday_schedule_level: _Level
    holiday_schedule_name: str | None = None
    transfer_phone_number: str | None = None
    play_announcement_before_enabled: bool
    audio_message_selection: _Selection
    audio_files: _Files = Field(default_factory=list)


class NightService(Part):
    """What callers meet outside business hours."""

    night_service_enabled: bool
    action: Literal["BUSY", "TRANSFER"] | None = None
    transfer_phone_number: str | None = None
    play_announcement_before_enabled: bool | None = None
    announcement_mode: Literal["NORMAL", "MANUAL"] | None = None
    audio_message_selection: _Selection | None = None
    audio_files: _Files = Field(default_factory=list)
    business_hours_name: str | None = None
    business_hours_level: _Level | None = None
    force_night_service_enabled: bool | None = None
    manual_audio_message_selection: _Selection | None = None
    manual_audio_files: _Files = Field(default_factory=list)

    @model_validator(mode="after")
    def _acts(self) -> "NightService":
        if self.night_service_enabled and self.action is None:
            raise ValueError("an enabled nightService needs an action")
        return self


class StrandedCalls(Part):
    """What happens to calls that wait when no agent is left."""

    action: Literal["NONE", "BUSY", "TRANSFER", "NIGHT_SERVICE", "RINGING", "ANNOUNCEMENT"]
    transfer_phone_number: str | None = None
    audio_message_selection: _Selection
    audio_files: _Files = Field(default_factory=list)
    trigger_policy_when_all_agents_are_unreachable_enabled: bool | None = None


class ForcedForward(Part):
    """Sending all calls away for a while."""

    forced_forward_enabled: bool
    transfer_phone_number: str | None = None
    play_announcement_before_enabled: bool
    audio_message_selection: _Selection
    audio_files: _Files = Field(default_factory=list)


class Services(BaseModel):
    """The object in `queue_services_json`; a service that is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    holiday: HolidayService | None = Field(None, alias="holidayService")
    night: NightService | None = Field(None, alias="nightService")
    stranded: StrandedCalls | None = Field(None, alias="strandedCalls")
    forced: ForcedForward | None = Field(None, alias="forcedForward")
    forwarding: Forwarding | None = Field(None, alias="callForwarding")


def service_of(ctx: RowContext, name: str) -> dict[str, Any] | None:
    """The body of one service; None when the row leaves it alone."""
    given: dict[str, Any] | None = (ctx.row.json("queue_services_json") or {}).get(name)
    return {"callForwarding": given} if name == "callForwarding" and given is not None else given


def service_body(ctx: RowContext, name: str) -> dict[str, Any] | None:
    """What is sent about one service: its announcements are named by the ids that were found."""
    given = service_of(ctx, name)
    if given is None:
        return None
    files = {field: [audio_file(ctx, file["name"]) for file in given[field]] for field in _FILES if field in given}
    return given | files


def service_announcements(ctx: RowContext) -> Iterator[str]:
    """The announcements that the services name."""
    for name in SERVICES:
        given = service_of(ctx, name) or {}
        yield from (file["name"] for field in _FILES for file in given.get(field) or ())


def service_schedules(ctx: RowContext) -> Iterator[tuple[str, str]]:
    """Type and name of the location's schedules that the services refer to."""
    holiday, night = service_of(ctx, "holidayService") or {}, service_of(ctx, "nightService") or {}
    if holiday.get("holidayScheduleName") and holiday["holidayScheduleLevel"] == "LOCATION":
        yield HOLIDAYS, holiday["holidayScheduleName"]
    if night.get("businessHoursName") and night.get("businessHoursLevel", "LOCATION") == "LOCATION":
        yield BUSINESS_HOURS, night["businessHoursName"]

"""What PUT accepts for each call setting of people and workspaces."""

from typing import Literal, get_args

from webex_provision.sandbox.bodies import Body


class Switch(Body):
    """Something that is on or off."""

    enabled: bool | None = None


class MandatorySwitch(Body):
    """Something whose state must be said."""

    enabled: bool


class DirectLineName(Body):
    """The name shown with the direct line."""

    selection: Literal["CUSTOM_NAME", "DISPLAY_NAME", "FIRSTNAME_LASTNAME", "LASTNAME_FIRSTNAME"] | None = None
    custom_name: str | None = None


class CallerId(Body):
    """What PUT …/callerId accepts of a person or workspace."""

    selected: Literal["DIRECT_LINE", "LOCATION_NUMBER", "MOBILE_NUMBER", "CUSTOM"]
    custom_number: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    display_name: str | None = None
    display_detail: str | None = None
    block_in_forward_calls_enabled: bool | None = None
    external_caller_id_name_policy: Literal["DIRECT_LINE", "LOCATION", "OTHER"] | None = None
    custom_external_caller_id_name: str | None = None
    additional_external_caller_id_direct_line_enabled: bool | None = None
    additional_external_caller_id_location_number_enabled: bool | None = None
    additional_external_caller_id_custom_number: str | None = None
    direct_line_caller_id_name: DirectLineName | None = None
    dial_by_first_name: str | None = None
    dial_by_last_name: str | None = None
    dial_by_name: str | None = None


class Greeting(Body):
    """When busy calls go to voicemail."""

    enabled: bool | None = None
    greeting: Literal["DEFAULT", "CUSTOM"] | None = None


class Unanswered(Greeting):
    """When unanswered calls go to voicemail."""

    number_of_rings: int | None = None


class Notifications(Switch):
    """Where a new message is announced."""

    destination: str | None = None
    sms_destination: str | None = None


class Transfer(Switch):
    """Where a caller gets who presses zero."""

    destination: str | None = None


class EmailCopy(Switch):
    """Where a copy of each message goes."""

    email_id: str | None = None


class Storage(Body):
    """Where messages are kept."""

    mwi_enabled: bool | None = None
    storage_type: Literal["INTERNAL", "EXTERNAL"] | None = None
    external_email: str | None = None


class FaxMessage(Switch):
    """Whether faxes are received."""

    phone_number: str | None = None
    extension: str | None = None


class Voicemail(Body):
    """What PUT …/voicemail accepts; two of its objects are mandatory."""

    enabled: bool | None = None
    send_all_calls: Switch | None = None
    send_busy_calls: Greeting | None = None
    send_unanswered_calls: Unanswered | None = None
    notifications: Notifications
    transfer_to_number: Transfer
    email_copy_of_message: EmailCopy | None = None
    message_storage: Storage | None = None
    fax_message: FaxMessage | None = None
    announcement_language_code: str | None = None


class DoNotDisturb(Body):
    """Do not disturb of a workspace."""

    enabled: bool | None = None
    ring_splash_enabled: bool | None = None


class PersonDoNotDisturb(DoNotDisturb):
    """Do not disturb of a person, where one key is mandatory."""

    webex_go_override_enabled: bool


class BargeIn(Body):
    """Barge-in of a person."""

    enabled: bool | None = None
    tone_enabled: bool | None = None


class WorkspaceBargeIn(BargeIn):
    """Barge-in of a workspace, where its state must be said."""

    enabled: bool


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
CALL_TYPES: tuple[str, ...] = get_args(CallType)


class Permission(Body):
    """Whether one type of call may be made."""

    call_type: CallType
    action: Literal["ALLOW", "BLOCK", "AUTH_CODE", "TRANSFER_NUMBER_1", "TRANSFER_NUMBER_2", "TRANSFER_NUMBER_3"]
    transfer_enabled: bool


class WorkspaceOutgoing(Body):
    """Outgoing permissions of a workspace."""

    use_custom_enabled: bool | None = None
    use_custom_permissions: bool | None = None
    calling_permissions: list[Permission] | None = None


class PersonOutgoing(WorkspaceOutgoing):
    """Outgoing permissions of a person, where the list is mandatory."""

    calling_permissions: list[Permission]


class Forward(Switch):
    """Where calls go when busy."""

    destination: str | None = None
    destination_voicemail_enabled: bool | None = None


class ForwardAlways(Forward):
    """Where all calls go; its state must be said."""

    enabled: bool
    ring_reminder_enabled: bool | None = None


class ForwardNoAnswer(Forward):
    """Where unanswered calls go."""

    number_of_rings: int | None = None


class ForwardModes(Body):
    """The three modes of forwarding."""

    always: ForwardAlways | None = None
    busy: Forward | None = None
    no_answer: ForwardNoAnswer | None = None


class PersonForwarding(Body):
    """What PUT …/callForwarding accepts of a person."""

    call_forwarding: ForwardModes | None = None
    business_continuity: Forward | None = None


class WorkspaceForwardAlways(ForwardAlways):
    """Where all calls of a workspace go, said whole."""

    ring_reminder_enabled: bool
    destination_voicemail_enabled: bool


class WorkspaceForwardBusy(Forward):
    """Where calls of a workspace go when busy, said whole."""

    enabled: bool
    destination_voicemail_enabled: bool


class WorkspaceForwardModes(ForwardModes):
    """The three modes of a workspace."""

    always: WorkspaceForwardAlways
    busy: WorkspaceForwardBusy | None = None


class WorkspaceForwarding(Body):
    """What PUT …/callForwarding accepts of a workspace: both parts are mandatory."""

    call_forwarding: WorkspaceForwardModes
    business_continuity: WorkspaceForwardBusy

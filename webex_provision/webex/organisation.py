"""An organisation's id, which Webex writes in two ways."""

import base64
import binascii
import re

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def organisation_uuid(org_id: str) -> str:
    """The bare UUID in an organisation id, lower case; "" if there is none.

    Webex shows it bare in Control Hub and as base64 of `ciscospark://us/ORGANIZATION/<uuid>` in the API, with or
    without padding.
    """
    text = org_id.strip()
    if not _UUID.fullmatch(text.rsplit("/", 1)[-1]):
        text = text.rstrip("=")
        try:
            text = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
        except (binascii.Error, ValueError):
            return ""
    head, _, last = text.rpartition("/")
    is_organisation = not head or head.upper().endswith("/ORGANIZATION")
    return last.lower() if is_organisation and _UUID.fullmatch(last) else ""

"""Forms with a file, as multipart/form-data (RFC 7578). The same form always has the same bytes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from webex_provision.wire import ApiRequest


@dataclass(frozen=True)
class FormFile:
    """A file in a form; `name` is what the server gets to know it by: printable ASCII without quotes."""

    field: str
    name: str
    content_type: str
    content: bytes


def with_form(request: ApiRequest, fields: Mapping[str, str], file: FormFile) -> ApiRequest:
    """The request with a form as its body: text fields, then the file. Field names are printable ASCII."""
    texts = [(f'name="{name}"', text.encode()) for name, text in fields.items()]
    head = f'name="{file.field}"; filename="{file.name}"\r\nContent-Type: {file.content_type}'
    parts = [*texts, (head, file.content)]
    # Made of all that it separates, so that it can't stand in it by accident.
    digest = hashlib.sha256(b"\0".join(content for _, content in parts)).hexdigest()
    boundary = f"webex-provision-{digest}"
    pieces = [
        piece
        for head, content in parts
        for piece in (f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode(), content, b"\r\n")
    ]
    body = b"".join([*pieces, f"--{boundary}--\r\n".encode()])
    return replace(request, json=body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})

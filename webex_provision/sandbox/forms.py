"""Bodies that are forms with a file (multipart/form-data), read with the standard library's mail parser."""

import hashlib
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.policy import HTTP

from webex_provision.sandbox.answers import Record, WebexError

_HEAD_BYTES = 64  # of a file, kept to tell what it is


class Form(Record):
    """Text fields by name; a file as its name, type, size, sha256 and first bytes (hex), not as its content."""


def is_form(content_type: str) -> bool:
    """Whether a Content-Type announces a form."""
    return content_type.lower().startswith("multipart/form-data")


def parse_form(raw: bytes, content_type: str) -> Form:
    """The form in a body; 400 for one that is broken."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + raw)
    if not message.is_multipart() or message.defects:
        raise WebexError(400, "The request body is not a valid form")
    form = Form()
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            raise WebexError(400, "The request body is not a valid form")
        form[name] = _file(part, content) if part.get_filename() else content.decode("utf-8", "replace")
    return form


def _file(part: MIMEPart, content: bytes) -> Record:
    return {
        "filename": part.get_filename(),
        "content_type": part.get_content_type(),
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "head": content[:_HEAD_BYTES].hex(),
    }

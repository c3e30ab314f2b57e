"""A form with a file reaches the other end byte by byte, whatever it holds."""

from hypothesis import example, given
from hypothesis import strategies as st

from webex_provision.actions.multipart import FormFile, with_form
from webex_provision.sandbox.forms import is_form, parse_form
from webex_provision.wire import ApiRequest

NAMES = st.text("abcXYZ019_-", min_size=1, max_size=8)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


def form(fields: dict[str, str], content: bytes) -> ApiRequest:
    file = FormFile("file", "greeting.wav", "audio/wav", content)
    return with_form(ApiRequest("POST", "/x"), fields, file)


def parts_of(request: ApiRequest) -> list[tuple[bytes, bytes]]:
    """Head and content of each part, divided at the boundary and nothing else (RFC 2046, 5.1.1)."""
    boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
    empty, *parts, end = (b"\r\n" + request.json).split(b"\r\n--" + boundary)
    assert (empty, end) == (b"", b"--\r\n")
    return [(head, content) for head, _, content in (part.partition(b"\r\n\r\n") for part in parts)]


@given(st.dictionaries(NAMES, TEXTS, max_size=3), st.one_of(st.binary(max_size=200), st.just(b"\r\n--\r\n")))
@example({"a": "\r\n--webex-provision-\r\n\r\n"}, b"--webex-provision--\r\n")
def test_every_field_and_the_file_arrive_as_they_were(fields: dict[str, str], content: bytes) -> None:
    *texts, (head, received) = parts_of(form(fields, content))
    assert received == content
    assert b'; name="file"; filename="greeting.wav"\r\nContent-Type: audio/wav' in head
    told = {head.decode().split('name="')[1].rstrip('"'): value.decode() for head, value in texts}
    assert told == fields


@given(st.dictionaries(NAMES, st.text("abc é", max_size=9), max_size=3), st.binary(max_size=200))
def test_another_reader_of_forms_agrees(fields: dict[str, str], content: bytes) -> None:
    request = form(fields, content)
    assert is_form(request.headers["Content-Type"])
    read = parse_form(request.json, request.headers["Content-Type"])
    file = read.pop("file")
    assert (file["size"], file["head"]) == (len(content), content[:64].hex())
    assert read == {name: text for name, text in fields.items() if name != "file"}


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_the_same_form_has_the_same_bytes_and_another_one_another_boundary(one: bytes, other: bytes) -> None:
    assert form({"a": "1"}, one) == form({"a": "1"}, one)
    assert (form({}, one).headers == form({}, other).headers) == (one == other)

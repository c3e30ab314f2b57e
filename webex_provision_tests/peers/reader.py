"""A third-party client of the Webex API, pointed at the sandbox, that says what it did not understand."""

import logging
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel
from wxc_sdk import WebexSimpleApi
from wxc_sdk.rest import RestSession
from wxc_sdk.tokens import Tokens

Answer = TypeVar("Answer")

# Members of answers that the published description has and the library's models do not know.
MORE_THAN_THE_LIBRARY_KNOWS = frozenset(
    {
        "ForwardingSetting.destinationVoicemailEnabled",
        "HuntGroup.distinctiveRing",
        "PersonPlaceAgent.phoneNumber",
        "UserFeatureAccessSettings.userOrgSettingsPermissions",
        "UserNumber.ringPattern",
    }
)


class _NewValues(logging.Handler):
    """The library widens an enumeration, with a warning, when an answer holds a value that it does not know."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


class Reader:
    """`api` is the library's own object; `read` calls one of its methods and checks what came of it."""

    def __init__(self, base_url: str, token: str) -> None:
        session = type("LoopbackSession", (RestSession,), {"BASE": base_url})(
            tokens=Tokens(access_token=token), concurrent_requests=1
        )
        session.trust_env = False  # loopback never goes through a proxy
        self.api = WebexSimpleApi(tokens=token, session=session)
        self._session, self._new_values = session, _NewValues()

    def __enter__(self) -> "Reader":
        logging.getLogger("wxc_sdk.base").addHandler(self._new_values)
        return self

    def __exit__(self, *error: Any) -> None:
        logging.getLogger("wxc_sdk.base").removeHandler(self._new_values)
        self._session.close()

    def read(self, method: Callable[..., Answer], *arguments: Any, **options: Any) -> Answer:
        """One answer, parsed by the library; fails on members and values that it does not know."""
        answer: Any = method(*arguments, **options)
        return self.understood(answer)

    def all(self, method: Callable[..., Iterator[Answer]], *arguments: Any, **options: Any) -> list[Answer]:
        """As `read`, for a list with all its pages."""
        return self.understood(list(method(*arguments, **options)))

    def understood(self, answer: Any) -> Any:
        """The answer, when nothing in it is new to the library."""
        unknown = set(_unknown(answer)) - MORE_THAN_THE_LIBRARY_KNOWS
        assert not unknown, f"the library does not know {', '.join(sorted(unknown))}"
        assert not self._new_values.messages
        return answer


def _unknown(answer: Any) -> Iterator[str]:
    waiting = [answer]
    while waiting:
        value = waiting.pop()
        if isinstance(value, BaseModel):
            yield from (f"{type(value).__name__}.{name}" for name in value.model_extra or ())
            waiting.extend(getattr(value, name) for name in type(value).model_fields)
        elif isinstance(value, list):
            waiting.extend(value)

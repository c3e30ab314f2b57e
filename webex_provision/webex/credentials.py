"""The tokens of a run: whose each is, whether it lives, and the lane of the pace that it leaves in.

Webex keeps its limits for each user and advises to partition large loads over several of them (REST API Basics). Only
here is a token put on a request. One that Webex no longer accepts is out for the rest of the run; the last one never
is: what its end means is for the run to decide.
"""

import logging
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

from webex_provision.webex.pacing import Lane, Pacer
from webex_provision.wire import Endpoint

logger = logging.getLogger("webex_provision.webex")

PEOPLE_ME = Endpoint("GET", "/people/me", "spark:people_read")
FIRST = "WEBEX_TOKEN"


@dataclass(eq=False)
class Credential:
    """One token; `name` is where it was given, `owner` the email of its user as soon as Webex has told it."""

    name: str
    secret: SecretStr
    lane: Lane = field(repr=False)
    owner: str = ""
    user_id: str = ""
    alive: bool = True
    sends: int = 0

    @property
    def further(self) -> bool:
        """Whether it is one of WEBEX_TOKENS."""
        return self.name != FIRST

    def authorize(self, headers: MutableMapping[str, str]) -> None:
        """Put the token on a request that is about to leave."""
        headers["Authorization"] = f"Bearer {self.secret.get_secret_value()}"
        self.sends += 1

    def __str__(self) -> str:
        return f"{self.name} ({self.owner})" if self.owner else self.name


class Credentials:
    """All tokens of a run, that of WEBEX_TOKEN first; each user among their owners has one lane of `pacer`.

    Raises ValueError for a text that is no bearer token. `on_out` hears of each that is out, in a line for people.
    `first_slot` is the place of the first of `tokens` among all that were given, from 1.
    """

    def __init__(
        self,
        tokens: Sequence[SecretStr],
        pacer: Pacer,
        on_out: Callable[[str], None] | None = None,
        *,
        first_slot: int = 1,
    ) -> None:
        self._pacer, self._on_out = pacer, on_out
        self.all = [
            Credential(name_of_slot(slot), _checked(token, name_of_slot(slot)), lane)
            for slot, (token, lane) in enumerate(zip(tokens, pacer.lanes, strict=True), first_slot)
        ]

    @property
    def living(self) -> list[Credential]:
        """Those that Webex still accepts, as far as is known."""
        return [credential for credential in self.all if credential.alive]

    @property
    def first(self) -> Credential:
        """WEBEX_TOKEN, or the one token of a run in a slot."""
        return self.all[0]

    def in_lane(self, lane: Lane) -> Credential:
        """The token for a call that leaves in a lane: a living one, if its user has one."""
        candidates = [credential for credential in self.all if credential.lane is lane]
        return next((credential for credential in candidates if credential.alive), candidates[0])

    def learn_owner(self, credential: Credential, *, owner: str, user_id: str) -> None:
        """Note whose a token is; it leaves in the lane of an earlier token of the same user, whose limit it shares."""
        credential.owner, credential.user_id = owner, user_id
        twin = self.twin_of(credential)
        if twin is not None and credential.lane is not twin.lane:
            credential.lane.open = False
            credential.lane = twin.lane

    def twin_of(self, credential: Credential) -> Credential | None:
        """The first earlier token of the same user, as far as users are known."""
        earlier = self.all[: self.all.index(credential)]
        return next((one for one in earlier if one.user_id and one.user_id == credential.user_id), None)

    def take_out(self, credential: Credential, cause: str) -> None:
        """No call is sent with this token any longer. Its lane closes, unless it is the last one or is shared."""
        if not credential.alive:
            return
        credential.alive = False
        living = self.living
        shared = any(other.lane is credential.lane for other in living)
        credential.lane.open = shared or not living
        left = f"the run goes on with {len(living)}" if living else "none is left"
        logger.critical(
            "token_out",
            extra={
                "token": credential.name,
                "token_owner": credential.owner,
                "cause": cause,
                "tokens_left": len(living),
            },
        )
        if self._on_out is not None:
            self._on_out(f"{credential} is out: {cause}; {left}.")

    def as_dicts(self) -> list[dict[str, str | int | bool]]:
        """Plain data for JSON: where each was given, whose it is, whether it lives, how many sends it made."""
        return [{"token": one.name, "owner": one.owner, "alive": one.alive, "sends": one.sends} for one in self.all]


def name_of_slot(slot: int) -> str:
    """Where the token of a slot was given, in words."""
    return FIRST if slot == 1 else f"token {slot - 1} of WEBEX_TOKENS"


def _checked(token: SecretStr, name: str) -> SecretStr:
    """The token without spaces around it; nowhere does it stand in a variable that a traceback would show."""
    if not _is_bearer_token(token):
        raise ValueError(f"{name} is not a bearer token: it is empty or holds a space or a control character")
    return SecretStr(token.get_secret_value().strip())


def _is_bearer_token(secret: SecretStr) -> bool:
    text = secret.get_secret_value().strip()
    return bool(text) and text.isascii() and text.isprintable() and " " not in text

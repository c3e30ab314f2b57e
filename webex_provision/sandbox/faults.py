"""Misbehaviour on purpose: which requests go wrong, and how. Seeded, so that a failing run can be repeated."""

import random
import re
from datetime import datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from webex_provision.sandbox.answers import Record, Reply, dumps, error_body
from webex_provision.sandbox.tenant import Quirks

ELSEWHERE = "https://elsewhere.example"


class Effect(StrEnum):
    """What goes wrong.

    status: an error answer instead of the real one, nothing is applied. delay: the real answer, late. timeout: no
    answer at all, nothing applied. reset, drop_before: the connection is torn down or closed, nothing applied.
    ghost: applied, but the answer is lost (the connection drops) or replaced by `status`. cut: applied, and the
    connection breaks in the middle of the answer. redirect: to another host. link_other_host: the Link header leads
    to another host. missing_fields: a 2xx without `fields`. partial: 206 instead of 200, and licences withheld.
    """

    STATUS = "status"
    DELAY = "delay"
    TIMEOUT = "timeout"
    RESET = "reset"
    DROP_BEFORE = "drop_before"
    GHOST = "ghost"
    CUT = "cut"
    REDIRECT = "redirect"
    LINK_OTHER_HOST = "link_other_host"
    MISSING_FIELDS = "missing_fields"
    PARTIAL = "partial"


class Shape(StrEnum):
    """How the body of an error answer looks."""

    JSON = "json"
    FLAT = "flat"
    ARRAY = "array"
    HTML = "html"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    OVERSIZED = "oversized"


class FaultRule(BaseModel):
    """Matching requests are counted from 1; those from `first` to `last`, every `every`-th, may go wrong.

    `method` and `path` are regular expressions: the whole method, any part of the path below /v1. `retry_after` is a
    number of seconds, `date` for an HTTP date, or any other text as it is. Of several rules the first that
    matches and strikes counts.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    method: str = ".*"
    path: str = ".*"
    first: int = Field(default=1, ge=1)
    last: int | None = Field(default=None, ge=1)
    every: int = Field(default=1, ge=1)
    probability: float = Field(default=1, ge=0, le=1)
    effect: Effect
    status: int | None = Field(default=None, ge=200, le=599)
    shape: Shape = Shape.JSON
    message: str = "The sandbox was told to fail"
    error_code: int | str | None = None
    retry_after: int | str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    seconds: float | None = Field(
        default=None, ge=0, le=3_600, description="Of a delay (1), and the most a timeout holds on (120)."
    )
    fields: tuple[str, ...] = ("id",)
    size: int = Field(default=80 * 2**20, ge=1, le=2**30, description="Bytes of an oversized body.")

    _method: re.Pattern[str] = PrivateAttr()
    _path: re.Pattern[str] = PrivateAttr()
    _random: random.Random = PrivateAttr()
    _matched: int = PrivateAttr(default=0)
    _struck: int = PrivateAttr(default=0)

    def arm(self, seed: str) -> None:
        """Start counting anew."""
        self._method, self._path = re.compile(self.method), re.compile(self.path)
        self._random = random.Random(seed)  # noqa: S311 - repeatable chance, not cryptography
        self._matched = self._struck = 0

    def strikes(self, method: str, path: str) -> bool:
        """Whether this request goes wrong; counts it when it matches."""
        if not self._method.fullmatch(method) or not self._path.search(path):
            return False
        self._matched += 1
        if self._matched < self.first or (self.last is not None and self._matched > self.last):
            return False
        if (self._matched - self.first) % self.every or self._random.random() >= self.probability:
            return False
        self._struck += 1
        return True

    @property
    def label(self) -> str:
        """How the request log names this rule."""
        return self.name or self.effect.value

    def counts(self) -> Record:
        """How often it matched and struck."""
        return {"name": self.label, "matched": self._matched, "struck": self._struck}

    def answer(self, tracking_id: str, now: datetime) -> Reply:
        """The error answer of this rule."""
        status = self.status or 500
        headers = dict(self.headers)
        if self.retry_after is not None:
            value = str(self.retry_after)
            headers["Retry-After"] = (
                format_datetime(now + timedelta(seconds=2), usegmt=True) if value == "date" else value
            )
        body, kind = self._body(tracking_id)
        if kind:
            headers["Content-Type"] = kind
        return Reply(status, body, headers)

    def _body(self, tracking_id: str) -> tuple[Any, str]:
        usual = error_body(self.message, self.error_code, tracking_id)
        if self.shape is Shape.FLAT:
            return {"errorCode": self.error_code or 25024, "message": self.message, "trackingId": tracking_id}, ""
        if self.shape is Shape.ARRAY:
            error = {"errorType": "ERROR", "errorCode": self.error_code or 25024, "errorMessage": self.message}
            return [{"errors": [error]}], ""
        if self.shape is Shape.HTML:
            return f"<html><body><h1>{self.message}</h1></body></html>", "text/html"
        if self.shape is Shape.TRUNCATED:
            whole = dumps(usual)
            return whole[: len(whole) // 2].decode(errors="ignore"), "application/json"
        if self.shape in {Shape.EMPTY, Shape.OVERSIZED}:
            return None, ""
        return usual, ""


class Faults(BaseModel):
    """Everything that may go wrong.

    `token_expires_after`: from that request on, the tokens seen so far are 401. `tokens_expire_after`: the same for
    each token alone, in the order in which they are first seen, counting its own requests; null: never.
    """

    model_config = ConfigDict(extra="forbid")

    seed: int = 0
    quirks: Quirks = Quirks()
    token_expires_after: int | None = Field(default=None, ge=0)
    tokens_expire_after: tuple[Annotated[int, Field(ge=0)] | None, ...] = ()
    rules: list[FaultRule] = Field(default_factory=list)

    def arm(self) -> None:
        """Start counting anew, with the chance that the seed gives."""
        for position, rule in enumerate(self.rules):
            rule.arm(f"fault:{self.seed}:{position}")

    def strike(self, method: str, path: str) -> FaultRule | None:
        """The rule that this request falls under, if any. Every rule counts every request that it matches."""
        struck = [rule for rule in self.rules if rule.strikes(method, path)]
        return struck[0] if struck else None


def without(body: Any, fields: tuple[str, ...]) -> Any:
    """A body that lacks `fields`, at its top and in the items of its lists."""
    if not isinstance(body, dict):
        return body
    kept = {name: value for name, value in body.items() if name not in fields}
    for name, value in kept.items():
        if isinstance(value, list):
            kept[name] = [
                {key: inner for key, inner in item.items() if key not in fields} if isinstance(item, dict) else item
                for item in value
            ]
    return kept

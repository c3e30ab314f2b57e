"""Steps that run over many items: which items, one at a time, and what each call goes by."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from webex_provision.actions.declaration import Read, RowContext, Write
from webex_provision.engine.errors import TooManyItems


def items_of(step: Read | Write, ctx: RowContext) -> Sequence[str]:
    """The items that a step runs over; one nameless item for a step that runs once. Raises TooManyItems."""
    if step.over is None:
        return ("",)
    items = step.over(ctx)
    if len(items) > step.most_items:
        raise TooManyItems(f"{step.name} has {len(items)} items, and may have {step.most_items} at most")
    return items


@contextmanager
def about(ctx: RowContext, item: str) -> Iterator[None]:
    """While this lasts, `ctx.item` is the item; a look in between at other items gives it back."""
    before, ctx.item = ctx.item, item
    try:
        yield
    finally:
        ctx.item = before


def call_name(step: Write, ctx: RowContext) -> str:
    """What intents call the request: the step, and the item where it has many, so that each has an intent of its own.

    By the item and not by its place: after a crash the same list may be shorter.
    """
    return f"{step.name} {ctx.item}" if ctx.item else step.name

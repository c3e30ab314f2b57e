"""Announcements that a row names: all found before any write, those of its own location before the organisation's."""

from collections.abc import Callable, Iterable, Sequence

from webex_provision.actions.declaration import Check, Failure, Item, LookupMany, RowContext
from webex_provision.actions.indexes import ANNOUNCEMENTS, name_key, place_key
from webex_provision.vocabulary import Reason

_SAVES = ("announcements", "announcements_asked")


def _name(ctx: RowContext, cell: str) -> str:
    return ctx.references.name_of("announcements_repo", cell)


def _keys(ctx: RowContext, name: str) -> tuple[str, str]:
    return place_key(ctx.id_of("location"), name), name_key(name)


def _found(ctx: RowContext, name: str) -> Item | None:
    for key in _keys(ctx, name):
        for save in _SAVES:
            items: Sequence[Item] = ctx.found.get(save, {}).get(key, ())
            if items:
                return items[0]
    return None


def announcement_steps(
    step: str, *columns: str, more: Callable[[RowContext], Iterable[str]] = lambda _: ()
) -> tuple[LookupMany, LookupMany, Check]:
    """Finds the announcements that the columns (and `more`) name; one that is nowhere stops the row before a write.

    Only names that neither the location nor the organisation shows are asked for one by one.
    """

    def names(ctx: RowContext) -> list[str]:
        cells = [cell for column in columns if (cell := ctx.row.get(column)) is not None]
        return [_name(ctx, cell) for cell in (*cells, *more(ctx))]

    def all_keys(ctx: RowContext) -> Sequence[str]:
        return [key for name in names(ctx) for key in _keys(ctx, name)]

    def missing(ctx: RowContext) -> Sequence[str]:
        return [key for name in names(ctx) if _found(ctx, name) is None for key in _keys(ctx, name)]

    def verdict(ctx: RowContext) -> Failure | None:
        for name in names(ctx):
            if _found(ctx, name) is None:
                return Failure(
                    Reason.RESOURCE_DEPENDENCY_MISSING,
                    f"no announcement '{name}' in {ctx.location_name()} or in the organisation; "
                    "add it by an announcements_repo row or in Control Hub",
                )
        return None

    return (
        LookupMany(name=step, index=ANNOUNCEMENTS, keys=all_keys, save=_SAVES[0]),
        LookupMany(name=step, index=ANNOUNCEMENTS, keys=missing, save=_SAVES[1], confirm=lambda _: True),
        Check(name=step, verdict=verdict, reasons=(Reason.RESOURCE_DEPENDENCY_MISSING,)),
    )


def announcement_of(ctx: RowContext, column: str) -> Item | None:
    """The announcement that a cell names, as the list shows it; None when the cell is blank."""
    cell = ctx.row.get(column)
    return None if cell is None else _found(ctx, _name(ctx, cell))


def audio_file(ctx: RowContext, cell: str) -> Item:
    """What a body says of an announcement that `announcement_steps` has found, all four fields."""
    found = _found(ctx, _name(ctx, cell))
    if found is None:
        raise LookupError(f"announcement '{cell}' was not looked up")
    fields = {name: found.get(name) for name in ("id", "fileName", "mediaFileType", "level")}
    return {name: value for name, value in fields.items() if value is not None}

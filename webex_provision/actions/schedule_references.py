"""Schedules that a row names: they are referred to by name, and must be there, in the row's own location."""

from collections.abc import Callable, Iterable

from webex_provision.actions.declaration import Failure, LookupMany, RowContext
from webex_provision.actions.indexes import SCHEDULES, schedule_key
from webex_provision.vocabulary import Reason


def schedule_name(ctx: RowContext, cell: str) -> str:
    """The name of a schedule that a cell refers to, by the key of a row of this file or by its name."""
    return ctx.references.name_of("schedules", cell)


def schedule_lookup(step: str, named: Callable[[RowContext], Iterable[tuple[str, str]]]) -> LookupMany:
    """Finds the schedules of the (type, name) pairs; one that is not there stops the row before any write."""

    def absent(ctx: RowContext, key: str) -> Failure:
        schedule_type, name = key.split("/", 1)
        return Failure(
            Reason.RESOURCE_DEPENDENCY_MISSING,
            f"no {schedule_type} schedule '{name}' in {ctx.location_name()}; add it by a schedules row",
        )

    return LookupMany(
        name=step,
        index=SCHEDULES,
        scope=lambda ctx: ctx.id_of("location"),
        keys=lambda ctx: [schedule_key(schedule_type, name) for schedule_type, name in named(ctx)],
        save="schedules",
        absent=absent,
        reasons=(Reason.RESOURCE_DEPENDENCY_MISSING,),
    )

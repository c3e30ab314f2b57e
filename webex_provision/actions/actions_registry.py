"""Every declared entity type, in execution order. A module of this room that exports ENTITY_TYPES declares types."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from webex_provision import actions
from webex_provision.actions.declaration import EntityType
from webex_provision.vocabulary import Phase


def _declared() -> Iterator[EntityType]:
    """Being there is all that a new domain module has to do, so that adding a type touches one module."""
    for module in iter_modules(actions.__path__, f"{actions.__name__}."):
        if module.name != __name__:
            yield from getattr(import_module(module.name), "ENTITY_TYPES", ())


ENTITY_TYPES: tuple[EntityType, ...] = tuple(
    sorted(_declared(), key=lambda entity_type: (entity_type.phase, entity_type.rank))
)


@cache
def entity_types_by_name() -> dict[str, EntityType]:
    """Every name and alias that may stand in the entity_type column, and what it declares."""
    return {name: entity_type for entity_type in ENTITY_TYPES for name in entity_type.names}


def entity_types_of(phase: Phase) -> tuple[EntityType, ...]:
    """The types of a phase in execution order."""
    return tuple(entity_type for entity_type in ENTITY_TYPES if entity_type.phase is phase)

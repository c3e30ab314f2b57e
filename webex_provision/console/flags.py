"""A flag for every setting: made from `Settings`, put into this process's environment, read from there by all rooms.

Tokens have no flag: an argument stands in the shell's history and in the list of processes for all to read.
"""

import inspect
import os
from collections.abc import Callable
from enum import Enum
from functools import wraps
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, get_args

import typer
from pydantic.fields import FieldInfo

from webex_provision.config import PROFILES, SECRET_SETTINGS, RetryProfile, Settings

PANEL = "Settings (each is an environment variable, too; a flag wins)"
WITHOUT_FLAG = frozenset(SECRET_SETTINGS)
_METAVARS: dict[type, str] = {int: "INTEGER", float: "NUMBER", Path: "PATH", str: "TEXT"}
_Verb = Callable[..., None]


def variable_of(setting: str) -> str:
    """The environment variable of a setting."""
    return setting.upper()


def flag_of(setting: str) -> str:
    """The flag of a setting: MAX_RETRIES is --max-retries."""
    return "--" + setting.replace("_", "-")


def with_settings(verb: _Verb) -> _Verb:
    """Gives a verb a flag for every setting, and --retry-profile; before it runs, they are put into the environment.

    A flag that the verb declares itself keeps the verb's own meaning.
    """
    own = inspect.signature(verb)
    fields = {
        name: field
        for name, field in Settings.model_fields.items()
        if name not in WITHOUT_FLAG and name not in own.parameters
    }

    @wraps(verb)
    def run(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in fields}
        profile = given.pop("retry_profile")
        put_into_environment(chosen, None if profile is None else RetryProfile(profile))
        verb(**given)

    options = [_option(name, field) for name, field in fields.items()]
    parameters = [*own.parameters.values(), _profile_option(), *options]
    run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run


def put_into_environment(chosen: dict[str, object], profile: RetryProfile | None) -> None:
    """Puts what was chosen into this process's environment; of a profile, what has no flag of its own."""
    for name, value in chosen.items():
        if value is not None:
            os.environ[variable_of(name)] = str(value).lower() if isinstance(value, bool) else str(value)
    for name, number in PROFILES[profile].items() if profile is not None else ():
        if chosen.get(name) is None:
            os.environ[variable_of(name)] = str(number)


def _profile_option() -> inspect.Parameter:
    presets = "; ".join(
        f"{profile}: " + (", ".join(f"{variable_of(name)}={value}" for name, value in preset.items()) or "the defaults")
        for profile, preset in PROFILES.items()
    )
    text = f"How hard to press ({presets}). Wins over the environment; a flag of its own wins over it."
    option = typer.Option("--retry-profile", help=text, metavar="|".join(RetryProfile), callback=_known_profile)
    return _parameter("retry_profile", Annotated[str | None, option])


def _known_profile(value: str | None) -> str | None:
    if value is not None and value not in set(RetryProfile):
        raise typer.BadParameter(f"'{value}' is not one of {', '.join(RetryProfile)}")
    return value


def _option(name: str, field: FieldInfo) -> inspect.Parameter:
    kind, help_text = _kind_of(field), f"{field.description}{_default_of(field)}"
    flag = flag_of(name)
    if kind is bool:
        option = typer.Option(f"{flag}/--no-{flag[2:]}", help=help_text, rich_help_panel=PANEL)
        return _parameter(name, Annotated[bool | None, option])
    metavar = "|".join(kind) if issubclass(kind, Enum) else _METAVARS.get(kind, "TEXT")
    option = typer.Option(flag, help=help_text, metavar=metavar, rich_help_panel=PANEL)
    return _parameter(name, Annotated[str | None, option])


def _kind_of(field: FieldInfo) -> type:
    annotation: Any = field.annotation
    if isinstance(annotation, UnionType):
        annotation = next(kind for kind in get_args(annotation) if kind is not type(None))
    return annotation if isinstance(annotation, type) else str


def _default_of(field: FieldInfo) -> str:
    if field.is_required():
        return " Required."
    default = field.default
    if default is None or default == "":
        return ""
    return f" Default {str(default).lower() if isinstance(default, bool) else default}."


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)

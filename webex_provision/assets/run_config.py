"""What can be chosen at launch, with its help, and where everything else comes from: the environment."""

import hashlib
from enum import StrEnum
from pathlib import Path

import dagster as dg
from pydantic import Field, ValidationError

from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.assets.failures import UnusableSettings, WrongRequest
from webex_provision.config import Settings
from webex_provision.ledger.manifest import Selection
from webex_provision.vocabulary import Phase, Reason, RunMode

PATIENT_WAIT_SECONDS = 300.0

MODE_HELP = (
    "resume: the rows that have no state yet. retry_pending: those that are pending. "
    "replay: all rows again; each is looked up first, so nothing is made twice."
)
REASONS_HELP = "With retry_pending: only rows pending for these reason codes, e.g. user_not_found. Empty: all."
SLOT_HELP = "Use one token: 1 is WEBEX_TOKEN, 2 the first of WEBEX_TOKENS; any: a free one. Empty: as TOKEN_SLOT says."
TYPES_HELP = "Only rows of these entity types, e.g. [hunt_group]; the others keep their state. Empty: all."


class Mode(StrEnum):
    """RunMode with the names that Dagster's config shows: it offers an enum's names, not its values."""

    resume = "resume"
    retry_pending = "retry_pending"
    replay = "replay"


class IntakeConfig(dg.Config):
    """Which CSV becomes a roll-out, and where."""

    csv_path: str = Field(description="Path of the CSV or .xlsx workbook, as the process that runs this sees it.")
    output_dir: str = Field(
        default="", description="Folder of the roll-out. Empty: a folder named after the input, under OUTPUT_DIR."
    )


class ProvisionConfig(dg.Config):
    """A whole launch: a CSV, or the folder of a roll-out to go on with."""

    csv_path: str = Field(
        default="",
        description="Path of the CSV or .xlsx workbook, on the machine that executes the run. "
        "Empty: go on with the roll-out in output_dir.",
    )
    output_dir: str = Field(
        default="", description="Folder of the roll-out. Empty: a folder named after the input, under OUTPUT_DIR."
    )
    mode: Mode = Field(default=Mode.resume, description=MODE_HELP)
    phases: list[int] = Field(default=[], description="Only these phases, e.g. [1, 2]. Empty: all three.")
    types: list[str] = Field(default=[], description=TYPES_HELP)
    reasons: list[str] = Field(default=[], description=REASONS_HELP)
    token_slot: str = Field(default="", description=SLOT_HELP)
    input_sha256: str = Field(default="", description="Run csv_path only with this content. Empty: as it is.")
    verify: bool = Field(
        default=False,
        description="Afterwards read the tenant back and compare it with the ledger: the check tenant_as_recorded.",
    )


def settings_from_environment(token_slot: str = "") -> Settings:
    """The settings of this run; a slot that is asked for wins. Raises UnusableSettings, which never shows a value."""
    try:
        return Settings(token_slot=token_slot) if token_slot else Settings()
    except ValidationError as error:
        told = told_by(error)
    # Outside of the handler: the original error holds the values that were given, the token among them.
    raise UnusableSettings(told)


def told_by(error: ValidationError) -> str:
    """Each variable and what is wrong with it, without its value."""
    problems = [
        f"{'.'.join(map(str, problem['loc'])).upper() or 'settings'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return f"the environment can't be used: {'; '.join(problems)}"


def refuse_other_content(config: ProvisionConfig) -> None:
    """Raises WrongRequest when the file is no longer the one that was put into the queue."""
    if not config.input_sha256:
        return
    try:
        with Path(config.csv_path).open("rb") as handle:
            found = hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise WrongRequest(
            f"{config.csv_path} cannot be read any more ({error.strerror}); nothing was sent. Drop it again to run it"
        ) from error
    if found != config.input_sha256:
        raise WrongRequest(
            f"{config.csv_path} has changed since it was put into the queue; nothing was sent. "
            f"From the inbox, what it holds now gets a run of its own"
        )


def selection_of(types: list[str], reasons: list[str], mode: RunMode) -> Selection:
    """Types (aliases are fine) and reasons that were asked for. Raises WrongRequest for an unknown one."""
    known = entity_types_by_name()
    strange = [name for name in types if name not in known]
    if strange:
        raise WrongRequest(f"{strange[0]} is not an entity type; known are {', '.join(sorted(known))}")
    unknown = [name for name in reasons if name not in {reason.value for reason in Reason}]
    if unknown:
        raise WrongRequest(
            f"{unknown[0]} is not a reason code; known are {', '.join(reason.value for reason in Reason)}"
        )
    if reasons and mode is not RunMode.RETRY_PENDING:
        raise WrongRequest(f"reasons go with the mode retry_pending, not with {mode.value}")
    # Ledgers keep a type as written, so an alias and its type are asked for together.
    wanted = {alias for name in types for alias in known[name].names}
    return Selection(types=tuple(sorted(wanted)), reasons=tuple(Reason(name) for name in reasons))


def phases_of(numbers: list[int]) -> tuple[Phase, ...]:
    """The phases that were asked for, all if none was named. Raises WrongRequest."""
    try:
        return tuple(sorted({Phase(number) for number in numbers})) or tuple(Phase)
    except ValueError as error:
        raise WrongRequest(f"{numbers} are not all phases; known are 1, 2 and 3") from error

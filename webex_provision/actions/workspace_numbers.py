"""The numbers of a workspace: extension, main number, alternates. After `workspace`, before devices stand there."""

from webex_provision.actions.alternates import (
    ALTERNATE_CLAIMS,
    ALTERNATE_RULES,
    alternate_columns,
    alternate_steps,
    asks_alternates,
)
from webex_provision.actions.columns import EXTENSION, PHONE_NUMBER
from webex_provision.actions.declaration import Check, EntityType
from webex_provision.actions.failures import WORKSPACE_GONE
from webex_provision.actions.numbers import PRECHECK_REASONS, inventory_lookup, precheck
from webex_provision.actions.workspace_lines import (
    WORKSPACE_COLUMNS,
    WORKSPACE_KEY,
    WORKSPACE_NAMED,
    WORKSPACE_NAMED_BY,
    calling_workspace_steps,
    professional_steps,
    put_workspace_line,
)
from webex_provision.actions.workspaces import WORKSPACE_OWNER, touched_workspace
from webex_provision.vocabulary import Phase
from webex_provision.wire import Endpoint

GET_WORKSPACE_NUMBERS = Endpoint("GET", "/workspaces/{owner_id}/features/numbers", "spark-admin:workspaces_read")
UPDATE_WORKSPACE_NUMBERS = Endpoint(
    "PUT", "/telephony/config/workspaces/{owner_id}/numbers", "spark-admin:telephony_config_write"
)

WORKSPACE_NUMBERS = EntityType(
    name="workspace_numbers",
    phase=Phase.USERS,
    rank=4,
    title="Sets an existing calling workspace's extension, main number and alternate numbers.",
    prefix="workspace_",
    columns=(*WORKSPACE_COLUMNS, EXTENSION, PHONE_NUMBER, *alternate_columns("workspace_")),
    entity_key=WORKSPACE_KEY,
    named_by=(WORKSPACE_NAMED_BY,),
    rules=(WORKSPACE_NAMED, *ALTERNATE_RULES),
    owner=WORKSPACE_OWNER,
    claims=ALTERNATE_CLAIMS,
    result=("workspace",),
    touches=touched_workspace,
    example={"extension": "2301", "phone_number": "+34910002301", "phone_numbers_secondary": "+34910002903"},
    steps=(
        *calling_workspace_steps(),
        inventory_lookup("numbers_precheck", "workspace"),
        Check(name="numbers_precheck", verdict=precheck("workspace"), reasons=PRECHECK_REASONS),
        *professional_steps(
            "numbers_precheck", "alternate numbers", when=lambda ctx: asks_alternates(ctx, "workspace_")
        ),
        put_workspace_line("workspace_primary_number_update"),
        *alternate_steps(
            "workspace_numbers_read",
            "workspace_secondary_numbers_update",
            GET_WORKSPACE_NUMBERS,
            UPDATE_WORKSPACE_NUMBERS,
            WORKSPACE_GONE,
            owner="workspace",
        ),
    ),
)

ENTITY_TYPES = (WORKSPACE_NUMBERS,)

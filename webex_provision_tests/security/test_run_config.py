"""A run config that is not what it seems is refused before anything runs, and tells no secret that was put there."""

import re
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.errors import DagsterInvalidConfigError
from dagster_shared.yaml_utils import load_run_config_yaml

from webex_provision.definitions import build_defs

SECRET = "NjQ5ZDVhYzUt-typed-where-it-does-not-belong"


@pytest.fixture(scope="module")
def job() -> dg.JobDefinition:
    return build_defs().resolve_job_def("provision")


def config(text: str) -> str:
    return f"ops: {{roll_out: {{config: {text}}}}}"


def test_a_config_as_the_readme_has_it_is_fine(job: dg.JobDefinition) -> None:
    assert dg.validate_run_config(job, load_run_config_yaml(config("{csv_path: data/sample.csv}")))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (config("{csv_path: [a, b]}"), "csv_path"),
        (config("{csv_path: {env: HOME, more: 1}}"), "csv_path"),
        (config("{phases: [one]}"), "phases"),
        (config("{mode: destroy}"), "mode"),
        (config("{types: user}"), "types"),
        (config(f"{{csv_path: a.csv, webex_token: {SECRET}}}"), "webex_token"),
        (f"resources: {{webex: {{config: {{token: {SECRET}}}}}}}", "resources"),
        (f"webex_token: {SECRET}", "webex_token"),
    ],
)
def test_an_unknown_key_or_a_wrong_type_is_named_and_no_value_is(job: dg.JobDefinition, text: str, told: str) -> None:
    with pytest.raises(DagsterInvalidConfigError) as caught:
        dg.validate_run_config(job, load_run_config_yaml(text))
    assert told in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "ops: !!python/object/apply:os.system ['touch owned']",
        "ops: !!python/name:os.system",
        "ops: !!python/object/new:subprocess.Popen [[touch, owned]]",
        "!!python/module:os",
    ],
)
def test_yaml_makes_no_python_objects(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        load_run_config_yaml(text)


def unfolding(depth: int, config: str) -> str:
    """A config whose few lines name 9 ** depth words by anchors; `@` stands where they go."""
    lines = ["x0: &x0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, depth)]
    return "\n".join([*lines, config.replace("@", f"*x{depth - 1}")])


@pytest.mark.parametrize(
    "text",
    [
        *(config(f"{{csv_path: a.csv, {name}: @}}") for name in ("types", "reasons", "phases", "mode", "more")),
        config("{csv_path: @}"),
        "resources: {webex: {config: {types: @}}}",
    ],
)
def test_anchors_that_multiply_are_refused_and_not_repeated(job: dg.JobDefinition, text: str) -> None:
    """Dagster judges a config before any code of ours runs; what it says of such a one stays short."""
    with pytest.raises(DagsterInvalidConfigError) as caught:
        dg.validate_run_config(job, load_run_config_yaml(unfolding(5, text)))
    assert len(str(caught.value)) < 2_000


def test_the_product_itself_reads_no_yaml() -> None:
    """The command line hands its choices to Dagster as values: no file of a user is unfolded without a bound."""
    product = Path(__file__).parents[2] / "webex_provision"
    reads = re.compile(r"^\s*(import|from)\s+(yaml|ruamel|\S*yaml_utils)\b", re.MULTILINE)
    assert [path.name for path in product.rglob("*.py") if reads.search(path.read_text("utf-8"))] == []

"""The published description of the API, where there is one at hand: WEBEX_CONTRACT_DIR names its folder."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def contract() -> Any:
    """What checks requests and answers against the description; without one, the test that asks is skipped."""
    named = os.environ.get("WEBEX_CONTRACT_DIR")
    near = [parent / "shared" / "webex" / "contract" for parent in Path(__file__).resolve().parents]
    folders = [Path(named)] if named else near
    folder = next((folder for folder in folders if (folder / "check_contract.py").exists()), None)
    if folder is None:
        pytest.skip("no API description at hand; WEBEX_CONTRACT_DIR names its folder")
    spec = importlib.util.spec_from_file_location("check_contract", folder / "check_contract.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Contract(folder / "openapi.json")

"""DAGSTER_HOME: where runs and their history are kept. Imports nothing of Dagster, so that it costs nothing."""

import json
from pathlib import Path

from webex_provision.resources import resource

CONFIG = "dagster.yaml"
_STORAGE = '"data/.dagster"'  # as the packaged dagster.yaml writes it: relative to a checkout


def dagster_home(base: Path) -> Path:
    """`<base>/.dagster`, absolute, made with a dagster.yaml in it whose storage is that folder.

    A dagster.yaml that is there already is somebody's choice and stays. In a checkout, `data` as base gives the
    history that `dagster dev` shows when it is started at the top of the checkout.
    """
    home = (base / ".dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    config = home / CONFIG
    if not config.exists():
        packaged = resource(CONFIG).read_text(encoding="utf-8")
        config.write_text(packaged.replace(_STORAGE, json.dumps(str(home), ensure_ascii=False)), encoding="utf-8")
    return home

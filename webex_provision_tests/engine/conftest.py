from webex_provision_tests.postgres_server import postgres
from webex_provision_tests.stage import stage, whole_stage

__all__ = ["postgres", "stage", "whole_stage"]

from webex_provision_tests.stage import stage, whole_stage

__all__ = ["stage", "whole_stage"]

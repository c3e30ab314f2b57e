"""The launchers under `webex_provision/deploy`: their linters and schemas, and their topology as plain processes."""

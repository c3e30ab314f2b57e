#!/bin/sh
# Starts a process of the image with its secrets in the environment: a secret whose file is named like a variable
# (WEBEX_TOKEN, PGPASSWORD, TRUNK_HQ_PASSWORD) becomes that variable. Files are for their owner only.
set -eu
umask 077
for file in "${SECRETS_DIR:-/run/secrets}"/[A-Z]*; do
    name=${file##*/}
    case $name in *[!A-Z0-9_]*) continue ;; esac
    if [ -f "$file" ]; then
        value=$(cat "$file") # by itself, so that a file that cannot be read ends this
        export "$name=$value"
    fi
done
exec "$@"

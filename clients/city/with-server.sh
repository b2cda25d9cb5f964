#!/usr/bin/env bash
# Starts a server of its own, lets the city try it, and leaves nothing behind.  clients/city/with-server.sh [OPTIONS]
# The options are those of `python -m clients.city`. PYTHON chooses the interpreter, PORT the port.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
export PORT=${PORT:-8041} EXPORT_MAX_AGE_SECONDS=1 RATE_LIMITS=off

directory=$(mktemp -d)
"$python" -m local --directory "$directory" >"$directory/server.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" || true; rm -rf "$directory"' EXIT

until curl --silent --fail --output /dev/null "http://127.0.0.1:$PORT/services/ping"; do
    if ! kill -0 "$server" 2>/dev/null; then
        tail -n 20 "$directory/server.log" >&2
        exit 1
    fi
    sleep 0.2
done

variables=$("$python" -m clients.environment "$directory/secrets.env")
eval "$variables"
"$python" -m clients.city --settle 2 "$@"

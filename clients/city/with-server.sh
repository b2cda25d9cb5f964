#!/usr/bin/env bash
# Starts a server, runs the city against it, and removes the server again.  clients/city/with-server.sh [OPTIONS]
# The options are those of `python -m clients.city`. PYTHON chooses the interpreter, PORT the port, PEOPLE the size of the
# city, REPORT the page that is written.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
report=${REPORT:-var/city.html}
mkdir -p "$(dirname "$report")"
# Neither another database, which would be filled, nor an address at which the next lines would not find the server.
unset DATABASE_URL REDIS_URL BIND_ADDR
export PORT=${PORT:-8041} EXPORT_MAX_AGE_SECONDS=1 RATE_LIMITS=off

directory=$(mktemp -d)
"$python" -m local --directory "$directory" >"$directory/server.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" || true; rm -rf "$directory"' EXIT

until curl --noproxy '*' --silent --fail --output /dev/null "http://127.0.0.1:$PORT/services/ping"; do
    if ! kill -0 "$server" 2>/dev/null; then
        tail -n 20 "$directory/server.log" >&2
        exit 1
    fi
    sleep 0.2
done

variables=$("$python" -m clients.environment "$directory/settings.env" --url "http://127.0.0.1:$PORT")
eval "$variables"
"$python" -m clients.city --settle 2 --people "${PEOPLE:-50}" --report "$report" "$@"

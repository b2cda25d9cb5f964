#!/usr/bin/env bash
# Request a one-time code:  ./request-code.sh [HASH_ID]
#
# HASH_ID makes the request repeatable for one patient: as long as the code is not used, asking again replaces it. It is
# 128 characters from 0-9 and a-z that reveal nothing of the patient: HMAC-SHA-512, with a secret of your own, of your
# reference for the test, in lower-case hexadecimal.
#
# Environment: SUBMISSION_URL, KEY_CLAIM_TOKEN.  Needs: bash, curl 7.71 or newer.
# Prints the code alone; everything else goes to standard error. Exit status: 0 a code, 1 none.
set -euo pipefail

: "${SUBMISSION_URL:?is not set}" "${KEY_CLAIM_TOKEN:?is not set}"
hash_id=${1:-}
url=${SUBMISSION_URL%/}/new-key-claim${hash_id:+/$hash_id}

fail() {
    echo "request-code: $1" >&2
    exit 1
}

if [[ -n $hash_id && ! $hash_id =~ ^[0-9a-z]{128}$ ]]; then
    fail "HASH_ID must be 128 characters from 0-9 and a-z"
fi

body=$(mktemp)
trap 'rm -f "$body"' EXIT

# The token is passed through a pipe, because other users of this machine can read command lines.
# --retry waits and tries again after a network error and after 408, 429, 500, 502, 503 and 504: as long as the answer's
# Retry-After says, else 1 s, 2 s, 4 s. Trying again does no harm: a code that is not used expires.
status=$(
    curl --silent --request POST --header @<(printf 'Authorization: Bearer %s\n' "$KEY_CLAIM_TOKEN") \
        --connect-timeout 5 --max-time 30 --retry 3 --retry-all-errors --retry-max-time 120 \
        --output "$body" --write-out '%{http_code}' "$url"
) || fail "the server did not answer (curl: exit status $?)"

case $status in
    200) ;;
    401) fail "401: the token is not accepted; check KEY_CLAIM_TOKEN (the token alone, without its label)" ;;
    403) fail "403: the patient has already used a code; no new one is given for this HASH_ID" ;;
    404) fail "404: check SUBMISSION_URL" ;;
    429) fail "429: too many requests; try again later" ;;
    5??) fail "$status: the server has a problem; try again later" ;;
    *) fail "$status: an answer that this script does not know" ;;
esac

code=$(<"$body")
# Anything but ten characters, such as an error page of a proxy, must never be read out to a patient.
[[ $code =~ ^[A-Z0-9]{10}$ ]] || fail "the server's answer is not a code"
echo "$code"

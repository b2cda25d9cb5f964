"""Request a one-time code:  python request_code.py [CASE]

CASE is your own reference of one patient's test, any text. It makes the request repeatable: as long as the code is not
used, asking again for the same CASE replaces it. The server sees only a keyed hash of it.

Environment: SUBMISSION_URL, KEY_CLAIM_TOKEN, and with CASE also HASH_ID_KEY, a constant secret of your own.
Prints the code alone; exit status 0 a code, 1 none.
"""

import hmac
import re
import sys

from service import send, setting, stop, url_of

REASONS = {
    401: "the token is not accepted; check KEY_CLAIM_TOKEN (the token alone, without its label)",
    403: "the patient has already used a code; no new one is given for this CASE",
    404: "check SUBMISSION_URL",
    429: "too many requests; try again later",
}


def main() -> None:
    """Print one code, or stop with the reason."""
    url = url_of("SUBMISSION_URL", "/new-key-claim")
    if len(sys.argv) > 1:
        url += "/" + hash_id(sys.argv[1], setting("HASH_ID_KEY"))
    # Trying again does no harm: a code that is not used expires.
    answer = send("POST", url, headers={"Authorization": "Bearer " + setting("KEY_CLAIM_TOKEN")})
    if answer.status_code != 200:
        stop(f"{answer.status_code}: {REASONS.get(answer.status_code, 'the server has a problem; try again later')}")
    code = answer.text.strip()
    # Anything but ten characters, such as an error page of a proxy, must never be read out to a patient.
    if not re.fullmatch("[A-Z0-9]{10}", code):
        stop("the server's answer is not a code")
    print(code)


def hash_id(case: str, key: str) -> str:
    """Return 128 characters that reveal nothing of the case without the key."""
    return hmac.new(key.encode(), case.encode(), "sha512").hexdigest()


if __name__ == "__main__":
    main()

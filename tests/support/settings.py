"""Settings for tests: secrets of the tests, and the defaults of the public server for the rest."""

from app.config import Settings
from app.crypto.signing import generate_signing_key

TOKEN = "a-token-of-ontario-000001"
OTHER_TOKEN = "a-token-of-alberta-000001"
LABEL = "ON"
OTHER_LABEL = "AB"
TEST_TOOLS_TOKEN = "the-token-of-the-test-tools"
HMAC_KEY = "aa" * 32
METRICS = ("metrics-user", "metrics-password")
SIGNING_KEY = generate_signing_key()

SECRETS = {
    "KEY_CLAIM_TOKEN": f"{TOKEN}={LABEL}:{OTHER_TOKEN}={OTHER_LABEL}",
    "RETRIEVE_HMAC_KEY": HMAC_KEY,
    "ECDSA_KEY": SIGNING_KEY,
    "METRICS_USERNAME": METRICS[0],
    "METRICS_PASSWORD": METRICS[1],
    "SECRET_KEY": "bb" * 32,
    "SEALING_KEYS": "cc" * 32,
    "PORTAL_SECRET_KEYS": "dd" * 32,
    "SHARING_SECRET_KEY": "ee" * 32,
}


def make_settings(database_url: str, redis_url: str, **overrides: str) -> Settings:
    """Return settings as a process would read them, except for the variables in `overrides`.

    Requests are not limited, and uploads are published at once, as by the public server.
    """
    environment = {
        **SECRETS,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "RATE_LIMITS": "off",
        "RELEASE_PERIOD_HOURS": "0",
        **overrides,
    }
    return Settings.from_environment(environment)

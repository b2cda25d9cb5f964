"""Data that tests store directly in the database."""

from tests.support.service import Service

_COLUMNS = (
    "key_data, rolling_start_interval_number, rolling_period, transmission_risk_level, hour_of_submission, region"
)


def store_key(service: Service, number: int, **columns: object) -> None:
    """Store a diagnosis key of today; `columns` replace its values."""
    row = {
        "key_data": number.to_bytes(16, "big"),
        "rolling_start_interval_number": service.today * 144,
        "rolling_period": 144,
        "transmission_risk_level": 1,
        "hour_of_submission": service.today * 24,
        "region": "302",
    }
    values = ", ".join(f":{name}" for name in _COLUMNS.split(", "))
    service.execute(f"INSERT INTO diagnosis_keys ({_COLUMNS}) VALUES ({values})", **(row | columns))  # noqa: S608


def store_failures(service: Service, failures: int) -> None:
    """Store a number of wrong codes for the network of the tests' client, the last at this moment."""
    service.claim("WRONG")
    service.execute("UPDATE failed_key_claim_attempts SET failures = :failures", failures=failures)

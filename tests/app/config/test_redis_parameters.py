"""The parameters of REDIS_URL: those that the client could not use are refused at the start."""

import pytest

from app.config.parsers import redis_url


@pytest.mark.parametrize(
    "address",
    [
        "redis://h?sockettimeout=1",
        "redis://h?socket_timeout=zq",
        "redis://h?db",
        "redis://h?max_connections=-1",
        "redis://h?ssl_cert_reqs=none",
        "rediss://h?ssl_cert_reqs=zq",
        "unix:///run/redis.sock?port=1",
        "redis://h?%0Azq=1",
        "redis://h?retry=zq",
        "redis://h?credential_provider=zq",
        "redis://h?redis_connect_func=zq",
        "redis://h?socket_keepalive_options=zq",
        "redis://h?decode_responses=true",
    ],
)
def test_a_parameter_that_the_client_of_redis_would_refuse_later_is_refused_at_the_start(address: str) -> None:
    with pytest.raises(ValueError) as caught:
        redis_url(address)
    assert str(caught.value).startswith("has a parameter that is unknown or malformed: ")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "address",
    [
        "redis://h/1?socket_timeout=1.5&client_name=a&protocol=3",
        "rediss://h?ssl_cert_reqs=none&ssl_check_hostname=false",
    ],
)
def test_parameters_that_the_client_of_redis_accepts_are_kept(address: str) -> None:
    assert redis_url(address) == address

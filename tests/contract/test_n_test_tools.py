"""Section N: `/clear-diagnosis-keys`, which deletes all keys of a test environment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.config import ConfigurationError
from app.store.export_archives import lock_builder
from tests.support.answers import NOT_FOUND, UNAUTHORIZED, Answer, plain, plain_error, seen
from tests.support.breakage import without_table
from tests.support.service import Service, bearer
from tests.support.settings import METRICS, OTHER_TOKEN, TEST_TOOLS_TOKEN, TOKEN, make_settings
from tests.support.stored import store_key

PATH = "/clear-diagnosis-keys"
TOOLS = {"ENABLE_TEST_TOOLS": "true", "TEST_TOOLS_TOKEN": TEST_TOOLS_TOKEN}


@pytest.mark.rule(102)
def test_test_tools_are_enabled_only_by_exactly_true(make_service: Callable[..., Service]) -> None:
    for value in ("", "false", "True", "TRUE", "1", "yes"):
        service = make_service(**(TOOLS | {"ENABLE_TEST_TOOLS": value}))

        assert seen(service.client.post(PATH, headers=bearer(TEST_TOOLS_TOKEN))) == NOT_FOUND, value
    assert make_service(**TOOLS).client.post(PATH, headers=bearer(TEST_TOOLS_TOKEN)).status_code == 200


@pytest.mark.rule(102)
def test_production_refuses_to_start_with_test_tools(database_url: str, redis_url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^ENABLE_TEST_TOOLS: "):
        make_settings(database_url, redis_url, ENV="production", **TOOLS)

    assert not make_settings(database_url, redis_url, ENV="production").submission.enable_test_tools


@pytest.mark.rule(103, "D23")
def test_another_method_or_token_is_unauthorized(make_service: Callable[..., Service]) -> None:
    service = make_service(**TOOLS)
    store_key(service, 1)
    wrong_method = Answer(401, UNAUTHORIZED.headers | {"Allow": "POST"}, UNAUTHORIZED.body)

    for method in ("GET", "PUT", "DELETE", "OPTIONS", "BREW"):
        assert seen(service.client.open(PATH, method=method, headers=bearer(TEST_TOOLS_TOKEN))) == wrong_method
    for headers in ({}, bearer("wrong"), {"Authorization": f"bearer {TEST_TOOLS_TOKEN}"}):
        assert seen(service.client.post(PATH, headers=headers)) == UNAUTHORIZED
    assert len(service.rows("SELECT FROM diagnosis_keys")) == 1


@pytest.mark.rule(103, "D22")
def test_tokens_of_health_authorities_do_not_open_test_tools(make_service: Callable[..., Service]) -> None:
    service = make_service(**TOOLS)

    for token in (TOKEN, OTHER_TOKEN, METRICS[1]):
        assert seen(service.client.post(PATH, headers=bearer(token))) == UNAUTHORIZED


@pytest.mark.rule(103)
def test_all_keys_are_deleted_and_a_warning_is_logged(
    make_service: Callable[..., Service], caplog: pytest.LogCaptureFixture
) -> None:
    service = make_service(**TOOLS, PUBLISH_ACTIVE_KEYS="true")
    store_key(service, 1)
    store_key(service, 2)

    assert seen(service.client.post(PATH, headers=bearer(TEST_TOOLS_TOKEN))) == plain(200, "cleared diagnosis_keys")
    assert service.rows("SELECT FROM diagnosis_keys") == []
    assert "diagnosis_keys was truncated" in caplog.messages


@pytest.mark.rule(103)
def test_an_archive_built_during_deletion_does_not_outlive_its_keys(make_service: Callable[..., Service]) -> None:
    service = make_service(**TOOLS)
    with ThreadPoolExecutor() as pool:
        with service.database.transaction() as connection:
            lock_builder(connection, wait=True)
            clearing = pool.submit(service.client.post, PATH, headers=bearer(TEST_TOOLS_TOKEN))
            with pytest.raises(TimeoutError):
                clearing.result(0.3)
        assert clearing.result(10).status_code == 200


@pytest.mark.rule(103)
def test_a_failed_deletion_is_reported(make_service: Callable[..., Service], cut_off_service: Service) -> None:
    failed = plain_error(500, "unable to clear diagnosis_keys")
    service = make_service(**TOOLS)
    with without_table(service, "diagnosis_keys"):
        assert seen(service.client.post(PATH, headers=bearer(TEST_TOOLS_TOKEN))) == failed

    assert seen(cut_off_service.client.post(PATH, headers=bearer(TEST_TOOLS_TOKEN))) == failed

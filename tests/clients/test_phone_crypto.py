"""The phone's cryptography, against the vectors of the specification."""

from typing import Any

import pytest

from clients.phone import crypto


@pytest.fixture
def key(vectors: dict[str, Any]) -> crypto.DailyKey:
    return crypto.DailyKey(
        bytes.fromhex(vectors["temporary_exposure_key"]), vectors["interval_number"], vectors["rolling_period"]
    )


def test_the_two_keys_derived_from_a_daily_key_are_those_of_the_specification(key, vectors):
    assert crypto.identifier_key(key.key_data).hex() == vectors["rpi_key"]
    assert crypto.metadata_key(key.key_data).hex() == vectors["aem_key"]


def test_all_144_identifiers_of_a_day_are_those_of_the_specification(key, vectors):
    expected = [row["rpi"] for row in vectors["advertised"]]

    assert len(expected) == 144
    assert [rpi.hex() for rpi in crypto.identifiers(key)] == expected


def test_all_144_encrypted_metadata_of_a_day_are_those_of_the_specification(key, vectors):
    metadata = bytes.fromhex(vectors["metadata"])

    encrypted = [crypto.crypt_metadata(key.key_data, rpi, metadata).hex() for rpi in crypto.identifiers(key)]

    assert encrypted == [row["aem"] for row in vectors["advertised"]]


def test_one_identifier_is_the_one_of_its_interval(key):
    assert crypto.identifier(key, key.start + 77) == crypto.identifiers(key)[77]


def test_metadata_is_read_with_the_key(key):
    rpi = crypto.identifier(key, key.start)
    encrypted = crypto.crypt_metadata(key.key_data, rpi, crypto.metadata(-12))

    assert crypto.transmit_power(crypto.crypt_metadata(key.key_data, rpi, encrypted)) == -12


def test_the_metadata_of_the_vectors_is_version_1_0_and_8_dbm(vectors):
    assert crypto.metadata(8).hex() == vectors["metadata"]


def test_new_keys_are_sixteen_bytes_and_differ():
    keys = {crypto.new_key(0).key_data for _ in range(50)}

    assert len(keys) == 50
    assert {len(key_data) for key_data in keys} == {16}


def test_an_interval_is_ten_minutes_of_unix_time():
    assert [crypto.interval_of(moment) for moment in (0, 599, 600, 1_585_785_600)] == [0, 0, 1, 2_642_976]

"""Section J: the export archive, to the byte."""

import io
import struct
import zipfile
from collections.abc import Callable

import pytest
from cryptography.exceptions import InvalidSignature

from tests.support.archive import HEADER, archive_in, verify
from tests.support.service import Service, download_code, exposure_key

CONFIRMED_TEST = 1


@pytest.mark.rule(83)
def test_the_zip_has_two_deflated_streamed_entries_without_a_time(service: Service) -> None:
    data = service.fetch(service.today).data

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        assert [entry.filename for entry in entries] == ["export.bin", "export.sig"]
        assert archive.comment == b""
    for entry in entries:
        # PKZIP's local header: signature, version, flags, method, time, date, CRC-32 and both sizes, lengths
        fields = struct.unpack_from("<4sHHHHHIIIHH", data, entry.header_offset)
        assert fields[0] == b"PK\x03\x04"
        assert fields[2:9] == (1 << 3, zipfile.ZIP_DEFLATED, 0, 0, 0, 0, 0)
        assert (entry.extra, entry.comment, entry.flag_bits) == (b"", b"", 1 << 3)


@pytest.mark.rule(84, "D25")
def test_export_bin_begins_with_sixteen_bytes(service: Service) -> None:
    archive = archive_in(service.fetch(service.today))

    assert archive.export_bin[:16] == b"EK Export v1    " == HEADER
    assert archive.export_bin[16:].startswith(b"\x09")  # start_timestamp, fixed64


@pytest.mark.rule(85, 86)
def test_the_export_says_what_it_is(service: Service) -> None:
    day = service.today - 2
    export = archive_in(service.fetch(day)).export

    assert (export.start_timestamp, export.end_timestamp) == (day * 86400, (day + 1) * 86400)
    assert (export.region, export.batch_num, export.batch_size) == ("CA", 1, 1)
    assert export.HasField("batch_num")
    assert export.HasField("batch_size")
    assert list(export.revised_keys) == []
    (info,) = export.signature_infos
    assert (info.verification_key_version, info.verification_key_id, info.signature_algorithm) == (
        "v1",
        "302",
        "1.2.840.10045.4.3.2",
    )


@pytest.mark.rule(85)
def test_another_region_keeps_its_name(make_service: Callable[..., Service]) -> None:
    service = make_service(REGION_CODE="310", EXPORT_MAX_AGE_SECONDS="0")
    code = download_code(service.today, service.clock.now, region="310")

    export = archive_in(service.client.get(f"/retrieve/310/{service.today}/{code}")).export

    assert export.region == "310"
    assert export.signature_infos[0].verification_key_id == "310"


@pytest.mark.rule(87)
def test_the_bytes_of_a_usual_key(service: Service) -> None:
    service.upload(service.pair(), [exposure_key(7, transmission_risk_level=1)])

    export_bin = archive_in(service.fetch(service.today)).export_bin

    expected = (
        bytes.fromhex("3a 20")  # keys, 32 bytes
        + bytes.fromhex("0a 10") + (7).to_bytes(16, "big")
        + bytes.fromhex("10 01")  # transmission_risk_level
        + bytes.fromhex("18 b0c2b401")  # rolling_start_interval_number 2,957,616
        + bytes.fromhex("20 9001")  # rolling_period 144
        + bytes.fromhex("28 01")  # report_type CONFIRMED_TEST
        + bytes.fromhex("30 00")  # days_since_onset_of_symptoms 0
    )  # fmt: skip
    assert export_bin.endswith(expected)
    assert len(expected) == 2 + 32


@pytest.mark.rule(87)
def test_every_field_of_a_key_is_written_even_when_it_is_the_default(service: Service) -> None:
    service.upload(service.pair(), [exposure_key(1, transmission_risk_level=0, rolling_period=144)])

    (key,) = archive_in(service.fetch(service.today)).export.keys
    assert [field.name for field, _ in key.ListFields()] == [
        "key_data",
        "transmission_risk_level",
        "rolling_start_interval_number",
        "rolling_period",
        "report_type",
        "days_since_onset_of_symptoms",
    ]
    assert (key.transmission_risk_level, key.rolling_period) == (0, 144)
    assert (key.report_type, key.days_since_onset_of_symptoms) == (CONFIRMED_TEST, 0)


@pytest.mark.rule(87, 63)
def test_what_a_phone_of_the_second_version_sent_is_exported(service: Service) -> None:
    start = service.today * 144
    keys = [
        exposure_key(1, report_type=2, days_since_onset_of_symptoms=-14, rolling_start_interval_number=start),
        exposure_key(2, report_type=3, days_since_onset_of_symptoms=14, rolling_start_interval_number=start + 1),
        exposure_key(3, rolling_start_interval_number=start, rolling_period=1, transmission_risk_level=8),
    ]
    service.upload(service.pair(), keys)

    exported = archive_in(service.fetch(service.today)).export.keys
    assert [(key.report_type, key.days_since_onset_of_symptoms) for key in exported] == [(2, -14), (3, 14), (1, 0)]
    assert [key.rolling_start_interval_number for key in exported] == [start, start + 1, start]
    assert (exported[2].rolling_period, exported[2].transmission_risk_level) == (1, 8)


@pytest.mark.rule(87)
@pytest.mark.parametrize(
    "other",
    [
        {"rolling_start_interval_number": 2_957_615},
        {"rolling_period": 143},
        {"transmission_risk_level": 2},
        {"report_type": 3},
        {"days_since_onset_of_symptoms": 1},
    ],
)
def test_of_two_keys_that_differ_in_one_field_each_keeps_its_own(service: Service, other: dict[str, int]) -> None:
    keys = [exposure_key(1), exposure_key(2, **other)]
    service.upload(service.pair(), keys)

    exported = archive_in(service.fetch(service.today)).export.keys
    ((field, value),) = other.items()
    assert [key.key_data for key in exported] == [key.key_data for key in keys]
    assert getattr(exported[0], field) != getattr(exported[1], field) == value


@pytest.mark.rule(60, 87)
def test_a_start_beyond_every_calendar_is_exported_as_it_came(service: Service) -> None:
    service.upload(service.pair(), [exposure_key(1, rolling_start_interval_number=2**31 - 1)])

    (key,) = archive_in(service.fetch(service.today)).export.keys
    assert key.rolling_start_interval_number == 2**31 - 1


@pytest.mark.rule(88)
def test_the_signature_covers_the_header_too(service: Service) -> None:
    service.upload(service.pair(), [exposure_key(1), exposure_key(2)])
    archive = archive_in(service.fetch(service.today))

    signature = archive.signature
    assert (signature.batch_num, signature.batch_size) == (1, 1)
    assert signature.signature_info == archive.export.signature_infos[0]
    verify(signature.signature, archive.export_bin)
    for altered in (archive.export_bin[16:], archive.export_bin + b"\0"):
        with pytest.raises(InvalidSignature):
            verify(signature.signature, altered)


@pytest.mark.rule(88)
def test_signatures_differ_from_answer_to_answer(service: Service) -> None:
    first, second = (archive_in(service.fetch(service.today)) for _ in range(2))

    assert first.export_bin == second.export_bin
    assert first.signature.signature != second.signature.signature
    assert len(first.export_sig) - len(first.signature.signature) == len(second.export_sig) - len(
        second.signature.signature
    )


@pytest.mark.rule(83, 85)
def test_a_large_day_is_one_file_in_which_every_key_stands_once(service: Service) -> None:
    service.execute(
        """INSERT INTO diagnosis_keys
           SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), :start, 144, 1, :hour, NULL, NULL, '302', NULL
           FROM generate_series(1, 12000) AS n""",
        start=service.today * 144,
        hour=service.today * 24,
    )

    archive = archive_in(service.fetch(service.today))
    assert archive.numbers == list(range(1, 12001))
    assert archive.export.batch_size == 1
    verify(archive.signature.signature, archive.export_bin)

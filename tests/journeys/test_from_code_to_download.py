"""The journey of a key: a health authority issues a code, a phone claims it and uploads, other phones download."""

import io
import zipfile

from app.proto import covidshield_pb2 as wire
from tests.support.service import Service, exposure_key


def test_an_uploaded_key_can_be_downloaded(service: Service) -> None:
    phone = service.pair()
    start = (service.today - 2) * 144

    assert service.upload(phone, [exposure_key(7, rolling_start_interval_number=start)]).data == b"\x08\x00"

    archive = zipfile.ZipFile(io.BytesIO(service.fetch(service.today).data))
    export = wire.TemporaryExposureKeyExport.FromString(archive.read("export.bin")[16:])
    assert [key.key_data for key in export.keys] == [(7).to_bytes(16, "big")]
    assert export.keys[0].rolling_start_interval_number == start

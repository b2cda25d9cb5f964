"""The scenarios in their order: downloads are first, while today's archive is still empty."""

from collections.abc import Callable, Mapping
from typing import Final

from bench.context import Bench
from bench.figures import Row
from bench.scenarios import archives, downloads, mixed, starts, submissions

Scenario = Callable[[Bench], list[Row]]

SCENARIOS: Final[Mapping[str, Scenario]] = {
    "download-empty": downloads.empty_day,
    "download-day": downloads.usual_day,
    "download-bundle": downloads.bundle,
    "download-unchanged": downloads.unchanged,
    "code": submissions.code,
    "claim": submissions.claim,
    "upload-1": submissions.upload_of(1),
    "upload-14": submissions.upload_of(14),
    "upload-28": submissions.upload_of(28),
    "mixed": mixed.mixed_day,
    "archive": archives.every_size,
    "start": starts.start,
}

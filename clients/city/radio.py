"""What phones broadcast and hear in the meetings of one day, with the real cryptography."""

from collections.abc import Iterable

from clients.city.world import Meeting
from clients.phone import crypto
from clients.phone.matching import Sighting
from clients.phone.phone import TRANSMIT_POWER_DBM
from clients.phone.state import State

MINUTES_PER_INTERVAL = crypto.INTERVAL_SECONDS // 60
_METADATA = crypto.metadata(TRANSMIT_POWER_DBM)


class Radio:
    """The air of one day. Each phone's identifiers are derived once, and each packet is made once."""

    def __init__(self, phones: list[State], date: int) -> None:
        """Broadcast for phones by the number of their owner, on a UTC day."""
        self._phones = phones
        self._midnight = date * crypto.DAY_INTERVALS
        self._days: dict[int, tuple[list[bytes], bytes]] = {}
        self._packets: dict[tuple[int, int], tuple[bytes, bytes]] = {}

    def carry(self, meetings: Iterable[Meeting]) -> None:
        """Let everybody hear whom they meet."""
        for meeting in meetings:
            self._hear(meeting.one, meeting.other, meeting)
            self._hear(meeting.other, meeting.one, meeting)

    def _hear(self, listener: int, speaker: int, meeting: Meeting) -> None:
        heard = self._phones[listener].heard
        rssi = TRANSMIT_POWER_DBM - meeting.attenuation
        minute, end = meeting.start, meeting.start + meeting.minutes
        while minute < end:
            interval = minute // MINUTES_PER_INTERVAL
            until = min(end, (interval + 1) * MINUTES_PER_INTERVAL)
            rpi, metadata = self._packet(speaker, interval)
            heard.append(Sighting(rpi, metadata, self._midnight + interval, (until - minute) * 60, rssi))
            minute = until

    def _packet(self, speaker: int, interval: int) -> tuple[bytes, bytes]:
        """Return the identifier and the encrypted metadata of an interval of the day."""
        packet = self._packets.get((speaker, interval))
        if packet is None:
            identifiers, key = self._day(speaker)
            rpi = identifiers[interval]
            packet = (rpi, crypto.crypt_metadata_with(key, rpi, _METADATA))
            self._packets[speaker, interval] = packet
        return packet

    def _day(self, speaker: int) -> tuple[list[bytes], bytes]:
        if speaker not in self._days:
            key = self._phones[speaker].key_at(self._midnight)
            self._days[speaker] = (crypto.identifiers(key), crypto.metadata_key(key.key_data))
        return self._days[speaker]

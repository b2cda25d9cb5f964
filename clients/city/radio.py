"""What phones broadcast and receive in the meetings of one day, with the real cryptography."""

from collections.abc import Iterable

from clients.city.world import Meeting
from clients.phone import crypto
from clients.phone.matching import Reception
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
        """Let all phones receive from those that they meet."""
        for meeting in meetings:
            self._receive(meeting.one, meeting.other, meeting)
            self._receive(meeting.other, meeting.one, meeting)

    def _receive(self, receiver: int, sender: int, meeting: Meeting) -> None:
        received = self._phones[receiver].received
        rssi = TRANSMIT_POWER_DBM - meeting.attenuation
        minute, end = meeting.start, meeting.start + meeting.minutes
        while minute < end:
            interval = minute // MINUTES_PER_INTERVAL
            until = min(end, (interval + 1) * MINUTES_PER_INTERVAL)
            rpi, metadata = self._packet(sender, interval)
            received.append(Reception(rpi, metadata, self._midnight + interval, (until - minute) * 60, rssi))
            minute = until

    def _packet(self, sender: int, interval: int) -> tuple[bytes, bytes]:
        """Return the identifier and the encrypted metadata of an interval of the day."""
        packet = self._packets.get((sender, interval))
        if packet is None:
            identifiers, key = self._day(sender)
            rpi = identifiers[interval]
            packet = (rpi, crypto.crypt_metadata_with(key, rpi, _METADATA))
            self._packets[sender, interval] = packet
        return packet

    def _day(self, sender: int) -> tuple[list[bytes], bytes]:
        if sender not in self._days:
            key = self._phones[sender].key_at(self._midnight)
            self._days[sender] = (crypto.identifiers(key), crypto.metadata_key(key.key_data))
        return self._days[sender]

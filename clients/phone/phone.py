"""One phone: what its owner can do with it. Time is always an argument, in unix seconds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from clients.phone import archive, configuration, crypto, matching, risk, schedule
from clients.phone.codes import normalise_code
from clients.phone.errors import BadArchiveError, DecommissionedError, PhoneError, StateError
from clients.phone.protocol import MOST_KEYS, Server
from clients.phone.state import KEEP_DAYS, State

TRANSMIT_POWER_DBM = -8
DAYS_BEFORE_ONSET = 2  # people spread the illness before they feel it; the public app goes as far back

Find = Callable[[Sequence[Sequence[archive.PublishedKey]], Iterable[matching.Reception]], list[matching.Match]]
Read = Callable[[bytes], archive.Archive]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check.

    It has the periods that were read, how many keys they hold, every exposure that the phone knows of, and the days for
    which its owner is notified.
    """

    periods: tuple[int, ...]
    keys_read: int
    exposures: tuple[risk.Exposure, ...]
    notified_days: tuple[int, ...]


class Phone:
    """A phone's behaviour over its state. Nothing is saved here: the caller decides when."""

    def __init__(
        self,
        state: State,
        server: Server,
        read: Read | None = None,
        find: Find = matching.find,
        warn: Callable[[str], object] = lambda _: None,
    ) -> None:
        """Use a state and a server.

        A program that runs many phones may share the reading of archives and the matching. `warn` gets a line for each
        problem that does not stop the phone.
        """
        self.state = state
        self._server = server
        self._read = read or (lambda body: archive.read(body, server.settings.public_key))
        self._find = find
        self._warn = warn

    def claim(self, code: str) -> None:
        """Enter a one-time code, as a person types or pastes it."""
        self.state.key_pair = self._server.claim(normalise_code(code))

    def upload(self, now: int, onset_day: int | None = None) -> int:
        """Send the keys that were not sent before, newest first, and return how many.

        Keys from more than two days before the onset of symptoms are not sent. The current key is ended first, and
        another one takes its place for the rest of the day.
        """
        if self.state.key_pair is None:
            raise StateError("there is no key pair: enter a one-time code first")
        self.state.end_current_key(crypto.interval_of(now))
        keys = keys_to_upload(self.state, now, onset_day)
        # The server rejects an upload without keys.
        if keys:
            self._server.upload(self.state.key_pair, keys, now)
            self.state.uploaded |= {key.key_data for key in keys}
        return len(keys)

    def check(self, now: int) -> CheckResult:
        """Fetch what a real phone would fetch, and return whether its owner was exposed.

        A missing day or a bad archive stops the check, and the day of the last check does not change.
        """
        today = now // schedule.DAY_SECONDS
        settings = self._configuration()
        self.state.forget_before(today - KEEP_DAYS)
        periods = schedule.periods_to_fetch(today, self.state.last_checked)
        files = [self._open(period, now) for period in periods]
        # A key found in an earlier check is in no later file, but time near it still adds up with time near others.
        matches = self._find([self.state.matched, *files], self.state.received)
        exposures = tuple(risk.exposure(match, today, settings) for match in matches)
        days = risk.days_of_notification(exposures, settings)
        self.state.matched = [match.published for match in matches]
        self.state.notified_days.update(days)
        self.state.last_checked = today
        return CheckResult(tuple(periods), sum(map(len, files)), exposures, tuple(days))

    def _open(self, period: int, now: int) -> tuple[archive.PublishedKey, ...]:
        opened = self._read(self._server.archive(period, now))
        # The server's day may have changed since `now`, and it accepts a clock that is wrong by an hour.
        moments = (now, now - schedule.HOUR_SECONDS, now + schedule.HOUR_SECONDS)
        expected, *others = [schedule.expected_bounds(period, moment // schedule.DAY_SECONDS) for moment in moments]
        if (opened.start, opened.end) not in (expected, *others):
            raise BadArchiveError(
                f"the archive covers {opened.start} to {opened.end}, not {expected[0]} to {expected[1]} as asked"
            )
        return opened.keys

    def _configuration(self) -> configuration.Configuration:
        """Return the server's configuration, or the saved copy, or the default: the first that is valid."""
        try:
            raw = self._server.configuration()
            parsed = configuration.parse(raw)
        except DecommissionedError:
            raise
        except PhoneError as error:
            return self._fallback(str(error))
        except ValueError as error:
            return self._fallback(f"{configuration.NAME} is invalid: {error}")
        self.state.configuration = raw
        return parsed

    def _fallback(self, problem: str) -> configuration.Configuration:
        try:
            saved = configuration.parse(self.state.configuration or {})
        except ValueError:
            self._warn(f"{problem}; the built-in default is used")
            return configuration.parse(configuration.DEFAULT)
        self._warn(f"{problem}; the saved copy is used")
        return saved


def keys_to_upload(state: State, now: int, onset_day: int | None = None) -> list[crypto.DailyKey]:
    """Return at most 28 keys that are over, were not sent yet and matter, newest first."""
    first = 0 if onset_day is None else (onset_day - DAYS_BEFORE_ONSET) * crypto.DAY_INTERVALS
    interval = crypto.interval_of(now)
    keys = [
        key for key in state.keys if first <= key.start and key.end <= interval and key.key_data not in state.uploaded
    ]
    return sorted(keys, key=lambda key: key.start, reverse=True)[:MOST_KEYS]


def receive(receiver: State, sender: State, start: int, seconds: int, attenuation_db: int) -> None:
    """Let one phone receive from another: one reception for each interval that the meeting touches."""
    moment, end = start, start + seconds
    while moment < end:
        interval = crypto.interval_of(moment)
        until = min(end, (interval + 1) * crypto.INTERVAL_SECONDS)
        key = sender.key_at(interval)
        rpi = crypto.identifier(key, interval)
        metadata = crypto.crypt_metadata(key.key_data, rpi, crypto.metadata(TRANSMIT_POWER_DBM))
        rssi = TRANSMIT_POWER_DBM - attenuation_db
        receiver.received.append(matching.Reception(rpi, metadata, interval, until - moment, rssi))
        moment = until

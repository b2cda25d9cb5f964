"""Recorded minutes: which alert fires, from which minute until which, here and in Prometheus."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from app.objectives import load_objectives
from tests.support.replay import Minute, as_scraped, periods, replay, run_unit_tests, unit_test, write_rules
from tests.support.torture import only_in_torture, times

(OBJECTIVE,) = (objective for objective in load_objectives() if objective.name == "codes-availability")
NOISE = Random(1)


@dataclass(frozen=True)
class Recording:
    """Minutes of codes-availability, and the periods in which each alert fires, by its factor."""

    minutes: Sequence[Minute]
    expected: dict[float, list[tuple[int, int]]]
    restarts: Sequence[int] = ()


RECORDINGS = {
    "outage": Recording(
        [(100, 0)] * 120 + [(0, 100)] * 30 + [(100, 0)] * 400,
        # One minute is enough to fire. The short windows, 5 minutes to 6 hours, let each alert end.
        {14.4: [(121, 155)], 6: [(121, 180)], 3: [(121, 270)], 1: [(121, 510)]},
    ),
    "restart after an outage": Recording(
        [(100, 0)] * 120 + [(0, 100)] * 30 + [(100, 0)] * 30,
        {14.4: [(121, 155)], 6: [(121, 180)], 3: [(121, 181)], 1: [(121, 181)]},
        restarts=(150,),
    ),
    # 0.2 % of requests fail: twice the sustainable rate, for half of the time.
    "slow burn": Recording([(500, 0)] * 400 + [(499, 1)] * 500 + [(500, 0)] * 120, {1: [(800, 1001)]}),
    "flapping": Recording(
        [(50, 0)] * 60 + ([(0, 50)] * 2 + [(50, 0)] * 8) * 6 + [(50, 0)] * 400,
        # The fast alert flaps as well; the others, with longer short windows, do not.
        {
            14.4: [(61, 67), (71, 77), (81, 87), (91, 97), (101, 107), (111, 117)],
            6: [(61, 142)],
            3: [(61, 232)],
            1: [(61, 472)],
        },
    ),
    # During the gap, the bad minutes leave the short windows, and the alerts end without a good minute.
    "gap in the data": Recording(
        [(100, 0)] * 90 + [(0, 100)] * 10 + [None] * 40 + [(0, 100)] * 5 + [(100, 0)] * 40,
        {14.4: [(91, 105), (141, 150)], 6: [(91, 130), (141, 175)], 3: [(91, 186)], 1: [(91, 186)]},
    ),
    "noise": Recording([(200 - bad, bad) for bad in NOISE.choices((0, 1, 2), (940, 50, 5), k=480)], {}),
    "one failure in a quiet night": Recording([(1, 0), *[(0, 0)] * 29] * 6 + [(0, 1)] + [(0, 0)] * 120, {}),
    # From the fifth failure.
    "failures of all requests in a quiet night": Recording(
        [(0, 1), (0, 0), (0, 0)] * 10 + [(0, 0)] * 300,
        {14.4: [(13, 33)], 6: [(13, 58)], 3: [(13, 148)], 1: [(13, 331)]},
    ),
    "first minutes of the service": Recording(
        [(0, 0)] * 2 + [(10, 3)] * 4 + [(50, 0)] * 30,
        {14.4: [(4, 10)], 6: [(4, 34)], 3: [(4, 37)], 1: [(4, 37)]},
    ),
}


@pytest.mark.parametrize("name", RECORDINGS)
def test_alerts_fire_and_end(name: str) -> None:
    recording = RECORDINGS[name]
    assert periods(replay(OBJECTIVE, recording.minutes)) == recording.expected


@pytest.mark.parametrize("name", times(["outage"], list(RECORDINGS)))
def test_prometheus_fires_the_same_alerts_at_the_same_minutes(name: str, tmp_path: Path) -> None:
    """All minutes are compared, without a tolerance: rules subtract and add samples, and extrapolate nothing.

    What Prometheus cannot measure is the first minute after a gap, of which it has only the sample at the end.
    """
    recording = RECORDINGS[name]
    write_rules(tmp_path, [OBJECTIVE])
    expected = replay(OBJECTIVE, as_scraped(recording.minutes))
    done = run_unit_tests(tmp_path, [unit_test(OBJECTIVE, recording.minutes, expected, recording.restarts)])
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_comparison_finds_a_minute_that_differs(tmp_path: Path) -> None:
    minutes = RECORDINGS["first minutes of the service"].minutes
    write_rules(tmp_path, [OBJECTIVE])
    late = [set(), *replay(OBJECTIVE, minutes)]
    done = run_unit_tests(tmp_path, [unit_test(OBJECTIVE, minutes, late)])
    assert done.returncode == 1
    assert "time: 4m," in done.stdout + done.stderr


@only_in_torture
def test_prometheus_agrees_about_random_minutes(tmp_path: Path) -> None:
    random = Random(2)

    def minute() -> Minute:
        measured = random.choice((0, 3, 30)), random.choice((0, 0, 0, 0, 0, 1, 4))
        return measured if random.random() < 0.95 else None

    recordings = [[(1, 0), *(minute() for _ in range(80))] for _ in range(8)]
    firing = [replay(OBJECTIVE, as_scraped(minutes)) for minutes in recordings]
    assert sum(len(begun) for each in firing for begun in periods(each).values()) > 40, "too few alerts to compare"
    write_rules(tmp_path, [OBJECTIVE])
    tests = [unit_test(OBJECTIVE, minutes, each) for minutes, each in zip(recordings, firing, strict=True)]
    done = run_unit_tests(tmp_path, tests)
    assert done.returncode == 0, done.stdout + done.stderr

import random
from itertools import islice

from pgrevise.rollout.retry import FIRST_DELAY, LONGEST_DELAY, delays, reason_to_retry


def test_only_moments_are_retried_not_mistakes() -> None:
    assert reason_to_retry("55P03")
    assert reason_to_retry("40P01")
    assert reason_to_retry("42P07") is None
    assert reason_to_retry(None) is None


def test_delays_double_with_jitter_up_to_a_limit() -> None:
    found = list(islice(delays(random.Random(7)), 12))
    for number, delay in enumerate(found):
        whole = min(FIRST_DELAY * 2**number, LONGEST_DELAY)
        assert whole / 2 <= delay <= whole


def test_two_runners_do_not_wait_in_step() -> None:
    assert list(islice(delays(random.Random(1)), 5)) != list(islice(delays(random.Random(2)), 5))

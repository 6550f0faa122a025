"""The waits between two tries."""

from backbone.backoff import Backoff


def test_waits_double_up_to_the_limit():
    backoff = Backoff(first=1.0, limit=10.0, draw=lambda: 0.0)
    assert [backoff.next_wait() for _ in range(6)] == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_the_draw_shortens_a_wait_by_its_share_of_jitter():
    backoff = Backoff(first=1.0, limit=10.0, jitter=0.5, draw=lambda: 0.5)
    assert [backoff.next_wait() for _ in range(2)] == [0.75, 1.5]


def test_a_success_starts_the_waits_again():
    backoff = Backoff(draw=lambda: 0.0)
    backoff.next_wait()
    backoff.next_wait()
    backoff.reset()
    assert backoff.next_wait() == 1.0


def test_after_a_very_long_outage_the_wait_is_still_the_limit():
    backoff = Backoff(first=1.0, limit=30.0, draw=lambda: 0.0)
    assert {backoff.next_wait() for _ in range(5_000)} >= {1.0, 30.0}
    assert backoff.next_wait() == 30.0


def test_two_peers_of_one_lost_server_do_not_return_together():
    waits = {Backoff().next_wait() for _ in range(20)}
    assert len(waits) > 1
    assert all(0.7 <= wait <= 1.0 for wait in waits)

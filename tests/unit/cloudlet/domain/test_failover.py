"""Which server is told what, and when."""

from cloudlet.domain.failover import LONGEST_WAIT, Failover

TWO = ("http://a", "http://b")


def joined(failover: Failover, now: float = 0.0) -> Failover:
    for request in ("cloudJoinReq", "getJobs"):
        assert failover.due(now) == request
        failover.succeeded(request, now)
    return failover


def test_it_joins_asks_for_jobs_then_sends_heartbeats():
    failover = joined(Failover(TWO, heartbeat=5.0))
    assert failover.joined
    assert failover.due(4.9) is None
    assert failover.due(5.0) == "heartbeat"
    failover.succeeded("heartbeat", 5.0)
    assert failover.wait(6.0) == 4.0


def test_a_failure_leads_to_the_other_server_at_once_and_joins_it_anew():
    failover = joined(Failover(TWO, heartbeat=5.0))
    failover.failed("http://a", 1.0)
    assert (failover.server, failover.joined, failover.due(1.0)) == ("http://b", False, "cloudJoinReq")
    joined(failover, 1.0)


def test_a_late_failure_of_the_server_that_was_left_changes_nothing():
    failover = joined(Failover(TWO, heartbeat=5.0))
    failover.failed("http://a", 1.0)
    failover.failed("http://a", 1.0)
    assert failover.server == "http://b"


def test_when_all_fail_the_waits_grow_up_to_a_bound():
    failover, waits = Failover(TWO, heartbeat=5.0), []
    for _ in range(40):
        failover.failed(failover.server, 0.0)
        waits.append(failover.wait(0.0))
    assert waits[:4] == [0.0, 0.5, 0.5, 1.0]
    assert waits[-1] == LONGEST_WAIT


def test_a_single_server_is_tried_again():
    failover = Failover(("http://a",), heartbeat=5.0)
    failover.failed("http://a", 0.0)
    assert (failover.server, failover.switches, failover.due(0.5)) == ("http://a", 0, "cloudJoinReq")


def test_a_delivered_match_does_not_count_as_a_heartbeat():
    failover = joined(Failover(TWO, heartbeat=5.0))
    failover.succeeded("match", 4.0)
    assert failover.due(5.0) == "heartbeat"

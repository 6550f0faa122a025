"""Who may speak for a cloudlet."""

import pytest

from backbone.errors import BadInput, NotAllowed
from processor_orchestrator.domain.cloudlet import Caller
from processor_orchestrator.registry.callers import caller_of


def caller(ip, *, port="8100", address="192.168.7.5", vouched=False, epoch=None):
    return caller_of(ip=ip, port=port, epoch=epoch, address=address, vouched=vouched)


def test_without_a_token_a_cloudlet_is_where_it_calls_from():
    assert caller("192.168.7.5") == Caller("192.168.7.5", 8100)
    assert caller(" 192.168.7.5 ", address="::ffff:192.168.7.5").ip == "192.168.7.5"
    assert caller("localhost", address="127.0.0.1").ip == "127.0.0.1"
    for elsewhere in ("192.168.7.6", "10.0.0.1", "localhost", "cloudlet.example"):
        with pytest.raises(NotAllowed):
            caller(elsewhere)


def test_with_a_token_it_may_be_elsewhere():
    assert caller("10.0.0.1", vouched=True).ip == "10.0.0.1"
    assert caller("cloudlet-1.front", vouched=True, epoch="run-1") == Caller("cloudlet-1.front", 8100, "run-1")


@pytest.mark.parametrize("ip", ["", "a b", "http://x", "x@y", "x/y", "x:80", "-x", "x" * 254, None])
def test_what_is_no_host_is_refused(ip):
    with pytest.raises(BadInput):
        caller(ip, vouched=True)


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "80 80", "http", "\u0661", None])
def test_what_is_no_port_is_refused(port):
    with pytest.raises(BadInput):
        caller("192.168.7.5", port=port)


def test_what_is_no_epoch_is_refused():
    with pytest.raises(BadInput):
        caller("192.168.7.5", epoch="a b")

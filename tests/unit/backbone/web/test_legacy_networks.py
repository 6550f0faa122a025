"""Who gets in without a token."""

import pytest

from backbone.errors import NotAuthenticated
from backbone.web.auth import TokenVerifier
from backbone.web.guard import Access, Guard
from backbone.web.legacy_networks import LegacyNetworks
from tests.contract import tokens

GUARD = Guard(TokenVerifier(tokens.key("ES256").public, tokens.AUDIENCE), {Access.PHONE: "phone"})


@pytest.mark.parametrize("address", ["192.168.7.9", "::ffff:192.168.7.9", "fd00::1", "fd00::1%eth0"])
def test_peers_of_a_named_network_need_no_token(address):
    networks = LegacyNetworks.of("192.168.7.0/24, fd00::/8")
    assert networks.authenticate(GUARD, None, address, {Access.PHONE}) is None


@pytest.mark.parametrize("address", ["192.168.8.9", "10.0.0.1", "no address", ""])
def test_all_others_do(address):
    with pytest.raises(NotAuthenticated):
        LegacyNetworks.of("192.168.7.0/24").authenticate(GUARD, None, address, {Access.PHONE})


def test_a_bad_token_is_refused_even_there():
    with pytest.raises(NotAuthenticated):
        LegacyNetworks.of("192.168.7.0/24").authenticate(GUARD, "x.y.z", "192.168.7.9", {Access.PHONE})


def test_none_is_named_unless_asked_for():
    assert not LegacyNetworks.of("").holds("127.0.0.1")
    with pytest.raises(ValueError, match="nowhere"):
        LegacyNetworks.of("nowhere")

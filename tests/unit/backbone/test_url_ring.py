"""Several addresses are tried in turn."""

import pytest

from backbone.url_ring import UrlRing, are_websocket_urls


def test_the_urls_are_used_in_turn_and_the_first_again() -> None:
    ring = UrlRing("ws://a/processor, ws://b/processor")
    used = [ring.current]
    for _ in range(2):
        ring.give_up()
        used.append(ring.current)
    assert used == ["ws://a/processor", "ws://b/processor", "ws://a/processor"]


def test_one_url_stays_itself() -> None:
    ring = UrlRing("ws://a/processor")
    ring.give_up()
    assert ring.current == "ws://a/processor"


@pytest.mark.parametrize(
    ("urls", "right"), [("ws://a", True), ("ws://a,wss://b", True), ("ws://a,http://b", False), ("", False)]
)
def test_every_url_is_for_a_websocket(urls: str, *, right: bool) -> None:
    assert are_websocket_urls(urls) is right

"""The addresses of one service, tried in turn. Does not connect."""

from itertools import cycle


class UrlRing:
    """Several URLs, separated by commas; the one in use stays in use until it is given up."""

    def __init__(self, urls: str) -> None:
        self._turn = cycle(split_urls(urls))
        self.current = next(self._turn)

    def give_up(self) -> None:
        """Use the next URL from now on, the first again after the last."""
        self.current = next(self._turn)


def split_urls(urls: str) -> list[str]:
    """Return the URLs of a comma-separated list; a list of one empty text when there are none."""
    return [url.strip() for url in urls.split(",") if url.strip()] or [""]


def are_websocket_urls(urls: str) -> bool:
    """Return whether every URL of the list is for a WebSocket."""
    return all(url.startswith(("ws://", "wss://")) for url in split_urls(urls))

"""Asks one address once: the health check of an image. Does not judge anything but the answer's status.

`python -m backbone.healthcheck URL` ends with 0 when the answer is a 2xx within 4 s, else with 1 and one line why.
Only the standard library: it runs every few seconds in every container and must start fast.
"""

import http.client
import sys
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

ANSWER_SECONDS = 4.0
"""Below the 5 s after which the engine kills the check without a word."""


def check(url: str, *, seconds: float = ANSWER_SECONDS) -> str | None:
    """Return None when `url` answers well, else what was wrong; a proxy of the environment is never asked."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=seconds):
            return None
    except (URLError, http.client.HTTPException, OSError, ValueError) as fault:
        return f"expected {url} to answer 2xx within {seconds:g} s, got: {fault}"


def main() -> None:
    """Check the address that the command line names."""
    if len(sys.argv) != 2:
        sys.exit("expected: python -m backbone.healthcheck URL")
    sys.exit(check(sys.argv[1]))


if __name__ == "__main__":
    main()

"""Runs a role from start to drained stop. Knows no role."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

import structlog

from backbone.errors import SearchlightError

DRAIN_SECONDS = 8.0
"""How long a stop may take before the process ends anyway; container engines kill after 10."""


def run(serve: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `serve` until it returns, a signal sets its event, or it fails; then end the process.

    Exit codes: 0 after SIGTERM or SIGINT, 1 when a stated condition is missing, 70 after an unexpected error.
    """
    try:
        asyncio.run(_serve_until_signal(serve))
    except (SearchlightError, OSError) as fault:
        structlog.get_logger().error("cannot_run", reason=str(fault))
        sys.exit(1)
    except Exception:  # noqa: BLE001 - the one edge of the process: tell with traceback, then end
        structlog.get_logger().exception("unexpected_error")
        sys.exit(70)


async def _serve_until_signal(serve: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    served = asyncio.ensure_future(serve(stop))
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait({served, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    await asyncio.wait({served}, timeout=DRAIN_SECONDS if stop.is_set() else None)
    if served.done():
        await served
    else:
        # Not waited for: a part that lost its cancellation would keep us. `asyncio.run` cancels each task anew.
        structlog.get_logger().warning("drain_took_too_long", seconds=DRAIN_SECONDS)

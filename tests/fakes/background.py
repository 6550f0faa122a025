"""Keeps a fake worker working beside a test. Knows no queue."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def repeated(work_once: Callable[[], bool], *, pause: float = 0.02) -> Iterator[None]:
    """Call `work_once` for the length of a `with` block; it returns False where nothing was to be done.

    Args:
        pause: seconds to wait then.
    """
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            if not work_once():
                stop.wait(pause)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=40)

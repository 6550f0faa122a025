"""A zygote whose forks do what the picture says: hang, crash, flood, take the zygote along. Else a real one."""

import os
import signal
from pathlib import Path

from backbone.pictures import child
from backbone.pictures.child import clean
from backbone.pictures.zygote import main


def obey(raw: bytes, max_side: int, quality: int) -> tuple[int, bytes]:
    if raw.startswith(b"hang"):
        signal.pause()
    if raw.startswith(b"crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if raw.startswith(b"take the zygote along"):
        os.kill(os.getppid(), signal.SIGKILL)
        signal.pause()
    if raw.startswith(b"memory"):
        child.reencode = lambda *_, **__: bytes(3 * 1024**3)  # this process is a fork: no other sees it
    if raw.startswith(b"flood"):
        return 0, bytes(100_000_000)
    if raw.startswith(b"pretend"):
        return 0, b""
    if raw.startswith(b"files"):
        return 3, " ".join(sorted(path.name for path in Path("/proc/self/fd").iterdir())).encode()
    if raw.startswith(b"environment"):
        return 3, " ".join(sorted(os.environ)).encode()
    return clean(raw, max_side, quality)


if __name__ == "__main__":
    main(obey)

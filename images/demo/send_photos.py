"""The demo phone: sends the sample photos to a cloudlet every minute. `--alive` tells whether it still tries."""

import os
import subprocess
import sys
import time
from pathlib import Path

PHOTOS = Path("/sample/phone")
ALIVE = Path("/tmp/alive")  # noqa: S108 - a tmpfs of this container alone
EVERY_SECONDS = float(os.environ.get("EVERY_SECONDS", "60"))
SEND_SECONDS = 300


def main() -> int:
    """Send for ever; what one round says goes to the log."""
    if sys.argv[1:] == ["--alive"]:
        return 0 if ALIVE.exists() and time.time() - ALIVE.stat().st_mtime < EVERY_SECONDS + SEND_SECONDS else 1
    photos = sorted(str(path) for path in PHOTOS.glob("*.jpg"))
    while True:
        ALIVE.touch()
        subprocess.run(
            [sys.executable, "-m", "edge_devices.phone", os.environ["SERVERS"], *photos],
            check=False,  # the next round tries again
            timeout=SEND_SECONDS,
        )
        time.sleep(EVERY_SECONDS)


if __name__ == "__main__":
    sys.exit(main())

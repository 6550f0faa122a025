"""A phone's command that is run again and again: `python -m drill.sample_phone SERVERS FOLDER`. Stdlib only."""

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path

SEND_SECONDS = 300.0


def main() -> int:
    """Send for ever; what each round says goes to this process's output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("servers", help="as for `python -m edge_devices.phone`")
    parser.add_argument("folder", type=Path, help="with the photos, *.jpg")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two rounds (default: %(default)s)")
    parser.add_argument("--note", type=Path, help="file that is touched before each round")
    chosen = parser.parse_args()
    photos = sorted(str(path) for path in chosen.folder.glob("*.jpg"))
    command = [sys.executable, "-m", "edge_devices.phone", chosen.servers, *photos]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # asked to end, it has nothing to put in order
    while True:
        if chosen.note is not None:
            chosen.note.touch()
        try:
            subprocess.run(command, check=False, timeout=SEND_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"a round took more than {SEND_SECONDS:g} s; the next one tries again", flush=True)
        time.sleep(chosen.every)


if __name__ == "__main__":
    sys.exit(main())

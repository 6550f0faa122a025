"""What a person reads while `searchlight up` runs: one line a happening, a bar for long work. Keeps no state."""

import sys
import time

BAR = 30


def say(who: str, text: str, *, at: float | None = None) -> None:
    """Print one line with its time of day; `at` is in seconds since the epoch, None is now."""
    clock = time.strftime("%H:%M:%S", time.localtime(at))
    print(f"{clock}  {who:<13} {text}", flush=True)


def progress(step: str, share: float) -> None:
    """Show how far a long step is, 0..1: a bar that fills on a terminal, a line for each quarter elsewhere."""
    if sys.stdout.isatty():
        full = round(share * BAR)
        end = "\n" if share >= 1 else ""
        print(f"\r{step:<32} [{'#' * full}{'.' * (BAR - full)}] {share:4.0%}", end=end, flush=True)
    elif share >= 1:
        say("footage", f"{step}: done")

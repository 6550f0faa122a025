"""`python -m edge_devices.snap RELAY --to GROUP|DEVICE|all --deadline 10`: one line a device; the exit code."""

import sys

from edge_devices.snap.asking import Outcome, ask
from edge_devices.snap.options import SnapOptions, read_options
from edge_devices.snap_relay import words
from edge_devices.snap_relay.relay_link import RelayAway, RelayLink

ALL_DID, SOME_DID_NOT, NOT_REACHED = 0, 1, 3


def main() -> None:
    """Have cameras take pictures as the arguments say."""
    sys.exit(run(read_options()))


def run(options: SnapOptions) -> int:
    """Ask, print one line a device, and return the exit code."""
    try:
        with RelayLink(options.relay, options.token) as link:
            if options.legacy:
                link.send(words.SNAP)
                return ALL_DID
            outcome = ask(link, options.to, options.deadline)
    except RelayAway as fault:
        print(f"could not reach the relay: {fault}", file=sys.stderr)
        return NOT_REACHED
    return _tell(outcome, options.to)


def _tell(outcome: Outcome, to: str) -> int:
    for row in outcome.rows:
        print(row.line(), flush=True)
    if outcome.refusal is not None:
        print(f"refused: {outcome.refusal}", file=sys.stderr)
    elif not outcome.rows:
        print(f"no device answered to {to!r}", file=sys.stderr)
    elif not outcome.whole:
        print("the relay sends no summary: devices that did not answer are not known to it", file=sys.stderr)
    return ALL_DID if outcome.complete else SOME_DID_NOT

"""Checks a receipt, and a file against it: `python -m pi_receiver.verify_receipt --key KEY.pem RECEIPT [FILE]`.

KEY.pem is what the receiver answers to `GET /receipt-key`; RECEIPT is a file or the text itself.
Exit codes: 0 it is genuine (and the file is the one), 1 it is not, 2 that cannot be told.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from backbone.errors import BadInput
from pi_receiver.intake.receipts import verify
from pi_receiver.storage.store import digest_of

MOST_RECEIPT = 8192


def main(argv: Sequence[str] | None = None) -> int:
    """Check from the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pi_receiver.verify_receipt", description=__doc__)
    parser.add_argument("--key", type=Path, required=True, help="the receiver's public key, PEM")
    parser.add_argument("receipt", help="the receipt, or a file with it")
    parser.add_argument("file", type=Path, nargs="?", help="a file that must be the one that was received")
    chosen = parser.parse_args(argv)
    try:
        text = chosen.receipt
        if text.count(".") != 2 or len(text) < 100:
            text = Path(text).read_text(encoding="ascii")[:MOST_RECEIPT]
        claims = verify(text, chosen.key.read_text(encoding="ascii"))
        digest = digest_of(chosen.file) if chosen.file is not None else None
    except BadInput as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    except (OSError, UnicodeDecodeError) as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    sys.stdout.write(f"{json.dumps(claims, indent=2, ensure_ascii=False)}\n")
    if digest is not None and digest != claims["sha256"]:
        sys.stderr.write(f"{chosen.file}: expected sha256 {claims['sha256']}, got {digest}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A digest that is computed beside the writing."""

import hashlib
import random
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from pi_receiver.storage.trailing_digest import LEAST_BYTES, TrailingDigest


def test_pieces_of_all_lengths_give_the_digest_of_the_whole():
    lengths = [LEAST_BYTES * 3, 1, LEAST_BYTES - 1, LEAST_BYTES, 0, 7, LEAST_BYTES + 1]
    pieces = [random.Random(number).randbytes(length) for number, length in enumerate(lengths)]
    with ThreadPoolExecutor(2) as threads:
        digest = TrailingDigest(threads)
        for piece in pieces:
            digest.update(piece)
        assert digest.hexdigest() == hashlib.sha256(b"".join(pieces)).hexdigest()


def test_who_writes_does_not_wait_for_the_piece_at_hand_only_for_the_one_before():
    with ThreadPoolExecutor(1) as threads:
        busy, digest = Event(), TrailingDigest(threads)
        threads.submit(busy.wait, 30)
        digest.update(bytes(LEAST_BYTES))  # comes back although no thread is free
        busy.set()
        digest.update(b"end")
        assert digest.hexdigest() == hashlib.sha256(bytes(LEAST_BYTES) + b"end").hexdigest()

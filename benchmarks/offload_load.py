"""Devices that hand over C code as text over MQTT and wait: `python -m benchmarks.offload_load`; prints JSON.

Each device keeps some requests under way; each answer says which request it is of. Knows no gateway.
"""

import argparse
import hashlib
import json
import queue
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.offload_programs import PROGRAMS, Program, request
from benchmarks.peers.mqtt_socket import send_at_once

ANSWER_SECONDS = 60.0


class Device:
    """One connection; its answers come on `answers`."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self.user = user
        self.answers: queue.SimpleQueue[tuple[float, str]] = queue.SimpleQueue()
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(user, password)
        self._client.on_socket_open = send_at_once
        self._client.on_connect = lambda client, *_: client.subscribe(f"result/{user}", 1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _client, _data, message: self.answers.put(
            (time.perf_counter(), message.payload.decode())
        )
        self._client.connect("127.0.0.1", port)

    def __enter__(self) -> Self:
        """Wait until answers would be heard."""
        self._client.loop_start()
        if not self._subscribed.wait(ANSWER_SECONDS):
            raise TimeoutError(f"expected {self.user} to be let in by the broker, it was not")
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Say goodbye."""
        self._client.disconnect()
        self._client.loop_stop()

    def ask(self, text: str) -> None:
        """Send a request, once, as small devices do."""
        self._client.publish(f"inputCode/{self.user}", text)

    def answer(self, *, within: float = ANSWER_SECONDS) -> tuple[float, str]:
        """Return when the next answer came, and its text.

        Raises:
            TimeoutError: none came.
        """
        try:
            return self.answers.get(timeout=within)
        except queue.Empty:
            raise TimeoutError(f"expected an answer for {self.user} within {within:g} s, got none") from None

    def work(
        self, words: Sequence[str], program: Program, *, under_way: int, fresh: bool
    ) -> tuple[list[float], list[str]]:
        """Have each word answered; return the seconds that each took and the answers' texts.

        Args:
            under_way: requests at once.
            fresh: each source is a new one.

        Raises:
            ValueError: an answer is of no request that waits.
        """
        asked: dict[str, float] = {}
        waiting, seconds, texts = list(reversed(words)), list[float](), list[str]()
        while waiting or asked:
            while waiting and len(asked) < under_way:
                word = waiting.pop()
                asked[word] = time.perf_counter()
                self.ask(request(word, anew(program, word) if fresh else program))
            came, answer = self.answer()
            word = answer.partition(" ")[0]
            if word not in asked:
                raise ValueError(f"expected an answer to one of {sorted(asked)}, got {answer[:200]!r}")
            seconds.append(came - asked.pop(word))
            texts.append(answer)
        return seconds, texts


def anew(program: Program, word: str) -> Program:
    """Return a program with a source that nobody has seen."""
    return replace(program, source=f"{program.source}/* {word} */\n")


def main() -> int:
    """Ask, then tell how long each answer took, and all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.offload_load", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="of the broker")
    parser.add_argument("--password-file", type=Path, required=True, help="the devices' password")
    parser.add_argument("--devices", type=int, default=1, help="device-1, device-2, ...")
    parser.add_argument("--under-way", type=int, default=1, help="requests of each device at once")
    parser.add_argument("--requests", type=int, default=40, help="of each device")
    parser.add_argument("--run", default="0", help="part of every request: sources of another run are others")
    parser.add_argument("--program", choices=list(PROGRAMS), default="small")
    parser.add_argument("--fresh", action="store_true", help="each source is a new one")
    chosen = parser.parse_args()
    password = chosen.password_file.read_text("ascii")
    seconds, texts, failed = list[float](), list[str](), list[str]()

    def work(device: Device) -> None:
        words = [f"{chosen.run}-{device.user}-{number}" for number in range(chosen.requests)]
        try:
            took, told = device.work(words, PROGRAMS[chosen.program], under_way=chosen.under_way, fresh=chosen.fresh)
        except (TimeoutError, ValueError) as fault:
            failed.append(str(fault))
        else:
            seconds.extend(took)
            texts.extend(told)

    with ExitStack() as stack:
        names = [f"device-{number}" for number in range(1, chosen.devices + 1)]
        devices = [stack.enter_context(Device(chosen.port, name, password)) for name in names]
        threads = [threading.Thread(target=work, args=(device,)) for device in devices]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        whole = time.perf_counter() - began
    digest = hashlib.sha256("".join(sorted(texts)).encode()).hexdigest()
    sys.stdout.write(json.dumps({"whole": whole, "seconds": seconds, "digest": digest, "failed": failed}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The legacy gateway by behaviour: compiles and runs what each MQTT message brings; for comparison only.

`python -m benchmarks.peers.legacy_gateway --port PORT --user NAME --password-file FILE`. As many threads as cores; each
writes the source, has gcc compile it, runs the program and publishes what it printed. No sandbox, no bounds, nothing is
kept: neither programs nor, when it is killed, requests.
"""

import argparse
import os
import shlex
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.peers.mqtt_socket import send_at_once

SEPARATOR = "----"


def run(payload: str) -> bytes:
    """Return the standard output of the program that a request's four parts make."""
    name, arguments, rest = payload.split(SEPARATOR, 2)
    source, _, build = rest.rpartition(SEPARATOR)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.with_suffix(".c").write_text(source, encoding="utf-8")
        subprocess.run(shlex.split(build.replace("<name>", str(path))), check=True)
        return subprocess.run([path, *shlex.split(arguments)], stdout=subprocess.PIPE, check=False).stdout


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers.legacy_gateway", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="of the broker, on this machine")
    parser.add_argument("--user", required=True)
    parser.add_argument("--password-file", type=Path, required=True)
    chosen = parser.parse_args()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set(chosen.user, chosen.password_file.read_text("ascii"))
    client.on_socket_open = send_at_once
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:

        def serve(message: mqtt.MQTTMessage) -> None:
            client.publish(f"result/{message.topic.partition('/')[2]}", run(message.payload.decode()))

        def subscribe(*_: object) -> None:
            client.subscribe("inputCode/#")

        def take(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
            threads.submit(serve, message)

        client.on_connect, client.on_message = subscribe, take
        client.connect("127.0.0.1", chosen.port)
        client.loop_forever()


if __name__ == "__main__":
    main()

"""Boxes to clients as a plain orchestrator sends them: log, encode and frame anew for each client. Keeps nothing."""

import argparse
import asyncio
import json
import logging
import sys

from tornado.web import Application
from tornado.websocket import WebSocketHandler

LOG = logging.getLogger("peer")
CLIENTS: set[WebSocketHandler] = set()


class Client(WebSocketHandler):
    """Takes boxes."""

    def open(self) -> None:
        """Begin to take."""
        CLIENTS.add(self)

    def on_close(self) -> None:
        """Stop."""
        CLIENTS.discard(self)


class Processor(WebSocketHandler):
    """Sends boxes."""

    def on_message(self, message: str | bytes) -> None:
        """Hand boxes to every client."""
        LOG.info("received %s from %s", message, self.request.remote_ip)
        said = json.loads(message)
        if said["type"] == "identifier":
            self.camera = said["id"]
            return
        for client in CLIENTS:
            told = {"cameraId": self.camera, "frameId": said["frameId"], "boxes": said["boxes"]}
            text = json.dumps({"type": "boundingBoxes"} | told)
            client.write_message(text)
            LOG.info("sent %s to %s", text, client.request.remote_ip)


async def serve(port: int) -> None:
    """Serve until ended."""
    Application([("/client", Client), ("/processor", Processor)]).listen(port, "127.0.0.1")
    await asyncio.Event().wait()


def main() -> None:
    """Start, logging to a file as the original does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", required=True)
    chosen = parser.parse_args()
    logging.basicConfig(filename=chosen.log, level=logging.INFO)
    sys.exit(asyncio.run(serve(chosen.port)))


if __name__ == "__main__":
    main()

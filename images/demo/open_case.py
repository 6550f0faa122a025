"""Opens the demo's case from the sample photo, once; ships in the demo camera's image only. Prints no token.

`python3 /app/open_case.py ORCHESTRATOR < operator.jwt`, with ORCHESTRATOR like http://orchestrator:8000.
"""

import asyncio
import base64
import json
import sys
from pathlib import Path

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

from backbone.wire.codec import encode
from backbone.wire.from_client import Start

PHOTO = Path("/sample/case/sought.jpg")
NAME = "Sought person"
PATIENCE_SECONDS = 20.0


async def open_case(url: str, token: str) -> str:
    """Return what was done, in words."""
    headers = {"Authorization": f"Bearer {token}"}
    if NAME in await _sought(url, headers):
        return f"{NAME!r} is still open from an earlier run"
    image = base64.b64encode(await asyncio.to_thread(PHOTO.read_bytes)).decode()
    socket = await websocket_connect(HTTPRequest(url.replace("http", "ws", 1) + "/client", headers=headers))
    await socket.write_message(encode(Start(image=image, name=NAME)))
    while NAME not in await _sought(url, headers):  # noqa: ASYNC110 - another process opens it
        await asyncio.sleep(0.1)
    socket.close()
    return f"{NAME!r} opened from the sample photo"


async def _sought(url: str, headers: dict[str, str]) -> list[str]:
    answer = await AsyncHTTPClient().fetch(f"{url}/api/objects", headers=headers, request_timeout=5)
    return [sought["name"] for sought in json.loads(answer.body)["data"]]


async def _within(url: str, token: str) -> str:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await open_case(url, token)


def main() -> None:
    """Open the case at the orchestrator that the command line names."""
    sys.stdout.write(asyncio.run(_within(sys.argv[1], sys.stdin.read().strip())) + "\n")


if __name__ == "__main__":
    main()

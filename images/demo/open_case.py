"""Opens the demo's case from the sample photo, once; ships in the demo camera's image only. Prints no token.

`python3 /app/open_case.py ORCHESTRATOR < operator.jwt`, with ORCHESTRATOR like http://orchestrator:8000.
"""

import asyncio
import json
import sys
from pathlib import Path
from uuid import uuid4

from tornado.httpclient import AsyncHTTPClient

PHOTO = Path("/sample/case/sought.jpg")
NAME = "Sought person"
PATIENCE_SECONDS = 60.0


async def open_case(url: str, token: str) -> str:
    """Return what was done, in words."""
    headers = {"Authorization": f"Bearer {token}"}
    if NAME in await _open(url, headers):
        return f"{NAME!r} is still open from an earlier run"
    boundary = uuid4().hex
    photo = await asyncio.to_thread(PHOTO.read_bytes)
    body = b"".join(
        [
            f'--{boundary}\r\nContent-Disposition: form-data; name="name"\r\n\r\n{NAME}\r\n'.encode(),
            f'--{boundary}\r\nContent-Disposition: form-data; name="photo"; filename="{PHOTO.name}"\r\n'.encode(),
            b"Content-Type: image/jpeg\r\n\r\n" + photo + f"\r\n--{boundary}--\r\n".encode(),
        ]
    )
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    await AsyncHTTPClient().fetch(f"{url}/api/cases", method="POST", headers=headers | kind, body=body)
    while NAME not in await _open(url, headers):  # noqa: ASYNC110 - a worker has to encode the photo
        await asyncio.sleep(0.2)
    return f"{NAME!r} opened from the sample photo"


async def _open(url: str, headers: dict[str, str]) -> list[str]:
    answer = await AsyncHTTPClient().fetch(f"{url}/api/cases", headers=headers, request_timeout=5)
    return [case["name"] for case in json.loads(answer.body)["data"] if case["state"] == "open"]


async def _within(url: str, token: str) -> str:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await open_case(url, token)


def main() -> None:
    """Open the case at the orchestrator that the command line names."""
    sys.stdout.write(asyncio.run(_within(sys.argv[1], sys.stdin.read().strip())) + "\n")


if __name__ == "__main__":
    main()

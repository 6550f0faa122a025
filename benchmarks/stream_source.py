"""A camera for the stream benchmark: MJPEG over HTTP from the numbered clip, by the clock. Serves nothing else."""

import argparse
import asyncio
import time

from benchmarks.numbered_clip import FPS, clip, number_at

_HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\nConnection: close\r\n\r\n"


async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pictures: list[bytes]) -> None:
    """Send each picture when its turn begins, until the taker leaves."""
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_HEAD)
        turn = int(time.time() * FPS) + 1
        while True:
            await asyncio.sleep(max(0.0, turn / FPS - time.time()))
            jpeg = pictures[number_at(turn / FPS + 0.5 / FPS)]
            head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
            writer.write(head + jpeg + b"\r\n")
            await writer.drain()
            turn += 1
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def serve(port: int) -> None:
    """Serve until ended."""
    pictures = clip()
    server = await asyncio.start_server(lambda reader, writer: play(reader, writer, pictures), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def main() -> None:
    """Start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()

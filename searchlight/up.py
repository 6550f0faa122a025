"""The embedded run: Redis, broker, orchestrator, two cameras, a phone, its cloudlet, devices' gateway, one case."""

import asyncio
import contextlib
import signal
import socket
import sys
import time
from pathlib import Path

from backbone.errors import SearchlightError
from backbone.wire.shared import Error
from backbone.wire.to_client import Sighting
from drill.footage import Clip, Footage, make_footage
from drill.phone_photos import make_phone_photos
from drill.pictures import PictureChanged
from drill.truth import load_truth
from faces import EngineName, engine_kind
from faces.pip_download import PackagesUnreachable
from searchlight import screen
from searchlight.children import Children, Program
from searchlight.console_client import (
    ConsoleClient,
    console_client,
    data_of,
    open_case,
    source_started_at,
    wait_until_open,
    wait_until_ready,
)
from searchlight.embedded_broker import EmbeddedBroker, embedded_broker
from searchlight.embedded_redis import EmbeddedRedis, embedded_redis
from searchlight.truth_check import verdict

CASE_NAME = "Sought person"
READY_SECONDS = 60.0
PHONE_SECONDS = 30
MQTT_PORT = 1883
MIN_FACE_PX = 60
"""The people in the sample footage are near; a larger smallest face is found sooner."""


def run(*, data_dir: Path, port: int, seconds: float | None, engine: EngineName) -> int:
    """Run until Ctrl-C, or for `seconds`; return the exit code."""
    try:
        footage = make_footage(data_dir, screen.progress)
        asyncio.run(_until_told(EmbeddedRun(data_dir, footage, port=port, engine=engine), seconds))
    except (SearchlightError, PackagesUnreachable, PictureChanged, OSError) as fault:
        screen.say("searchlight", f"cannot go on: {fault}")
        screen.say("searchlight", "`searchlight doctor` says what this machine lacks")
        return 1
    return 0


async def _until_told(embedded: "EmbeddedRun", seconds: float | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    searching = asyncio.ensure_future(embedded.search())
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({searching, stopping}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    failed = searching.done()
    searching.cancel()
    screen.say("searchlight", "stopping")
    await embedded.aclose()
    if failed:
        await searching
    with contextlib.suppress(asyncio.CancelledError):
        await searching


class EmbeddedRun:
    """Everything that `searchlight up` starts, on loopback only.

    Args:
        data_dir: where logs and Redis' files go.
        port: of the console; another one is taken, and told, when it is in use.
        engine: of cameras and workers.
    """

    def __init__(self, data_dir: Path, footage: Footage, *, port: int, engine: EngineName) -> None:
        self._data_dir = data_dir
        self._footage = footage
        self._engine = engine_kind(engine)
        self._console = _free_port(port)
        self._url = f"http://127.0.0.1:{self._console}"
        self._camera_urls: dict[str, str] = {}
        self._children = Children(data_dir / "logs", say=screen.say)
        self._told: set[str] = set()
        self._phone_started = False

    async def search(self) -> None:
        """Start everything, open the case, and print sightings until cancelled."""
        redis = embedded_redis(self._data_dir / "redis", port=_free_port(0))
        screen.say("redis", redis.origin)
        await self._children.start(redis.program)
        await self._children.start(self._orchestrator(redis))
        await wait_until_ready(self._url, seconds=READY_SECONDS)
        screen.say("orchestrator", f"ready at {self._url}")
        for clip in self._footage.clips:
            program, url = self._camera(clip)
            self._camera_urls[clip.camera] = url
            await self._children.start(program)
        for camera, url in self._camera_urls.items():
            await wait_until_ready(url, seconds=READY_SECONDS)
            screen.say(camera, f"plays its sample footage; by itself at {url}")
        await self._cloudlet_and_worker(redis)
        await self._offload(redis)
        screen.say("searchlight", f"open {self._url} in a browser; Ctrl-C ends everything")
        while True:
            async with console_client(self._url) as console:
                await self._seek(console)
                await self._phone()
                await self._print_sightings(console)
            screen.say("orchestrator", "closed the connection")
            await wait_until_ready(self._url, seconds=READY_SECONDS)

    async def _cloudlet_and_worker(self, redis: EmbeddedRedis) -> None:
        """Start a worker and a cloudlet: what phones need."""
        worker, cloudlet = _free_port(0), _free_port(0)
        await self._children.start(self._worker(redis, port=worker))
        await self._children.start(self._cloudlet(redis, port=cloudlet))
        await wait_until_ready(f"http://127.0.0.1:{worker}", seconds=READY_SECONDS)
        screen.say("worker", f"encodes and matches photos with the engine {self._engine.name}")
        await wait_until_ready(f"http://127.0.0.1:{cloudlet}", seconds=READY_SECONDS)
        screen.say("cloudlet", f"takes photos from phones; sends matches to {self._url}")

    async def _offload(self, redis: EmbeddedRedis) -> None:
        """Start a broker, the gateway and a worker for code: what small devices need."""
        broker = embedded_broker(self._data_dir / "broker", port=_free_port(MQTT_PORT))
        screen.say("broker", f"{broker.origin} at {broker.url}; user device, password in {broker.device}")
        await self._children.start(broker.program)
        gateway = _free_port(0)
        await self._children.start(self._gateway(redis, broker, port=gateway))
        await self._children.start(self._offload_worker(redis))
        await wait_until_ready(f"http://127.0.0.1:{gateway}", seconds=READY_SECONDS)
        screen.say("gateway", "takes work of devices by MQTT, tells cameras and cases that allow it")

    async def _phone(self) -> None:
        """Start the phone, once the case is open: what it sends before is compared with nobody."""
        if self._phone_started:
            return
        self._phone_started = True
        await wait_until_open(self._url, CASE_NAME, seconds=READY_SECONDS)
        photos = self._data_dir / "phone"
        make_phone_photos(self._footage, photos, taken_at=time.time())
        command = [sys.executable, "-m", "drill.sample_phone", f"127.0.0.1:{self._console}", str(photos)]
        await self._children.start(Program("phone", [*command, "--every", str(PHONE_SECONDS)]))
        screen.say("phone", f"sends the photos in {photos} every {PHONE_SECONDS} s")

    async def aclose(self) -> None:
        """End every process."""
        await self._children.aclose()

    async def _seek(self, console: ConsoleClient) -> None:
        await console.subscribe()
        known = await data_of(f"{self._url}/api/objects")
        if any(sought["name"] == CASE_NAME for sought in known):
            screen.say("case", f"{CASE_NAME!r} is still open from an earlier run")
            return
        await open_case(self._url, self._footage.case_photo, name=CASE_NAME)
        screen.say("case", f"{CASE_NAME!r} opened from one photo, {self._footage.case_photo}")

    async def _print_sightings(self, console: ConsoleClient) -> None:
        async for message in console.messages():
            if isinstance(message, Sighting) and message.sighting_id not in self._told:
                self._told.add(message.sighting_id)
                await self._print_sighting(message)
            elif isinstance(message, Error):
                screen.say("searchlight", f"refused: {message.message}")

    async def _print_sighting(self, sighting: Sighting) -> None:
        camera = str(sighting.camera_id)
        distance = "-" if sighting.distance is None else f"{sighting.distance:.2f}"
        text = f"sighting of {CASE_NAME!r}, object {sighting.object_id}, distance {distance}"
        truth = next((load_truth(clip.truth) for clip in self._footage.clips if clip.camera == camera), None)
        if truth is not None:
            there = verdict(sighting, truth, started_at=await source_started_at(self._camera_urls[camera]))
            text += f"; ground truth: {'right' if there.right else f'WRONG, it is {there.person}'}"
        screen.say(camera, text, at=sighting.first_seen)

    def _orchestrator(self, redis: EmbeddedRedis) -> Program:
        command = [sys.executable, "-m", "processor_orchestrator", "--port", str(self._console)]
        return Program("orchestrator", command, {"REDIS_URL": redis.url})

    def _worker(self, redis: EmbeddedRedis, *, port: int) -> Program:
        command = [sys.executable, "-m", "job_workers", "--port", str(port), "--processes", "1"]
        return Program("worker", command, {"REDIS_URL": redis.url, "ENGINE": self._engine.name})

    def _gateway(self, redis: EmbeddedRedis, broker: EmbeddedBroker, *, port: int) -> Program:
        command = [sys.executable, "-m", "mqtt_gateway", "--port", str(port), "--broker-url", broker.url]
        command += ["--orchestrator-url", f"ws://127.0.0.1:{self._console}/client", "--mqtt-version", broker.version]
        return Program("gateway", command, {"REDIS_URL": redis.url, "BROKER_PASSWORD": broker.password})

    def _offload_worker(self, redis: EmbeddedRedis) -> Program:
        folders = {name: self._data_dir / "offload" / name for name in ("programs", "cache")}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        environment = {f"{name.upper()}_FOLDER": str(folder.resolve()) for name, folder in folders.items()}
        command = [sys.executable, "-m", "job_workers", "--queues", "offload", "--port", str(_free_port(0))]
        return Program("offload_worker", command, {"REDIS_URL": redis.url} | environment)

    def _cloudlet(self, redis: EmbeddedRedis, *, port: int) -> Program:
        server = f"127.0.0.1:{self._console}"
        command = [sys.executable, "-m", "cloudlet", server, server, str(port), "5", "--advertise", "127.0.0.1"]
        command += ["--spool", str(self._data_dir / "cloudlet.sqlite3"), "--model-id", self._engine.model_id]
        return Program("cloudlet", command, {"REDIS_URL": redis.url})

    def _camera(self, clip: Clip) -> tuple[Program, str]:
        port = _free_port(0)
        flags = {
            "--camera-id": clip.camera,
            "--source": f"file:{clip.video.resolve()}?loop=1&realtime=1",
            "--orchestrator-url": f"ws://127.0.0.1:{self._console}/processor",
            "--port": str(port),
            "--min-face-px": str(MIN_FACE_PX),
        }
        command = [sys.executable, "-m", "camera_processor", *(part for pair in flags.items() for part in pair)]
        return Program(clip.camera, command, {"ENGINE": self._engine.name}), f"http://127.0.0.1:{port}"


def _free_port(wanted: int) -> int:
    """Return `wanted` when nobody listens there on loopback, else a port that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            screen.say("searchlight", f"port {wanted} is taken, another one is used")
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

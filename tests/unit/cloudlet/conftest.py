"""A cloudlet whose neighbours are in memory; its outbox is a file."""

import json

import pytest
from prometheus_client import CollectorRegistry

from backbone.wire.jobs import EncodeTask, MatchTask
from backbone.zips.archives import Archive
from cloudlet.comparisons import Comparisons
from cloudlet.domain.batches import Batches, Sent
from cloudlet.domain.jobs import Job, Jobs
from cloudlet.domain.match_files import Sender
from cloudlet.matches import Matches
from cloudlet.metrics import CloudletMetrics
from cloudlet.outbox import DeliveryOutbox
from cloudlet.service import CloudletService
from tests.fakes.legacy_peers import photos_in
from tests.fakes.photo_worker import MODEL
from tests.unit.cloudlet.fakes import FakeClock, FakeQueue, FakeStore
from tests.zips import zip_of

MOST_BYTES = 10_000
MOST_BATCHES = 5


class House:
    """The service between its neighbours; `start` starts it anew, as after a kill."""

    def __init__(self, folder) -> None:
        self.log: list[str] = []
        self.clock, self.queue, self.store = FakeClock(), FakeQueue(self.log), FakeStore(self.log)
        self.outbox = DeliveryOutbox(folder / "spool.sqlite3", most_bytes=MOST_BYTES)
        self.start()

    def start(self) -> None:
        self.registry = CollectorRegistry()
        metrics, sender = CloudletMetrics(self.registry), Sender("c:1", "e")
        self.jobs, self.batches = Jobs(MODEL), Batches(MOST_BATCHES)
        self.comparisons = Comparisons(
            jobs=self.jobs,
            batches=self.batches,
            store=self.store,
            queue=self.queue,
            cloudlet=sender.cloudlet,
            clock=self.clock,
        )
        self.service = CloudletService(
            jobs=self.jobs,
            batches=self.batches,
            comparisons=self.comparisons,
            matches=Matches(jobs=self.jobs, queue=self.queue, outbox=self.outbox, metrics=metrics, sender=sender),
            store=self.store,
            queue=self.queue,
            outbox=self.outbox,
            metrics=metrics,
            tolerance=0.6,
            clock=self.clock,
        )

    def metric(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0

    async def new_job(self, name: str, *photos: bytes, references: object = None) -> Job:
        files = [(f"{name}/{number}.jpg", photo) for number, photo in enumerate(photos)]
        if references is not None:
            files.append(("references.json", json.dumps(references).encode()))
        packed = zip_of(files)
        return await self.service.new_job(name, Archive(packed), packed)

    async def open_job(self, name: str, photo: bytes) -> None:
        job = await self.new_job(name, photo)
        await self.service.take(self.queue.result_of(self.queue.tasks[job.task_id]))

    async def new_photos(self, *photos: bytes, **told) -> str:
        packed = zip_of([(f"{number}.jpg", photo) for number, photo in enumerate(photos)])
        return await self.service.new_photos(Archive(packed), packed, Sent(**told))

    async def work(self) -> None:
        """Do every task that was handed over, and take its result, until there is none."""
        while self.queue.tasks:
            await self.service.take(self.queue.result_of(next(iter(self.queue.tasks.values()))))

    def encodings(self) -> list[EncodeTask]:
        return self.queue.of_kind(EncodeTask)

    def comparisons_under_way(self) -> list[MatchTask]:
        return self.queue.of_kind(MatchTask)

    async def delivered(self) -> list[tuple[str, dict[str, bytes]]]:
        """Take everything out of the outbox, and return jobs and files."""
        found = []
        while (item := await self.outbox.oldest()) is not None:
            found.append((item.job, photos_in(item.content)))
            await self.outbox.delivered(item.id)
        return found


@pytest.fixture
async def unloaded(tmp_path):
    house = House(tmp_path)
    yield house
    await house.outbox.stop()


@pytest.fixture
async def house(unloaded):
    await unloaded.service.resume()
    unloaded.log.clear()
    return unloaded

"""Models that come later: each learns of the open cases out of what is kept, or the case says that it cannot."""

from dataclasses import replace

import pytest

from backbone.jobs.worker_models import WorkerModels
from backbone.wire.jobs import ENCODE, Encoded, EncodeTask, Failed, Reference, Refused
from backbone.wire.shared import FeatureMap
from processor_orchestrator.cases import likenesses as likenesses_module
from processor_orchestrator.cases.likenesses import LikenessService
from processor_orchestrator.cases.models_in_use import ModelsInUse
from processor_orchestrator.domain.case import Case, Kind
from processor_orchestrator.domain.case_events import CaseOpened
from processor_orchestrator.domain.cloudlet import Caller, joined
from processor_orchestrator.domain.events import CameraModelsChanged, MapRefused, MapWanted, PeersMet
from processor_orchestrator.domain.sighting import Changes, Sighting
from processor_orchestrator.stores.memory import MemoryStore
from processor_orchestrator.stores.registry_memory import MemoryRegistry
from tests.unit.processor_orchestrator.services import NOW, Services

ROW, OTHER = tuple(number / 128 for number in range(128)), (0.25,) * 128
CASE = Case(1, NOW, NOW + 3600, kind=Kind.CASE, feature_map=[list(ROW)], model_id="m")


class Queue:
    """Workers of some models, that answer what a test wants."""

    def __init__(self, *models):
        self.own, self.more, self.blobs, self.tasks = frozenset(models), frozenset(), {}, []

    async def models(self):
        return WorkerModels(own=self.own, every=self.own | self.more)

    async def put_blobs(self, blobs):
        self.blobs.update(blobs)

    async def enqueue(self, queue, task):
        assert queue == ENCODE
        self.tasks.append(task)


class Registry(MemoryRegistry):
    """A registry that several orchestrators share."""

    def __init__(self, now):
        super().__init__()
        self.held, self.now = {}, now

    async def claim(self, key, owner, *, seconds):
        holder, until = self.held.get(key, (owner, 0.0))
        if holder != owner and self.now() < until:
            return False
        self.held[key] = (owner, self.now() + seconds)
        return True


class Bench:
    def __init__(self, metrics, *workers):
        self.now, self.store, self.registry = NOW, MemoryStore(), Registry(lambda: self.now)
        self.queue = Queue(*workers) if workers else None
        self.services = Services(self.store, metrics, now=lambda: self.now)
        self.bus, self.cases = self.services.bus, self.services.cases
        clock = {"now": lambda: self.now}
        self.models = ModelsInUse(bus=self.bus, registry=self.registry, queue=self.queue, heartbeat=5.0, **clock)
        self.likenesses = self.another()
        self.wanted = []
        self.bus.subscribe(MapWanted, self.wanted.append)

    def another(self):
        return LikenessService(
            cases=self.cases,
            store=self.store,
            registry=self.registry,
            bus=self.bus,
            models=self.models,
            queue=self.queue,
            results="r",
            now=lambda: self.now,
        )

    async def opened(self, case=CASE, *chips):
        await self.cases.load()
        await self.cases.happen(CaseOpened(case))
        await self.store.save_chips(case, chips or (b"one", b"two"))

    async def look(self, *cameras):
        self.bus.publish(CameraModelsChanged(frozenset(cameras)))
        await self.models.refresh()
        await self.likenesses.look()

    async def answered(self, task, *rows, refused=(), model="s"):
        references = tuple(Reference("a", (0.0, 0.0, 1.0, 1.0), row, "") for row in rows)
        await self.likenesses.take(Encoded(task.task_id, task.tag, "m", (), refused, {model: references}))

    def known(self):
        return self.cases.get(1)


@pytest.fixture
def bench(metrics):
    return Bench(metrics, "m", "s")


@pytest.fixture
def without_workers(metrics):
    return Bench(metrics)


async def test_a_model_that_joins_late_learns_of_the_open_cases_from_the_workers_once(bench):
    await bench.opened()
    await bench.look("m", "s")
    await bench.look("m", "s")
    (task,) = bench.queue.tasks
    assert isinstance(task, EncodeTask)
    assert (task.models, task.reply, task.tag) == (("s",), "r", "map 1 s")
    assert [bench.queue.blobs[photo.key] for photo in task.photos] == [b"one", b"two"]
    await bench.answered(task, OTHER, ROW)
    assert (bench.known().likeness("s").references, bench.known().likeness("m").references) == ((OTHER, ROW), (ROW,))
    await bench.look("m", "s")
    assert (len(bench.queue.tasks), bench.wanted) == (1, [])


async def test_a_model_that_workers_can_use_is_in_use_only_where_somebody_has_it_as_its_own(metrics):
    bench = Bench(metrics, "m")
    bench.queue.more = frozenset({"s"})
    await bench.opened()
    await bench.look("m")
    assert (bench.models.named(), bench.queue.tasks) == (("m",), [])
    await bench.look("m", "s")
    assert (bench.models.named(), [task.models for task in bench.queue.tasks]) == (("m", "s"), [("s",)])


async def test_of_two_orchestrators_one_asks_the_workers(bench):
    await bench.opened()
    await bench.look("s")
    await bench.another().look()
    assert len(bench.queue.tasks) == 1


async def test_who_did_not_answer_is_asked_again_later(bench):
    await bench.opened()
    await bench.look("s")
    bench.now += likenesses_module.AGAIN_SECONDS + 1
    await bench.likenesses.look()
    assert len({task.task_id for task in bench.queue.tasks}) == 2


async def test_a_model_that_finds_no_face_in_what_is_kept_needs_a_new_photo(bench):
    await bench.opened()
    await bench.look("s")
    await bench.answered(bench.queue.tasks[0])
    assert bench.known().needs_photo_for(bench.models.all()) == ("s",)
    bench.now += likenesses_module.AGAIN_SECONDS + 1
    await bench.look("s")
    assert len(bench.queue.tasks) == 1


async def test_a_task_that_was_given_up_needs_a_new_photo_and_one_whose_pictures_are_gone_does_not(bench):
    await bench.opened()
    await bench.look("s")
    (task,) = bench.queue.tasks
    await bench.answered(task, refused=(Refused("a", "photo_gone", "x"),))
    await bench.answered(task, OTHER, model="of another worker")
    assert bench.known().needs_photo_for(["s"]) == ()
    await bench.likenesses.take(Failed(task.task_id, task.tag, "crashed", "x"))
    assert bench.known().needs_photo_for(["s"]) == ("s",)


@pytest.mark.parametrize("tag", ["1", "map 2 s", "map x s", "map 1", "else 1 s", ""])
async def test_what_is_not_for_an_open_case_changes_nothing(bench, tag):
    await bench.opened()
    before = bench.known()
    await bench.likenesses.take(Encoded("t", tag, "s", (Reference("a", (0.0, 0.0, 1.0, 1.0), OTHER, ""),)))
    assert bench.known() == before


async def test_a_model_that_no_worker_has_is_made_by_a_processor_of_it(bench):
    await bench.opened()
    await bench.look("third", "")
    assert bench.queue.tasks[0].tag == "map 1 s", "the workers' own, for photos of phones and footage"
    assert bench.wanted == [MapWanted(1, "", b"one"), MapWanted(1, "third", b"one")]
    await bench.look("third", "")
    assert len(bench.wanted) == 2


async def test_without_workers_the_processors_make_the_maps(without_workers):
    bench = without_workers
    await bench.cases.load()
    await bench.cases.happen(CaseOpened(replace(CASE, kind=Kind.BOX, image=b"jpeg")))
    await bench.look("s")
    assert bench.wanted == [MapWanted(1, "s", b"jpeg")]


async def test_processors_are_asked_for_few_maps_at_a_time(without_workers, monkeypatch):
    monkeypatch.setattr(likenesses_module, "MOST_ASKED_OF_CAMERAS", 2)
    bench = without_workers
    for number in range(1, 4):
        await bench.opened(replace(CASE, case_id=number))
    await bench.look("s")
    await bench.look("s")
    assert len(bench.wanted) == 2
    await bench.cases.learn(FeatureMap(object_id=bench.wanted[0].case_id, feature_map=[list(OTHER)], model_id="s"))
    await bench.look("s")
    assert {wanted.case_id for wanted in bench.wanted} == {1, 2, 3}


async def test_a_processor_that_makes_nothing_of_it_is_not_asked_again(without_workers):
    bench = without_workers
    await bench.opened()
    await bench.likenesses.refused(MapRefused(1, "s"))
    assert bench.known().unmade == (), "nobody asked"
    await bench.look("s")
    await bench.likenesses.refused(MapRefused(1, "s"))
    await bench.likenesses.refused(MapRefused(2, "s"))
    assert bench.known().unmade == ("s",)


async def test_a_case_without_a_picture_is_asked_of_nobody(bench):
    await bench.opened(replace(CASE, kind=Kind.BOX))
    await bench.store.save_chips(CASE, ())
    await bench.look("third")
    assert (bench.queue.tasks, bench.wanted) == ([], [])
    assert bench.known().needs_photo_for(bench.models.all()) == ("s", "third")


async def test_faces_that_were_rejected_before_are_learned_by_the_new_model_too(bench):
    await bench.opened()
    seen = [
        Sighting(f"1-5-a{number}", 1, "door", 5.0, 5.0, 1, (0.0, 0.0, 1.0, 1.0), has_crop=True) for number in range(3)
    ]
    await bench.store.save_sightings(Changes(tuple(seen), {"1-5-a1": b"crop", "1-5-a2": b"kept"}, ()))
    for sighting_id in ("1-5-a0", "1-5-a1"):
        await bench.services.sightings.reject(sighting_id, case_id=1)
    await bench.look("s")
    await bench.answered(bench.queue.tasks[0], OTHER)
    _, task = bench.queue.tasks
    assert ([bench.queue.blobs[photo.key] for photo in task.photos], task.models) == ([b"crop"], ("s",))
    await bench.answered(task, ROW)
    assert [(one.model, one.negatives) for one in bench.known().likenesses] == [("m", ()), ("s", (ROW,))]


async def test_models_of_cameras_at_another_orchestrator_are_in_use_and_asked_for_there(without_workers):
    bench = without_workers
    await bench.opened()
    bench.bus.publish(PeersMet({}, (), frozenset({"s"})))
    await bench.look("m")
    assert (bench.models.named(), bench.wanted) == (("m", "s"), [])


async def test_models_of_cloudlets_are_in_use_while_they_live(bench):
    caller = Caller("10.0.0.1", 8100, "run-1", "c")
    await bench.registry.change(lambda roster: joined(roster, caller, now=NOW))
    await bench.look("", "m")
    assert (bench.models.all(), bench.models.named()) == ({"", "c", "m", "s"}, ("c", "m", "s"))
    bench.now += 60.0
    await bench.models.refresh()
    assert bench.models.named() == ("m", "s")


async def test_a_cloudlet_that_is_heard_for_the_first_time_has_its_model_looked_up_at_once(bench):
    await bench.models.refresh()
    caller = Caller("10.0.0.1", 8100, "run-1", "c")
    await bench.registry.change(lambda roster: joined(roster, caller, now=NOW))
    await bench.models.refresh(older_than=60.0)
    assert "c" not in bench.models.named()
    assert bench.models.note_cloudlet("10.0.0.1:8100")
    await bench.models.refresh(older_than=60.0)
    assert "c" in bench.models.named()
    assert not bench.models.note_cloudlet("10.0.0.1:8100")

"""A Redis that the version before the event bus wrote is read whole: nothing of it is lost by an upgrade."""

import base64
import json
from pathlib import Path

import pytest
import redis

from backbone.wire.jobs import Photo, Place, Refused
from processor_orchestrator.domain.budget import Sensitivity
from processor_orchestrator.domain.case import Case, CaseState, Kind
from processor_orchestrator.domain.case_events import FeatureMapLearned
from processor_orchestrator.domain.cloudlet import JobNote
from processor_orchestrator.domain.likeness import Likeness
from processor_orchestrator.domain.sighting import Sighting
from processor_orchestrator.stores import TimelineRow
from processor_orchestrator.stores.redis_store import RedisStore
from processor_orchestrator.stores.registry_redis import RedisRegistry
from processor_orchestrator.stores.snippets_redis import RedisSnippets

KEPT = Path(__file__).parent / "kept" / "redis_0.1.0.json"
ROW = tuple(round(number / 128, 4) for number in range(128))
AT = 1_700_000_000.0
ANNA = Case(
    1,
    AT,
    4e9,
    name="Anna",
    camera="door",
    frame_id=5.5,
    box_id=7,
    image=b"\xff\xd8image",
    feature_map=[0.5, 1],
    model_id="m",
)
BERT = Case(
    2,
    AT,
    4e9,
    name="Bert",
    threshold=0.45,
    purpose="missing",
    mqtt=True,
    mqtt_crops=True,
    kind=Kind.CASE,
    state=CaseState.ENCODING,
    photos=(Photo(key="blob:1", name="a.jpg", received_at=1.0),),
)
JOB = Case(
    3,
    AT,
    4e9,
    name="bert",
    kind=Kind.JOB,
    job="bert",
    digest="d1",
    feature_map=[list(ROW)],
    model_id="m",
    refused=(Refused(photo="b.jpg", code="no_face", message="x"),),
    negatives=(ROW,),
)
SEEN = Sighting("1-18bcfe56800-0a1b2c3d", 1, "door", AT, AT + 3, 4, (0.1, 0.1, 0.2, 0.2), 0.9, 0.4, has_crop=True)
MATCHED = Sighting(
    "3-18bcfe56801-0123456789abcdef",
    3,
    "cloudlet 10.0.0.1:8100",
    AT,
    AT,
    1,
    (0.0, 0.0, 1.0, 1.0),
    distance=0.41,
    source="phone",
    cloudlet="10.0.0.1:8100",
    taken_at=AT,
    place=Place(52.5, 13.4),
    rejected=True,
)


def raw(text):
    return base64.b64decode(text)


def put(direct, key, kind, value):
    match kind:
        case "string":
            direct.set(key, raw(value))
        case "set":
            direct.sadd(key, *map(raw, value))
        case "list":
            direct.rpush(key, *map(raw, value))
        case "hash":
            direct.hset(key, mapping={raw(field): raw(text) for field, text in value.items()})
        case "zset":
            direct.zadd(key, {raw(member): score for member, score in value})
        case "stream":
            for entry_id, fields in value:
                direct.xadd(key, {raw(field): raw(text) for field, text in fields.items()}, id=entry_id)


@pytest.fixture
def url(shared_redis):
    with redis.Redis(port=shared_redis.port) as direct:
        direct.flushall()
        for key, (kind, value) in json.loads(KEPT.read_text(encoding="utf-8")).items():
            put(direct, key, kind, value)
    return shared_redis.url


async def test_cases_sightings_and_pictures_are_all_there(url):
    store = RedisStore.from_url(url)
    try:
        assert await store.open_cases() == [ANNA, BERT, JOB]
        assert await store.object_ids() == [1, 2, 3, 4]
        assert await store.next_case_id() == 5, "no id is used twice"
        assert await store.case_of_job("bert") == 3
        assert sorted(await store.sightings(limit=10), key=lambda seen: seen.case_id) == [SEEN, MATCHED]
        assert await store.timeline(1) == [TimelineRow(1_700_000_000, "door"), TimelineRow(1_700_000_003, 7)]
        assert await store.last_seen([1, 2, 3]) == {1: AT + 3, 3: AT}
        assert (await store.chips(3), await store.crop(SEEN.sighting_id)) == ([b"\xff\xd8chip"], b"\xff\xd8crop")
        assert await store.was_stored("match:m-1:bert"), "a match that comes again is known"
    finally:
        await store.aclose()


async def test_cases_and_sightings_of_the_version_before_have_the_usual_budget_and_no_likelihood(url):
    store = RedisStore.from_url(url)
    try:
        cases = await store.open_cases()
        assert [(case.sensitivity, case.false_candidates) for case in cases] == [(Sensitivity.BALANCED, 3.0)] * 3
        assert [case.threshold for case in cases] == [None, 0.45, None], "what was stated still wins"
        seen = await store.sightings(limit=10)
        assert [(one.model_id, one.strangers_among) for one in seen] == [(None, None)] * 2
    finally:
        await store.aclose()


async def test_what_was_kept_of_a_case_is_its_models_alone(url):
    store = RedisStore.from_url(url)
    try:
        job = (await store.open_cases())[2]
        assert job.likenesses == (Likeness("m", [list(ROW)], (ROW,)),)
        await store.save(FeatureMapLearned(3, [[0.5] * 128], "other"))
        job = (await store.open_cases())[2]
        assert (job.likeness("m").references, job.likeness("other").references) == ((ROW,), ((0.5,) * 128,))
    finally:
        await store.aclose()


async def test_cloudlets_their_jobs_and_snippets_are_all_there(url):
    registry, snippets = RedisRegistry.from_url(url), RedisSnippets.from_url(url, keep_seconds=1e12)
    try:
        (cloudlet,) = await registry.cloudlets()
        assert (cloudlet.key, cloudlet.phones, cloudlet.epoch) == ("10.0.0.1:8100", 1, "run-1")
        assert await registry.jobs_of(cloudlet.key) == {"bert": JobNote("bert", 3, has=True, edition=7)}
        snippet = await snippets.find("1")
        assert snippet is not None
        assert (snippet.sha256, await snippets.jpeg(snippet)) == ("ab" * 32, b"\xff\xd8snippet")
    finally:
        await registry.aclose()
        await snippets.aclose()

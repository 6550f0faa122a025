"""Writes results to Redis, each once, and reads what tasks name there (adapter of Redis). Looks at no picture."""

import msgspec
from redis import Redis

from backbone.redis_settings import RedisKeys
from backbone.wire.jobs import DONE_SECONDS, GalleryFile, Result

STREAM_ENTRIES = 100_000

# One step: a task that ran twice, because its first worker died after this, finds its mark and writes nothing.
_WRITE_ONCE = """
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) then return 0 end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'result', ARGV[3])
for number = 3, #KEYS do redis.call('DEL', KEYS[number]) end
return 1
"""
_encode = msgspec.json.Encoder().encode
_gallery = msgspec.json.Decoder(GalleryFile)


class ResultStore:
    """The workers' side of the contract in `backbone.wire.jobs`."""

    def __init__(self, redis: Redis, keys: RedisKeys) -> None:
        self._redis = redis
        self._keys = keys
        self._write_once = redis.register_script(_WRITE_ONCE)

    def is_done(self, task_id: str) -> bool:
        """Return whether a task's last result was written."""
        return bool(self._redis.exists(self._mark(task_id)))

    def write(self, reply: str, result: Result, *, part: int | None = None, drop: tuple[str, ...] = ()) -> bool:
        """Write a result and delete pictures in one step; return False when it was written before.

        Args:
            reply: the stream.
            part: number of a part that more will follow; None: the last or only one.
            drop: keys of pictures.
        """
        mark = self._mark(result.task_id) if part is None else f"{self._mark(result.task_id)}:{part}"
        keys = [mark, *(self._keys.key(name) for name in (reply, *drop))]
        return bool(self._write_once(keys=keys, args=[DONE_SECONDS, STREAM_ENTRIES, _encode(result)]))

    def blob(self, key: str) -> bytes | None:
        """Return a picture, None when it is gone."""
        content = self._redis.get(self._keys.key(key))
        return content if isinstance(content, bytes) else None

    def gallery(self, key: str) -> GalleryFile | None:
        """Return a gallery, None when it is gone."""
        content = self._redis.get(self._keys.key(key))
        return _gallery.decode(content) if isinstance(content, bytes) else None

    def _mark(self, task_id: str) -> str:
        return self._keys.key(f"done:{task_id}")

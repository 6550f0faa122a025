"""Which part of a Redis is this installation's: a prefix, and the names of keys under it. Connects to nothing."""

import hashlib
from dataclasses import dataclass

from pydantic import Field

from backbone.settings import RoleSettings

DEFAULT_PREFIX = "searchlight"


@dataclass(frozen=True, slots=True)
class RedisKeys:
    """Turns names, which all installations share, into keys, which are one installation's own.

    Names are what messages and code say: `blob:1`, `mqtt:results`, `encode`. Under the default prefix a key is its
    name, as it was before there were prefixes; under another one, P, it is `P:` and its name.
    """

    prefix: str = DEFAULT_PREFIX

    def key(self, name: str) -> str:
        """Return the key, queue or channel of a name."""
        return f"{self._before}{name}"

    def name(self, key: str | bytes) -> str:
        """Return the name of a key of this installation."""
        return (key.decode() if isinstance(key, bytes) else key).removeprefix(self._before)

    def job_id(self, task_id: str) -> str:
        """Return the id of a task's job: rq keeps all jobs of a Redis in one place, and takes no `:` or `.` in ids."""
        return f"{self._before_job}{task_id}"

    def task_id(self, job_id: str) -> str:
        """Return the id of a job's task."""
        return job_id.removeprefix(self._before_job)

    @property
    def _before(self) -> str:
        return "" if self.prefix == DEFAULT_PREFIX else f"{self.prefix}:"

    @property
    def _before_job(self) -> str:
        # Of one length for all prefixes, so that no prefix and task id together read like another two.
        return "" if self.prefix == DEFAULT_PREFIX else f"p{hashlib.sha256(self.prefix.encode()).hexdigest()[:16]}-"


class RedisSettings(RoleSettings):
    """What every role with a Redis can be told about its place there."""

    redis_prefix: str = Field(
        DEFAULT_PREFIX,
        pattern=r"^[A-Za-z0-9_.-]{1,40}$",
        description="name of this installation in Redis; two with different names may share one Redis",
    )

    @property
    def redis_keys(self) -> RedisKeys:
        """The keys of this installation."""
        return RedisKeys(self.redis_prefix)

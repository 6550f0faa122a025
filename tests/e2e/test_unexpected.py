"""A stored value that nobody can read ends the orchestrator with a word, instead of leaving it deaf."""

import redis

from tests.conftest import RedisServer
from tests.processes import Role, wait_until


def test_a_corrupt_stored_object_is_told_and_ends_the_process(redis_server: RedisServer) -> None:
    client = redis.Redis(port=redis_server.port)
    client.sadd("searchlight:open", 1)
    client.set("searchlight:object:1", b"{no json")
    running = Role("processor_orchestrator", "--port", "0", environment={"REDIS_URL": redis_server.url})
    try:
        wait_until(lambda: running.process.poll() is not None, "the end")
        assert running.process.returncode == 70
        wait_until(lambda: running.events("unexpected_error"), "its last words")
    finally:
        if running.process.poll() is None:
            running.kill()

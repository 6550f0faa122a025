"""The broker with the stack's own configuration: who may say and hear what, what survives, what it refuses."""

import itertools
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker import GATEWAY, HOME, Broker
from tests.mqtt_client import Client
from tests.processes import ROOT, wait_until

ALICE, BOB = "alice", "bob"
USERS = (ALICE, BOB, HOME, GATEWAY)
TOPICS = (
    *(f"{room}/{user}" for room in ("localCode", "inputCode", "result") for user in (ALICE, BOB, HOME)),
    "result/alice/private",
    "result/bob/private",
    "localCode/alice/deeper",
    "searchlight/available",
    "searchlight/sightings",
    "homeassistant/status",
    "homeassistant/camera/searchlight/door/config",
    "anything/else",
)


def may_write(user: str, topic: str) -> bool:
    """What the rules are, told a second time in other words than the broker's."""
    room = topic.split("/", maxsplit=1)[0]
    if user == GATEWAY:
        return room in {"result", "searchlight", "homeassistant"}
    if user == HOME:
        return topic == "homeassistant/status"
    return user in {ALICE, BOB} and topic in {f"localCode/{user}", f"inputCode/{user}"}


def may_read(user: str, topic: str) -> bool:
    room = topic.split("/", maxsplit=1)[0]
    if user == GATEWAY:
        return room in {"localCode", "inputCode"} or topic == "homeassistant/status"
    if user == HOME:
        return room in {"searchlight", "homeassistant"}
    return user in {ALICE, BOB} and topic.split("/")[:2] == ["result", user]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    running = Broker(tmp_path / "broker", ALICE, BOB)
    yield running
    running.kill()


def check_the_matrix(broker: Broker) -> None:
    """Publish every topic as everybody; what each of them hears is what that one may hear, no more."""
    clients = {user: Client(broker, user) for user in USERS}
    for client in clients.values():
        client.__enter__()
    try:
        for client in clients.values():
            for topic in ("#", "+/+", "+/bob", "$SYS/#", "result/#", *TOPICS):
                client.subscribe(topic)
        allowed: list[tuple[str, str]] = []
        for user, topic in itertools.product(USERS, TOPICS):
            code = clients[user].publish(topic, f"{user} -> {topic}")
            assert code.is_failure is not may_write(user, topic), f"{user} writes {topic}: {code}"
            allowed += [] if code.is_failure else [(user, topic)]
        for user, client in clients.items():
            expected = {f"{writer} -> {topic}" for writer, topic in allowed if may_read(user, topic)}
            heard = lambda c=client: {m.payload.decode() for m in list(c.heard) if not m.topic.startswith("$SYS")}  # noqa: E731
            wait_until(lambda: expected <= heard(), f"{user} to hear {expected}")  # noqa: B023 - used at once
            assert heard() == expected, user
            assert not [message for message in client.heard if message.topic.startswith("$SYS")], user
    finally:
        for client in clients.values():
            client.__exit__()


def test_nobody_reads_or_writes_what_is_not_theirs_and_that_holds_after_a_restart(broker):
    check_the_matrix(broker)
    broker.stop()
    broker.start()
    check_the_matrix(broker)


def test_a_client_id_gives_no_rights(broker):
    with Client(broker, ALICE, client_id=BOB, wants=("result/#", "result/alice", "result/bob")) as liar:
        assert liar.publish("inputCode/bob", "x").is_failure
        with Client(broker, GATEWAY) as gateway:
            gateway.publish("result/bob", "for bob")
            gateway.publish("result/alice", "for alice")
        wait_until(lambda: liar.payloads("result/alice"), "what is alice's")
        assert liar.payloads("result/bob") == []


@pytest.mark.parametrize(("user", "password"), [(None, None), (ALICE, "wrong"), ("nobody", "of-nobody"), (ALICE, " ")])
def test_whoever_shows_no_valid_password_is_refused(broker, user, password):
    with Client(broker, user, password=password) as client:
        assert client.refused is not None
        assert client.refused.getName() in {"Not authorized", "Bad user name or password"}


def test_a_lab_without_passwords_can_be_allowed_and_still_has_rules(tmp_path):
    broker = Broker(tmp_path / "broker", ALICE, anonymous=True)
    try:
        with Client(broker, None, wants=("result/device", "#")) as device, Client(broker, GATEWAY) as gateway:
            assert not device.publish("inputCode/device", "x").is_failure
            assert device.publish("result/device", "forged").is_failure
            assert device.publish("searchlight/available", "forged").is_failure
            gateway.publish("searchlight/sightings", "private")
            gateway.publish("result/device", "done")
            wait_until(lambda: device.payloads("result/device"), "the result")
            assert {message.topic for message in device.heard} == {"result/device"}
    finally:
        broker.kill()


def test_a_database_that_cannot_be_read_is_moved_aside_and_the_broker_starts(broker):
    with Client(broker, GATEWAY) as gateway:
        gateway.publish("searchlight/available", "online", retain=True)
    broker.stop()
    database = broker.folder / "data" / "mosquitto.db"
    good = database.read_bytes()
    broker.start()
    assert not list(database.parent.glob("*.unreadable-*")), "a good database stays"
    with Client(broker, HOME, wants=("searchlight/#",)) as home:
        wait_until(lambda: home.payloads("searchlight/available"), "what was kept")
    broker.kill()
    for broken in (good[: len(good) // 2], b"\0" * 300, b"no database", good[:20] + b"\xff" * 8 + good[28:]):
        database.write_bytes(broken)
        broker.start()
        broker.kill()
    (aside,) = database.parent.glob("*.unreadable-*")
    assert aside.read_bytes()
    assert "database unreadable" in broker.log()


def lets_in(broker: Broker, user: str, password: str) -> bool:
    with Client(broker, user, password=password) as client:
        return client.refused is None


def test_it_listens_where_it_was_told_to_and_nowhere_else(broker):
    assert broker.listens_at() == {f"0100007F:{broker.port:04X}"}


def test_a_packet_over_the_cap_is_refused_and_hurts_nobody_else(broker):
    with Client(broker, ALICE) as alice, Client(broker, BOB) as bob:
        alice.mqtt.publish("inputCode/alice", b"x" * 2_000_000, qos=1)
        assert not bob.publish("inputCode/bob", "small").is_failure


def test_a_device_gets_a_name_and_a_password_that_is_printed_once_and_works_at_once(broker, tmp_path):
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "mqtt_passwords").symlink_to(broker.passwords)

    def mqtt_user(name: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"SECRETS_DIR": str(secrets), "STACK_ENV": str(tmp_path / "none")}
        environment |= {"COMPOSE_PROJECT_NAME": "nobody-runs-this"}
        command = ["sh", str(ROOT / "stack/mqtt_user.sh"), name]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    before = broker.passwords.stat().st_ino
    first, second = mqtt_user("pi-7"), mqtt_user("pi-7")
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    old, new = (re.search(r"^password  (\S+)$", told.stdout, flags=re.MULTILINE)[1] for told in (first, second))
    assert old != new
    assert len(new) >= 32
    text = broker.passwords.read_text(encoding="ascii")
    assert text.count("pi-7:") == 1
    assert new not in text
    assert broker.passwords.stat().st_ino == before, "a running container has this very file"
    broker.reload()
    wait_until(lambda: lets_in(broker, "pi-7", new), "the new user")
    with Client(broker, "pi-7", password=new, wants=("result/pi-7",)) as device:
        assert not device.publish("localCode/pi-7", "1").is_failure
    with Client(broker, "pi-7", password=old) as device:
        assert device.refused is not None
    with Client(broker, ALICE) as alice:
        assert alice.refused is None
    for name in ("", "a b", "../x", "home-assistant", "x" * 65):
        assert mqtt_user(name).returncode == 2, name
    assert broker.passwords.read_text(encoding="ascii") == text, "bad input changes nothing"


@pytest.mark.parametrize("anonymous", [False, True])
def test_the_health_check_asks_the_broker_without_a_password(tmp_path, anonymous):
    broker = Broker(tmp_path / "broker", anonymous=anonymous)
    environment = {"PATH": "/usr/bin:/bin", "PORT": str(broker.port)}
    check = ["sh", str(ROOT / "stack/mosquitto/healthy.sh")]
    assert subprocess.run(check, env=environment, timeout=60, check=False).returncode == 0
    broker.kill()
    assert subprocess.run(check, env=environment, timeout=60, check=False).returncode == 1

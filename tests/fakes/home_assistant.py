"""Home Assistant as far as discovery goes: takes configurations by its documented rules and shows entities' states.

Rules: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery (topic form, characters of ids, required keys of
each component, templates, availability, empty payload removes).
"""

import json
import re
from datetime import datetime
from typing import Any

import jinja2
from paho.mqtt.client import MQTTMessage

from tests.broker import HOME, Broker
from tests.mqtt_client import Client

TOPIC = re.compile(r"homeassistant/([a-z_]+)/(?:([A-Za-z0-9_-]+)/)?([A-Za-z0-9_-]+)/config")
REQUIRED = {"camera": {"topic"}, "binary_sensor": {"state_topic"}, "sensor": {"state_topic"}}
ALLOWED = {
    "name",
    "unique_id",
    "object_id",
    "device",
    "availability",
    "origin",
    "icon",
    "entity_category",
    "device_class",
    "state_class",
    "unit_of_measurement",
    "state_topic",
    "topic",
    "value_template",
    "json_attributes_topic",
    "availability_mode",
}
CLASSES = {
    "binary_sensor": {"connectivity", "presence", "occupancy", "motion", None},
    "sensor": {"timestamp", None},
    "camera": {None},
}
PAYLOAD_LIMIT = 8 * 1024


class HomeAssistant:
    """One start of it: nothing is known before it is told."""

    def __init__(self, broker: Broker) -> None:
        self.configurations: dict[str, dict[str, Any]] = {}
        self.retained: dict[str, bytes] = {}
        self.faults: list[str] = []
        self.configured_at: dict[str, int] = {}
        self.sightings: list[dict[str, Any]] = []
        self._count = 0
        self._environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
        wants = ("homeassistant/#", "searchlight/#")
        self._client = Client(broker, HOME, wants=wants, on_message=self._hear)

    def __enter__(self) -> "HomeAssistant":
        self._client.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.__exit__()

    def say_online(self) -> int:
        """Say that it has started; return how many configurations came until now."""
        count = self._count
        assert not self._client.publish("homeassistant/status", "online").is_failure
        return count

    def configured_again(self, since: int) -> set[str]:
        """Return the topics that were configured after a count."""
        return {topic for topic, count in self.configured_at.items() if count > since}

    def _hear(self, message: MQTTMessage) -> None:
        if message.topic == "homeassistant/status":
            return
        if message.topic == "searchlight/sightings":
            self.sightings.append(json.loads(message.payload))
        elif message.topic.startswith("searchlight/"):
            self.retained[message.topic] = message.payload
        else:
            self._count += 1
            self.configured_at[message.topic] = self._count
            try:
                self._configure(message.topic, message.payload)
            except (AssertionError, ValueError, KeyError, jinja2.TemplateError) as fault:
                self.faults.append(f"{message.topic}: {type(fault).__name__}: {fault}")

    def _configure(self, topic: str, payload: bytes) -> None:
        found = TOPIC.fullmatch(topic)
        assert found, "expected <component>/[<node>/]<object>/config"
        if not payload:
            self.configurations.pop(topic, None)
            return
        assert len(payload) <= PAYLOAD_LIMIT
        told = json.loads(payload)
        component = found[1]
        assert component in REQUIRED, component
        assert REQUIRED[component] <= told.keys(), "required keys"
        assert told.keys() <= ALLOWED, told.keys() - ALLOWED
        assert told.get("device_class") in CLASSES[component]
        assert re.fullmatch(r"[A-Za-z0-9_-]+", told["object_id"])
        assert isinstance(told["name"], str)
        assert told["name"]
        others = {c["unique_id"] for t, c in self.configurations.items() if t != topic}
        assert told["unique_id"] not in others, "unique ids are unique"
        assert told["device"]["identifiers"]
        assert told["origin"]["name"]
        assert all(place["topic"] for place in told["availability"])
        self._environment.from_string(told.get("value_template", ""))
        self.configurations[topic] = told

    def entity(self, unique_id: str) -> dict[str, Any] | None:
        """Return an entity's configuration."""
        return next((c for c in list(self.configurations.values()) if c["unique_id"] == unique_id), None)

    def available(self, unique_id: str) -> bool:
        """Return whether an entity is available."""
        told = self.entity(unique_id)
        assert told is not None, unique_id
        return all(self.retained.get(place["topic"]) == b"online" for place in told["availability"])

    def state(self, unique_id: str) -> Any:
        """Return an entity's state as it would be shown, None: unknown; checks that it is one of its kind."""
        told = self.entity(unique_id)
        if told is None or told.get("state_topic") not in self.retained:
            return None
        payload = self.retained[told["state_topic"]].decode()
        values = {"value": payload, "value_json": json.loads(payload)}
        text = self._environment.from_string(told["value_template"]).render(values)
        if told.get("device_class") == "timestamp":
            return None if text == "None" else _time(text)
        if told["unique_id"] in {c["unique_id"] for t, c in self.configurations.items() if "/binary_sensor/" in t}:
            assert text in {"ON", "OFF"}, text
        return text

    def picture(self, unique_id: str) -> bytes | None:
        """Return what a camera entity shows."""
        told = self.entity(unique_id)
        return None if told is None else self.retained.get(told["topic"]) or None


def _time(text: str) -> datetime:
    told = datetime.fromisoformat(text)
    assert told.tzinfo is not None, "Home Assistant takes no time without zone"
    return told

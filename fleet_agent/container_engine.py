"""The container engine on the other side of the socket, by the docker SDK. Decides nothing about what may run.

The SDK blocks: every call runs on one thread of its own and is bounded, so that an engine that hangs holds up the
commands for it and nothing else.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, TypeVar

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.types import LogConfig, Mount

from backbone.errors import Conflict, SearchlightError, Unavailable
from backbone.lifecycle import Part
from fleet_agent.domain.container_spec import ContainerSpec
from fleet_agent.domain.inventory import Container

SDK_SECONDS = 8.0
"""The longest silence of the engine during one request."""

CALL_SECONDS = 25.0
"""The longest call, waiting for the one before it included."""

GRACE_SECONDS = 8
"""How long a container may take to end by itself."""

AWAY = "engine_away"

LABEL = "searchlight.fleet"
_NAME, _KIND, _SPEC = "searchlight.name", "searchlight.kind", "searchlight.spec"
_DEVICE, _SOURCE = "searchlight.device", "searchlight.source"

T = TypeVar("T")


class ContainerEngine(Part):
    """The containers that one node's agent started; it sees no others.

    Args:
        url: unix:///PATH or tcp://HOST:PORT.
        node: the node's name, by which containers are told apart from other people's.
    """

    def __init__(self, url: str, *, node: str) -> None:
        self._node = node
        self._url = url
        self._connection: docker.APIClient | None = None
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="container_engine")

    async def stop(self) -> None:
        """Let the thread go; a call that hangs ends with the process."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def containers(self) -> list[Container]:
        """Return this agent's containers, by name.

        Raises:
            Unavailable: the engine does not answer.
        """
        return await self._call(self._containers)

    async def create(self, spec: ContainerSpec) -> None:
        """Make a container and start it; nothing is left of it when it cannot start.

        Raises:
            Unavailable: the engine does not answer, or lacks the image or the network.
            Conflict: somebody else's container has the name.
        """
        await self._call(lambda: self._create(spec))

    async def start_again(self, container: Container) -> None:
        """Start a container that has ended.

        Raises:
            Unavailable: the engine does not answer, or cannot.
        """
        await self._call(lambda: self._api.start(container.container_id))

    async def remove(self, container: Container) -> None:
        """End a container, by force when it takes too long, and remove it; one that is gone already is fine.

        Raises:
            Unavailable: the engine does not answer.
        """
        await self._call(lambda: self._remove(container.container_id))

    async def _call(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await loop.run_in_executor(self._worker, work)
        except ImageNotFound as fault:
            raise Unavailable(f"image: expected one that this node has, got: {_told(fault)}", code="no_image") from None
        except APIError as fault:
            raise _refusal(fault) from None
        except TimeoutError:
            raise Unavailable(f"expected the engine's answer within {CALL_SECONDS:g} s, got none", code=AWAY) from None
        except (DockerException, OSError) as fault:  # requests' errors are OSErrors
            self._connection = None
            raise Unavailable(f"expected an engine at {self._url}, got none: {fault!s:.200}", code=AWAY) from None

    # On the engine's thread.

    @property
    def _api(self) -> docker.APIClient:
        """The connection; made when it is needed, as it asks the engine for the version to speak."""
        if self._connection is None:
            self._connection = docker.APIClient(base_url=self._url, version="auto", timeout=SDK_SECONDS)
        return self._connection

    def _containers(self) -> list[Container]:
        found = self._api.containers(all=True, filters={"label": f"{LABEL}={self._node}"})
        return sorted((_container(told) for told in found if _NAME in told["Labels"]), key=lambda one: one.name)

    def _create(self, spec: ContainerSpec) -> None:
        made = self._api.create_container(
            spec.image,
            command=list(spec.command) or None,
            name=f"searchlight.{self._node}.{spec.name}",
            user=str(spec.user),
            environment=dict(spec.environment),
            labels=self._labels(spec),
            host_config=self._api.create_host_config(**_limits(spec)) | _own_sandbox(spec),
            use_config_proxy=False,
        )
        try:
            self._api.start(made["Id"])
        except BaseException:
            self._api.remove_container(made["Id"], force=True, v=True)
            raise

    def _remove(self, container_id: str) -> None:
        try:
            # The SDK adds the grace to its own patience.
            self._api.stop(container_id, timeout=GRACE_SECONDS)
            self._api.remove_container(container_id, force=True, v=True)
        except NotFound:
            return

    def _labels(self, spec: ContainerSpec) -> dict[str, str]:
        labels = {LABEL: self._node, _NAME: spec.name, _KIND: spec.kind, _SPEC: spec.digest}
        places = {_DEVICE: spec.device, _SOURCE: spec.source}
        return labels | {label: place for label, place in places.items() if place is not None}


def _limits(spec: ContainerSpec) -> dict[str, Any]:
    """Return what every container is held to. Any: the SDK's keywords take many types."""
    return {
        "network_mode": spec.network,
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true", *_own_profile(spec)],
        "init": True,
        "mem_limit": spec.memory_bytes,
        "memswap_limit": spec.memory_bytes,
        "pids_limit": spec.pids,
        "nano_cpus": int(spec.cpus * 1e9),
        "tmpfs": {"/tmp": f"size={spec.tmpfs_bytes},mode=1777,nosuid,nodev"},  # noqa: S108 - within the container
        "restart_policy": {"Name": "on-failure", "MaximumRetryCount": spec.restarts} if spec.restarts else None,
        "devices": [f"{spec.device}:{spec.device}:rw"] if spec.device is not None else None,
        "group_add": [str(spec.device_group)] if spec.device_group is not None else None,
        "mounts": [Mount(target, source, type="bind", read_only=True) for target, source in spec.mounts.items()],
        "log_config": LogConfig(type="json-file", config={"max-size": "10m", "max-file": "2"}),
    }


def _own_profile(spec: ContainerSpec) -> list[str]:
    """Return what lets a container without capabilities make sandboxes: AppArmor's own profile forbids every mount."""
    return [f"seccomp={spec.seccomp_profile}", "apparmor=unconfined"] if spec.seccomp_profile else []


def _own_sandbox(spec: ContainerSpec) -> dict[str, list[str]]:
    """Return what unmasks /proc: the kernel lets nobody mount one for a sandbox who sees only part of it."""
    return {"MaskedPaths": [], "ReadonlyPaths": []} if spec.seccomp_profile else {}


def _container(told: Mapping[str, Any]) -> Container:
    """Return a container from the engine's summary. Any: the engine's JSON."""
    labels = told["Labels"]
    return Container(
        container_id=told["Id"],
        name=labels[_NAME],
        kind=labels.get(_KIND, "unknown"),
        digest=labels.get(_SPEC, ""),
        state=told["State"],
        since=float(told["Created"]),
        device=labels.get(_DEVICE),
        source=labels.get(_SOURCE),
    )


def _refusal(fault: APIError) -> SearchlightError:
    if fault.status_code == HTTPStatus.CONFLICT:
        return Conflict(f"expected a name that no other container has, got: {_told(fault)}")
    return Unavailable(f"expected the engine to agree, got: {_told(fault)}", code="engine_refused")


def _told(fault: APIError) -> str:
    return str(fault.explanation or fault)[:400]

"""One snap from its request to its summary. Sends nothing, waits for nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from backbone.wire.snap_values import Answer, Failed, Taken, Uploaded
from backbone.wire.to_snap import DeviceResult, Summary
from processor_orchestrator.domain.snap_device import Device


@dataclass(slots=True)
class Snap:
    """What was asked of which devices, and what they said so far.

    Attributes:
        began: monotonic seconds.
        asked: every device that is meant, and whether it was connected.
    """

    snap_id: str
    began: float
    asked: dict[str, bool]
    _said: dict[str, tuple[Answer, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, snap_id: str, devices: Iterable[Device], *, now: float) -> "Snap":
        """Return a snap that was just asked of `devices`."""
        return cls(snap_id, now, {device.device_id: device.online for device in devices})

    def hear(self, answer: Answer, *, now: float) -> bool:
        """Take a device's answer; return whether it says something new. What was final stays."""
        known = self._said.get(answer.device_id)
        if known is not None and not isinstance(known[0], Taken):
            return False
        self._said[answer.device_id] = (answer, now - self.began)
        self.asked.setdefault(answer.device_id, True)
        return True

    @property
    def settled(self) -> bool:
        """Whether every device that was connected has a final answer."""
        final = {name for name, (answer, _) in self._said.items() if not isinstance(answer, Taken)}
        return final.issuperset(name for name, online in self.asked.items() if online)

    def summary(self) -> Summary:
        """Return what became of it up to now."""
        results = [self._result(name, online=online) for name, online in sorted(self.asked.items())]
        complete = bool(results) and all(result.state == "uploaded" for result in results)
        return Summary(snap_id=self.snap_id, devices=results, complete=complete)

    def _result(self, name: str, *, online: bool) -> DeviceResult:
        answer, seconds = self._said.get(name, (None, 0.0))
        match answer:
            case Taken(sha256=sha256):
                return DeviceResult(device_id=name, state="taken", sha256=sha256, seconds=round(seconds, 3))
            case Uploaded(sha256=sha256):
                return DeviceResult(device_id=name, state="uploaded", sha256=sha256, seconds=round(seconds, 3))
            case Failed(reason=reason):
                return DeviceResult(device_id=name, state="failed", reason=reason, seconds=round(seconds, 3))
            case _:
                return DeviceResult(device_id=name, state="silent" if online else "offline")

"""R1 and R2: Pis upload while the receiver ends itself at chosen points, over a good link or a bad one.

Whatever was acknowledged must be there, whole, once; nothing else may be seen.
"""

import hashlib
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests

from pi_receiver.storage.faults import POINTS
from tests.fakes.fault_proxy import fault_proxy
from tests.processes import Role, free_port
from tests.receivers import Pi, Receiving, base64_of, claims_of, digest_of

SENDERS = 4
TIMEOUT = (3, 4)
RUDE = 1.4
"""How much likelier a kill is than it would have to be: the last uploads are not all spent on missing kills."""


@dataclass
class Outcome:
    """What came of a run; `acknowledged`: digest by station folder and name."""

    kills: int
    seconds: float
    retries: int
    acknowledged: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """Return the metrics."""
        faults = ", ".join(f"{count} {name}" for name, count in sorted(self.faults.items())) or "no faults"
        return (
            f"{len(self.acknowledged)} uploads acknowledged, {self.kills} kills, {self.retries} retries, "
            f"link: {faults}; {len(self.wrong)} lost, corrupt or doubled; {self.seconds:.0f} s"
        )


class Supervisor:
    """Starts a receiver again whenever it ended itself, until it did so often enough."""

    def __init__(self, receiving: Receiving, *, uploads: int, kills: int) -> None:
        self.port = free_port()
        self.kills = 0
        self.done = 0
        self._receiving = receiving
        self._uploads = uploads
        self._wanted = kills
        self._stop = threading.Event()
        self._role: Role | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._role = self._started()
            while self._role.process.poll() is None and not self._stop.wait(0.02):
                pass
            if not self._stop.is_set():
                assert self._role.process.returncode == -9, self._role.logs[-5:]
                self.kills += 1

    def _started(self) -> Role:
        left = self._wanted - self.kills
        share = min(1.0, RUDE * max(left, 0) / max(self._uploads - self.done, 1) / len(POINTS))
        faults = ",".join(f"{point}:{share:.6f}" for point in sorted(POINTS))
        arguments = ["--port", str(self.port), "--ids", str(self._receiving.ids), "--stall-seconds", "5"]
        arguments += ["--received-files", str(self._receiving.store), "--max-unfinished", "100000"]
        return Role(
            "pi_receiver",
            *arguments,
            *(("--fault", faults) if left > 0 else ()),
            environment={"TEST_MODE": "1", "LOG_LEVEL": "error"},
        )

    def wants(self, number: int) -> bool:
        return number < self._uploads or (self.kills < self._wanted and number < 2 * self._uploads)

    def end(self) -> None:
        self._stop.set()
        self._thread.join(timeout=30)
        if self._role is not None and self._role.process.poll() is None:
            self._role.terminate()


@dataclass(frozen=True, slots=True)
class Load:
    """How many files are sent, of which sizes, and what a resumable one is cut into; in bytes."""

    uploads: int
    sizes: Sequence[int] = (0, 1, 100, 3_000, 20_000, 60_000)
    piece: int = 25_000


class Sender:
    """One Pi that does not give up."""

    def __init__(self, pi: Pi, load: Load, *, seed: int, outcome: Outcome, deadline: float) -> None:
        self._pi = pi
        self._load = load
        self._random = random.Random(seed)
        self._outcome = outcome
        self._deadline = deadline

    def send(self, number: int) -> None:
        size = self._random.choice(self._load.sizes)
        content, name = self._random.randbytes(size), f"{number}.csv"
        way, state = (self._resumed if number % 4 == 0 else self._legacy), dict[str, str]()
        while not way(name, content, state):
            assert time.monotonic() < self._deadline, f"{name} was never acknowledged: {state}"
            self._outcome.retries += 1
            time.sleep(0.05)
        self._outcome.acknowledged[f"station{self._pi.station}/{name}"] = digest_of(content)

    def _legacy(self, name: str, content: bytes, state: dict[str, str]) -> bool:
        with suppress(requests.RequestException, OSError, IndexError):
            asked = requests.get(f"{self._pi.url}/upload", headers=self._pi.headers, timeout=TIMEOUT)
            answer = requests.post(
                f"{self._pi.url}/upload/{asked.text.split()[1]}",
                headers=self._pi.headers | {"num_files": "1", "checksum": digest_of(content)},
                files={"sensor_data_file": (name, content)},
                timeout=TIMEOUT,
            )
            state["told"] = answer.text
            return answer.text == "200" and self._is_receipt(answer, content)
        return False

    def _resumed(self, name: str, content: bytes, state: dict[str, str]) -> bool:
        with suppress(requests.RequestException, OSError, KeyError):
            if "where" not in state:
                created = self._pi.create(name, content)
                state["where"] = urlsplit(created.headers["Location"]).path
                if not content:
                    return self._is_receipt(created, content)
            answer = self._pi.tus("HEAD", state["where"])
            if answer.status_code in {404, 410}:
                del state["where"]
                return False
            offset = int(answer.headers["Upload-Offset"])
            while "Receipt" not in answer.headers:
                piece = content[offset : offset + self._load.piece]
                digest = f"sha256 {base64_of(hashlib.sha256(piece).digest())}"
                more = {"Upload_Checksum": digest} if self._random.random() < 0.5 else {}
                answer = self._pi.patch(state["where"], offset, piece, **more)
                state["told"] = f"{answer.status_code} {answer.text}"
                offset = int(answer.headers["Upload-Offset"])
            return self._is_receipt(answer, content)
        return False

    @staticmethod
    def _is_receipt(answer: requests.Response, content: bytes) -> bool:
        return claims_of(answer.headers["Receipt"])["sha256"] == digest_of(content)


def fire(folder: Path, load: Load, *, kills: int, seed: int, bad_links: float, longest: float) -> Outcome:
    """Run it and return what came of it.

    Args:
        seed: of contents and of what goes wrong on the link; kills strike by chance.
        bad_links: share of connections that go wrong; 0: no proxy.
        longest: seconds after which the run has failed.
    """
    receiving, began = Receiving(folder), time.monotonic()
    outcome = Outcome(0, 0.0, 0)
    pis = [Pi("", f"{number:016x}", str(number)) for number in range(1, SENDERS + 1)]
    receiving.ids.write_text("".join(f"{pi.pi_id}\n" for pi in pis))
    supervisor = Supervisor(receiving, uploads=load.uploads, kills=kills)
    with ExitStack() as stack:
        stack.callback(supervisor.end)
        port = supervisor.port
        if bad_links:
            proxy = stack.enter_context(fault_proxy(lambda: supervisor.port, seed=seed, share=bad_links))
            port, outcome.faults = proxy.port, proxy.done
        queue = itertools.count()
        with ThreadPoolExecutor(SENDERS) as threads:
            runs = []
            for index, pi in enumerate(pis):
                pi.url = f"http://127.0.0.1:{port}"
                pi.timeout = TIMEOUT
                sender = Sender(pi, load, seed=seed + index, outcome=outcome, deadline=began + longest)
                runs.append(threads.submit(_run, sender, queue, supervisor))
            for run in runs:
                run.result()
    outcome.kills, outcome.seconds = supervisor.kills, time.monotonic() - began
    outcome.wrong = wrong_in(receiving, outcome.acknowledged)
    return outcome


def _run(sender: Sender, queue: Iterator[int], supervisor: Supervisor) -> None:
    """Send until all is sent, and a little more where kills are still missing."""
    for number in queue:
        if not supervisor.wants(number):
            return
        sender.send(number)
        supervisor.done += 1


def wrong_in(receiving: Receiving, acknowledged: dict[str, str]) -> list[str]:
    """Return everything that is not as it was acknowledged."""
    seen = {str(path.relative_to(receiving.store)): path for path in receiving.visible()}
    wrong = [f"lost: {path}" for path in acknowledged.keys() - seen.keys()]
    wrong += [f"not acknowledged: {path}" for path in seen.keys() - acknowledged.keys()]
    for path in acknowledged.keys() & seen.keys():
        if digest_of(seen[path].read_bytes()) != acknowledged[path]:
            wrong.append(f"corrupt: {path}")
        name = path.rpartition("/")[2]
        if seen[path].with_name(f"{name}.sha256").read_text() != f"{acknowledged[path]} {name}\n":
            wrong.append(f"sidecar: {path}")
    noted = receiving.noted()
    if len(noted) != len(dict(noted)) or dict(noted) != acknowledged:
        wrong.append(f"ledger: {len(noted)} rows for {len(acknowledged)} files")
    return wrong

"""The services around the open cases, on a store in memory, for the tests of each of them."""

import json

from backbone.pictures.cleaner import PictureCleaner
from processor_orchestrator.bus import EventBus
from processor_orchestrator.cases.service import CaseService
from processor_orchestrator.domain.conversation import Conversation
from processor_orchestrator.domain.open_cases import OpenCases
from processor_orchestrator.domain.thresholds import Thresholds
from processor_orchestrator.live.service import LiveService
from processor_orchestrator.sightings.crops import CropCleaner
from processor_orchestrator.sightings.service import SightingService

NOW = 1_700_000_000.0


class Services:
    """One orchestrator's services, joined by a bus."""

    def __init__(self, store, metrics, *, now=lambda: NOW, timeout=100.0, cleaner=None):
        self.store, self.bus, self.open_cases = store, EventBus(), OpenCases()
        self.thresholds = Thresholds(self.open_cases, faces_per_day=10_000.0)
        self.sightings = SightingService(
            store=store,
            bus=self.bus,
            crops=CropCleaner(cleaner or PictureCleaner()),
            thresholds=self.thresholds,
            metrics=metrics,
            now=now,
        )
        self.cases = CaseService(
            cases=self.open_cases,
            store=store,
            bus=self.bus,
            sightings=self.sightings,
            cleaner=PictureCleaner(),
            metrics=metrics,
            timeout=timeout,
            now=now,
        )
        self.live = LiveService(
            conversation=Conversation(self.open_cases, thresholds=self.thresholds),
            cases=self.cases,
            sightings=self.sightings,
            bus=self.bus,
            metrics=metrics,
            now=now,
        )


class Peer:
    """A socket that remembers what it was told."""

    def __init__(self):
        self.commands, self.frames, self.closed = [], [], None

    def send_command(self, payload, framed=None):
        self.commands.append(json.loads(payload))

    def send_frames(self, payloads, framed):
        self.frames.extend(json.loads(payload) for payload in payloads)

    def close(self, code=None, reason=None):
        self.closed = code

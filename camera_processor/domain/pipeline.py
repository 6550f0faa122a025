"""From a picture to tracked, identified boxes: detect, track, re-identify. Does not wait, send, store or read a clock.

All methods belong to one worker thread: nothing here is thread-safe, and dlib is not either.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from camera_processor.domain.cadence import Cadence
from camera_processor.domain.crops import Crops, cut
from camera_processor.domain.feature_maps import Embedding, FeatureMaps
from camera_processor.domain.frames import Frame
from camera_processor.domain.identity import Rule, View
from camera_processor.domain.reidentify import Reidentifier
from camera_processor.domain.results import FrameResult, Picture, TrackedBox
from camera_processor.domain.scene_cut import SceneCut
from camera_processor.domain.tracking.tracker import Tracker
from camera_processor.domain.tracking.tracks import Track, TrackState
from faces import Faces, Gallery
from faces.quality import measured, quality
from faces.scale import Scale

COAST = 0.5  # seconds that a box is shown without being detected
LEAST_INSIDE = 0.7  # share of a predicted box that has to be within the picture
REMEMBER_ENDED = 60.0  # seconds
MOST_ENDED = 512


class UnknownBox(LookupError):
    """No box of this id is tracked, or ended a short while ago, or it was never seen well enough to be encoded."""


class NoFace(ValueError):
    """A picture that should show a face shows none."""


class Engine(Protocol):
    """What the pipeline asks of `faces.FaceEngine`."""

    model_id: str
    min_face_px: float

    def detect(self, image: Picture, min_face_px: float | None = None) -> Faces:
        """Find the faces in a picture."""

    def encode(self, image: Picture, faces: Faces) -> NDArray[np.float32]:
        """Return (n, 128), one embedding a face."""


class Pipeline:
    """Detects, tracks and re-identifies the faces of one camera. One thread only.

    Args:
        engine: detects and encodes.
        gallery: empty, and not shared.
        scale: what distances between the engine's embeddings mean.
        rate: share of strangers that an object may let pass when it states nothing.
        hits: views that a track needs at least before it carries an object.
        min_face_px: width in pixels of the smallest face to find; None: the engine's own.
        sure: detector's score from which on a detection may begin a track.
        keep_lost: seconds that a face out of sight may come back under its old box id.
        encodings_per_frame: most encodings in one picture.
        detection_share: share of the time that detection and encoding may take, see `Cadence`.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        gallery: Gallery[int],
        scale: Scale,
        rate: float = 1e-4,
        hits: int = 1,
        min_face_px: float | None = None,
        sure: float = 0.3,
        keep_lost: float = 20.0,
        encodings_per_frame: int = 2,
        detection_share: float = 0.8,
    ) -> None:
        self._engine, self._scale = engine, scale
        self._min_face_px = engine.min_face_px if min_face_px is None else min_face_px
        self._maps = FeatureMaps(gallery, model_id=engine.model_id, scale=scale, rate=rate)
        self._tracker = Tracker(sure=sure, keep_lost=keep_lost)
        rule = Rule(scale, rate=rate, hits=hits)
        self._persons = Reidentifier(self._tracker, self._maps, rule=rule, per_frame=encodings_per_frame)
        self._scene = SceneCut()
        self._cadence = Cadence(share=detection_share)
        self._size: tuple[int, int] | None = None
        self._crops = Crops()
        self._ended: OrderedDict[int, tuple[Embedding, float]] = OrderedDict()
        self._now = 0.0

    def process(self, frame: Frame, now: float) -> FrameResult:
        """Take in the next picture.

        Args:
            frame: the picture.
            now: when it was taken, monotonic seconds (`frame.grabbed_at` does): speeds are measured by it.
        """
        self._now = now
        if self._scene.seen(frame.image):
            self._end(self._tracker.end_all(), now)
        self._follow_size(frame.image)
        self._tracker.predict(now)
        qualities: dict[int, float] = {}
        encoded = 0
        due = self._cadence.due(now)
        if due:
            qualities, encoded = self._detect(frame.image, now)
        visible = [track for track in self._tracker.tracks if self._is_visible(track, now)]
        carried = self._persons.carriers(visible)
        boxes = tuple(self._box(track, carried.get(track.box_id), qualities, frame.image, now) for track in visible)
        return FrameResult(boxes, due, encoded)

    def spent(self, seconds: float) -> None:
        """Take in how long the last `process` that detected took; without it every picture is searched."""
        self._cadence.spent(seconds)

    def start_from_box(self, box_id: int, object_id: int) -> Embedding:
        """Seek the person of a box under this object id, from all views so far as one, returned as (128,) float32.

        The track carries the object at once: an operator pointed at it.

        Raises:
            UnknownBox: the box is unknown, ended over 60 s ago, or was never encoded.
        """
        track = self._tracker.get(box_id)
        identity = self._persons.identity(track) if track is not None else None
        ended = self._ended.get(box_id)
        if identity is not None and identity.best is not None:
            embedding = identity.face(self._scale)
        elif ended is not None and self._now - ended[1] <= REMEMBER_ENDED:
            embedding = ended[0]
        else:
            why = "it was not seen well enough yet" if track is not None else "no such box is tracked"
            raise UnknownBox(f"box {box_id}: expected one of the last {REMEMBER_ENDED:.0f} s with a face; {why}")
        self.learn(object_id, embedding[None], self._engine.model_id)
        if identity is not None:
            identity.name(object_id)
        return embedding.copy()

    def learn(self, object_id: int, embeddings: ArrayLike, model_id: str | None) -> None:
        """Seek an object, or add references to it; tracks are compared with it at once.

        Raises:
            BadModel: the embeddings are of another model.
            faces.BadEmbedding: they are no finite (m, 128).
        """
        if self._maps.add(object_id, embeddings, model_id):
            self._persons.object_learned()

    def judge(self, object_id: int, threshold: float | None, *, negatives: Sequence[Sequence[float]] = ()) -> None:
        """Let an object be carried by faces so near to one of its references; None: as near as the usual share allows.

        Args:
            negatives: faces that are somebody else's, (128,) each; tracks are judged anew when there are others.
        """
        self._maps.set_threshold(object_id, threshold)
        if self._maps.set_negatives(object_id, negatives):
            self._persons.object_forgotten(object_id)

    def forget(self, object_id: int) -> bool:
        """Seek an object no longer; return whether it was sought."""
        known = self._maps.remove(object_id)
        self._persons.object_forgotten(object_id)
        return known

    def embed_photo(self, image: Picture) -> Embedding:
        """Return the embedding, (128,) float32, of the largest face in a picture, (h, w, 3) uint8 RGB.

        Raises:
            NoFace: the picture shows no face that the detector finds.
        """
        found = self._engine.detect(image, self._min_face_px)
        if not len(found):
            height, width = image.shape[:2]
            raise NoFace(f"expected a face of at least {self._min_face_px:g} px, found none in {width}x{height} px")
        sizes = np.prod(found.boxes[:, 2:] - found.boxes[:, :2], axis=1)
        embedding: Embedding = self._engine.encode(image, found.pick([int(np.argmax(sizes))]))[0]
        return embedding

    def _follow_size(self, image: Picture) -> None:
        size = (image.shape[1], image.shape[0])
        if self._size is not None and size != self._size:
            self._tracker.rescale(size[0] / self._size[0], size[1] / self._size[1])
        self._size = size

    def _detect(self, image: Picture, now: float) -> tuple[dict[int, float], int]:
        """Detect, track and encode; return the views' qualities by box id, and how many faces were encoded."""
        found = self._engine.detect(image, self._min_face_px)
        self._end(self._tracker.update(found.boxes, found.confidences, now), now)
        rows = {track.box_id: row for track in self._tracker.tracks if (row := track.motion.detection) is not None}
        grades = quality(measured(image, found), self._engine.model_id).tolist()
        qualities = {box_id: grades[row] for box_id, row in rows.items()}
        chosen = self._persons.choose(qualities, now)
        views = self._encode(image, found, [rows[track.box_id] for track in chosen])
        for track, embedding in zip(chosen, views, strict=True):
            # An earlier view of this frame may have moved what this track sees to another track.
            holder = next((t for t in self._tracker.tracks if t.motion.detection == rows[track.box_id]), None)
            if holder is not None:
                self._persons.take(holder, View(embedding, qualities[track.box_id], now))
        by_row = {row: qualities[box_id] for box_id, row in rows.items()}
        seen = [track for track in self._tracker.tracks if track.detected]
        return {track.box_id: by_row[track.motion.detection or 0] for track in seen}, len(chosen)

    def _encode(self, image: Picture, found: Faces, rows: Sequence[int]) -> NDArray[np.float32]:
        """Return (n, 128), of the model's usual length."""
        if not rows:
            return np.empty((0, 128), dtype=np.float32)
        return self._scale.held(self._engine.encode(image, found.pick(rows)))

    def _end(self, removed: list[Track], now: float) -> None:
        for box_id, identity in self._persons.forget_tracks(removed).items():
            self._crops.forget(box_id)
            if identity.best is not None:
                self._ended[box_id] = (identity.face(self._scale), now)
        while self._ended and (
            len(self._ended) > MOST_ENDED or now - next(iter(self._ended.values()))[1] > REMEMBER_ENDED
        ):
            self._ended.popitem(last=False)

    def _is_visible(self, track: Track, now: float) -> bool:
        if track.state is TrackState.TENTATIVE or not 0 <= now - track.motion.seen_at <= COAST:
            return False
        # A face that is missed is behind the one that it overlaps, or has left where its box leaves the picture.
        return track.detected or not (track.crowded or self._share_inside(track) < LEAST_INSIDE)

    def _share_inside(self, track: Track) -> float:
        """Return the share of a track's box, 0..1, that is within the picture."""
        box, (width, height) = track.box, self._size or (1, 1)
        inside = np.clip(box, 0.0, (width, height, width, height))
        return float(np.prod(inside[2:] - inside[:2]) / np.prod(box[2:] - box[:2]))

    def _box(
        self, track: Track, object_id: int | None, qualities: dict[int, float], image: Picture, now: float
    ) -> TrackedBox:
        newly, wanted = False, False
        if object_id is not None:
            quality = qualities.get(track.box_id, 0.0)
            newly, wanted = self._crops.due(track.box_id, object_id, quality=quality, now=now)
        height, width = image.shape[:2]
        rect = np.clip(track.box / (width, height, width, height), 0.0, 1.0)
        fading = 1.0 - max(now - track.motion.seen_at, 0.0) / COAST * 0.5
        return TrackedBox(
            box_id=track.box_id,
            rect=(float(rect[0]), float(rect[1]), float(rect[2]), float(rect[3])),
            certainty=float(np.clip(track.motion.confidence, 0.0, 1.0) * fading),
            object_id=object_id,
            distance=self._persons.identity(track).distance,
            newly_identified=newly,
            crop=cut(image, track.box) if wanted else None,
        )

"""Who is sought is found in the picture, keeps the box id, and no stranger ever carries the object's id."""

import numpy as np
import pytest

from camera_processor.domain.feature_maps import BadModel
from camera_processor.domain.frames import Frame
from camera_processor.domain.pipeline import NoFace, Pipeline, UnknownBox
from faces import BadEmbedding, Faces, Gallery
from tests.fakes.face_scale import SCALE

WIDTH, HEIGHT = 960, 540
TEXTURE = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
TEXTURE[:, WIDTH // 2 :] //= 2
MODEL = "dlib-fake"
OTHER_PLACE = np.kron(np.random.default_rng(1).integers(0, 255, (9, 16)), np.ones((60, 60)))[..., None].repeat(
    3, axis=2
)
MARKS = np.array([[0.7, 0.35], [0.58, 0.35], [0.3, 0.35], [0.42, 0.35], [0.5, 0.6]])
ANNA, BEN, CARL = 1, 2, 3


class FakeEngine:
    """Sees whoever the test puts before the camera: {person: (x, y, size)}.

    Embeddings of one person differ by about 0.28 (noise), those of two persons by about 1.4 or what `likeness` says.
    """

    model_id = MODEL
    min_face_px = 40.0

    def __init__(self, noise=0.2):
        self.scene, self.noise, self.encoded, self.detections = {}, noise, [], 0
        self.generator = np.random.default_rng(5)
        self.persons = {}

    def person(self, name):
        if name not in self.persons:
            vector = np.random.default_rng(100 + name).normal(size=128)
            self.persons[name] = vector / np.linalg.norm(vector)
        return self.persons[name]

    def look_alike(self, name, of, distance):
        aside = np.random.default_rng(200 + name).normal(size=128)
        self.persons[name] = self.person(of) + distance * aside / np.linalg.norm(aside)

    def detect(self, image, min_face_px=None):
        self.detections += 1
        boxes = np.array([[x, y, x + size, y + size] for x, y, size in self.scene.values()]).reshape(-1, 4)
        marks = np.array([MARKS * size + (x, y) for x, y, size in self.scene.values()]).reshape(-1, 5, 2)
        return Faces(boxes, np.full(len(boxes), 1.5), marks)

    def encode(self, image, faces):
        centres = {(round(float(b[0])), round(float(b[1]))) for b in faces.boxes}
        rows = []
        for box in faces.boxes:
            name = min(self.scene, key=lambda n: abs(self.scene[n][0] - box[0]) + abs(self.scene[n][1] - box[1]))
            self.encoded.append(name)
            error = self.generator.normal(size=128)
            rows.append(self.person(name) + self.noise * error / np.linalg.norm(error))
        assert len(rows) == len(centres)
        return np.array(rows, dtype=np.float32).reshape(-1, 128)


class Camera:
    """Shows scenes to a pipeline and remembers who carried which object and which box id."""

    def __init__(self, interval=0.1, noise=0.2, **settings):
        self.engine = FakeEngine(noise)
        self.pipeline = Pipeline(self.engine, gallery=Gallery(), scale=SCALE, **settings)
        self.now, self.interval, self.sequence = 1000.0, interval, 0
        self.image = TEXTURE

    def seek(self, person, object_id=7):
        self.pipeline.learn(object_id, [self.engine.person(person)], MODEL)

    def show(self, after=None, **scene):
        """Show one picture, e.g. anna=(x, y, size); return (result, {person: box})."""
        self.now += self.interval if after is None else after
        self.sequence += 1
        names = {"anna": ANNA, "ben": BEN, "carl": CARL}
        self.engine.scene = {names[key]: place for key, place in scene.items()}
        result = self.pipeline.process(Frame(self.image, self.now, self.sequence, self.now), self.now)
        height, width = self.image.shape[:2]
        found = {}
        for key, (x, y, size) in scene.items():
            for box in result.boxes:
                centre = (box.rect[0] + box.rect[2]) / 2 * width, (box.rect[1] + box.rect[3]) / 2 * height
                if abs(centre[0] - x - size / 2) < size / 3 and abs(centre[1] - y - size / 2) < size / 3:
                    found[key] = box
        return result, found


def carriers(found):
    return {name for name, box in found.items() if box.object_id is not None}


def test_the_sought_person_is_identified_by_the_first_clear_view():
    camera = Camera()
    camera.seek(ANNA)
    _, found = camera.show(anna=(105, 100, 90))
    assert found["anna"].object_id == 7
    assert found["anna"].newly_identified
    assert found["anna"].crop.shape == (153, 153, 3)
    assert found["anna"].distance == pytest.approx(0.2, abs=0.01)
    assert 0.9 <= found["anna"].certainty <= 1.0
    assert found["anna"].rect == pytest.approx((105 / 960, 100 / 540, 195 / 960, 190 / 540), abs=0.01)


def test_who_is_seen_poorly_is_identified_when_the_views_add_up():
    camera, named = Camera(noise=0.6), []
    camera.image = TEXTURE // 8
    camera.seek(ANNA)
    for number in range(20):
        _, found = camera.show(anna=(105 + number, 100, 90), ben=(500 + number, 100, 90))
        assert "ben" not in carriers(found)
        named.append("anna" in carriers(found))
    assert not named[0]
    assert named == sorted(named)
    assert sum(named) >= 12


def test_more_views_may_be_asked_for():
    camera = Camera(hits=3)
    camera.seek(ANNA)
    named = [bool(carriers(camera.show(anna=(105, 100, 90))[1])) for _ in range(10)]
    assert named[:2] == [False, False]
    assert named[-1]


def test_a_person_who_stays_is_newly_identified_only_once_and_encoded_rarely():
    camera = Camera()
    camera.seek(ANNA)
    told = 0
    for number in range(100):
        result, found = camera.show(anna=(100 + number, 100, 90))
        told += sum(box.newly_identified for box in result.boxes)
    assert found["anna"].object_id == 7
    assert told == 1
    assert len(camera.engine.encoded) <= 2


def test_a_stranger_is_never_identified_and_encoded_ever_more_rarely():
    camera = Camera()
    camera.seek(ANNA)
    for number in range(300):
        _, found = camera.show(ben=(100 + number, 100, 90))
        assert not carriers(found)
    assert len(camera.engine.encoded) <= 10
    assert found["ben"].distance > 1.0


def test_a_look_alike_who_only_comes_near_is_not_enough_however_often():
    camera = Camera(noise=0.0)
    camera.engine.look_alike(BEN, ANNA, 0.65)
    camera.seek(ANNA)
    for _ in range(100):
        _, found = camera.show(ben=(100, 100, 90))
        assert not carriers(found)
    assert len(camera.engine.encoded) <= 30


def test_a_clearly_better_view_that_contradicts_takes_the_object_away():
    camera = Camera(noise=0.0)
    camera.engine.look_alike(BEN, ANNA, 0.45)
    camera.seek(ANNA)
    camera.image = TEXTURE // 8
    for _ in range(5):
        _, found = camera.show(ben=(100, 100, 45))
    assert carriers(found) == {"ben"}
    camera.engine.look_alike(BEN, ANNA, 0.9)
    camera.image = TEXTURE  # somebody switched the light on
    for size in range(46, 100, 4):
        _, found = camera.show(ben=(100, 100, size))
    assert carriers(found) == set()


@pytest.mark.parametrize("interval", [0.1, 0.2, 0.3])
@pytest.mark.parametrize("gap", [0, 5])
def test_when_two_persons_cross_the_object_never_jumps(interval, gap):
    camera = Camera(interval)
    camera.seek(ANNA)
    right = total = 0
    ids = {"anna": set(), "ben": set()}
    for step in np.arange(0, 4, interval):
        anna, ben = 100 + 120 * step, 580 - 120 * step
        scene = {"anna": (anna, 100, 90), "ben": (ben, 100 + gap, 90)}
        if abs(anna - ben) < 45:
            del scene["ben"]
        _, found = camera.show(**scene)
        assert "ben" not in carriers(found)
        for name, box in found.items():
            ids[name].add(box.box_id)
        total += step > 0
        right += carriers(found) == {"anna"}
    assert right >= 0.9 * total
    assert len(ids["anna"]) == 1
    assert not ids["anna"] & ids["ben"] or interval > 0.1


@pytest.mark.parametrize("interval", [0.1, 0.2, 0.3])
def test_when_the_sought_person_is_hidden_by_another_the_object_does_not_stay_there(interval):
    camera = Camera(interval)
    camera.seek(ANNA)
    for step in np.arange(0, 6, interval):
        scene = {"ben": (100 + 120 * step, 100, 100), "anna": (460, 100, 90)}
        if abs(scene["ben"][0] - 460) < 70:
            del scene["anna"]
        _, found = camera.show(**scene)
        assert "ben" not in carriers(found)
    assert carriers(found) == {"anna"}


def test_another_person_in_the_place_of_the_sought_one_does_not_inherit_the_object():
    camera = Camera()
    camera.seek(ANNA)
    for _ in range(10):
        camera.show(anna=(100, 100, 90))
    camera.show()
    for _ in range(10):
        _, found = camera.show(ben=(105, 100, 90))
        assert not carriers(found)
    assert found["ben"].box_id != 1


def test_two_persons_who_change_places_between_two_pictures_are_told_apart():
    camera = Camera()
    camera.seek(ANNA)
    for _ in range(10):
        camera.show(anna=(100, 100, 90), ben=(170, 100, 90))
    for _ in range(10):
        _, found = camera.show(anna=(170, 100, 90), ben=(100, 100, 90))
        assert "ben" not in carriers(found)
    assert carriers(found) == {"anna"}
    assert found["anna"].box_id == 1


def test_who_comes_back_within_the_time_keeps_box_id_and_object_at_once():
    camera = Camera()
    camera.seek(ANNA)
    for _ in range(5):
        camera.show(anna=(100, 100, 90))
    for _ in range(60):
        camera.show()
    _, found = camera.show(anna=(700, 300, 70))
    assert (found["anna"].box_id, found["anna"].object_id) == (1, 7)
    assert not found["anna"].newly_identified


def test_who_comes_back_too_late_is_a_new_box():
    camera = Camera(keep_lost=5.0)
    camera.seek(ANNA)
    for _ in range(5):
        camera.show(anna=(100, 100, 90))
    camera.show(after=8.0)
    for _ in range(3):
        _, found = camera.show(anna=(700, 300, 70))
    assert found["anna"].box_id != 1
    assert found["anna"].newly_identified or found["anna"].object_id == 7


def test_a_missed_face_is_shown_for_half_a_second_and_then_hidden():
    camera = Camera()
    for number in range(10):
        camera.show(anna=(100 + 10 * number, 100, 90))
    shown = [len(camera.show()[0].boxes) for _ in range(8)]
    assert shown[:4] == [1] * 4
    assert shown[5:] == [0] * 3


def test_a_slow_machine_predicts_between_detections():
    camera = Camera()
    camera.seek(ANNA)
    detected = []
    for number in range(60):
        result, found = camera.show(anna=(100 + 6 * number, 100, 90))
        if result.detected:
            camera.pipeline.spent(0.24)
        detected.append(result.detected)
        if number > 5:
            assert carriers(found) == {"anna"}
    assert 18 <= sum(detected) <= 24
    assert camera.engine.detections == sum(detected)


def test_the_object_is_carried_by_the_nearer_of_two_who_look_alike():
    camera = Camera(noise=0.0)
    camera.engine.look_alike(BEN, ANNA, 0.4)
    camera.seek(ANNA)
    for _ in range(40):
        result, found = camera.show(anna=(100, 100, 90), ben=(600, 100, 90))
        assert len([box for box in result.boxes if box.object_id == 7]) <= 1
    assert carriers(found) == {"anna"}


def test_an_object_that_is_learnt_later_is_found_by_stored_views():
    camera = Camera()
    for _ in range(10):
        camera.show(anna=(100, 100, 90), ben=(500, 100, 90))
    before = len(camera.engine.encoded)
    camera.seek(ANNA)
    _, found = camera.show(anna=(100, 100, 90), ben=(500, 100, 90))
    assert carriers(found) == {"anna"}
    assert len(camera.engine.encoded) - before <= 1


def test_who_was_taken_for_the_sought_person_and_rejected_is_carried_no_more():
    camera = Camera(noise=0.1)
    camera.engine.look_alike(BEN, ANNA, 0.4)
    camera.seek(ANNA)
    for number in range(10):
        _, found = camera.show(ben=(100 + number, 100, 90))
    assert carriers(found) == {"ben"}
    camera.pipeline.judge(7, None, negatives=[camera.engine.person(BEN).tolist()])
    told = set()
    for number in range(40):
        _, found = camera.show(ben=(110 + number, 100, 90))
        told |= carriers(found)
    assert told == set()
    for number in range(10):
        _, found = camera.show(ben=(150 + number, 100, 90), anna=(500, 100, 90))
    assert carriers(found) == {"anna"}


def test_a_cut_of_the_scene_ends_every_track_and_no_name_crosses_it():
    camera = Camera()
    camera.seek(ANNA)
    for _ in range(5):
        _, found = camera.show(anna=(100, 100, 90))
    assert carriers(found) == {"anna"}
    before = found["anna"].box_id
    camera.image = OTHER_PLACE
    result, _ = camera.show()
    assert result.boxes == ()
    for _ in range(5):
        _, found = camera.show(ben=(100, 100, 90))
        assert not carriers(found)
        assert found["ben"].box_id != before
    camera.image = TEXTURE
    _, found = camera.show(anna=(100, 100, 90))
    assert carriers(found) == {"anna"}, "a clear view is enough again"
    assert found["anna"].box_id != before


def test_a_forgotten_object_is_carried_no_more_and_forgetting_again_is_no_fault():
    camera = Camera()
    camera.seek(ANNA)
    for _ in range(5):
        camera.show(anna=(100, 100, 90))
    assert camera.pipeline.forget(7)
    assert not camera.pipeline.forget(7)
    assert not carriers(camera.show(anna=(100, 100, 90))[1])


def test_the_person_in_a_box_is_sought_at_once_and_elsewhere_by_the_embedding():
    camera = Camera()
    for _ in range(5):
        _, found = camera.show(anna=(100, 100, 90), ben=(500, 100, 90))
    embedding = camera.pipeline.start_from_box(found["anna"].box_id, 9)
    assert np.linalg.norm(embedding - camera.engine.person(ANNA)) < 0.25
    _, found = camera.show(anna=(100, 100, 90), ben=(500, 100, 90))
    assert (found["anna"].object_id, found["ben"].object_id) == (9, None)
    camera.pipeline.learn(9, embedding.tolist(), MODEL)
    assert camera.show(anna=(100, 100, 90))[1]["anna"].object_id == 9


def test_a_box_that_ended_within_a_minute_can_still_be_sought():
    camera = Camera(keep_lost=5.0)
    for _ in range(5):
        camera.show(anna=(100, 100, 90))
    for _ in range(40):
        camera.show(after=1.0)
    assert np.linalg.norm(camera.pipeline.start_from_box(1, 9) - camera.engine.person(ANNA)) < 0.25
    for _ in range(40):
        camera.show(after=1.0)
    with pytest.raises(UnknownBox, match="box 1: expected one of the last 60 s"):
        camera.pipeline.start_from_box(1, 9)


def test_an_unknown_box_is_refused():
    with pytest.raises(UnknownBox, match="box 99"):
        Camera().pipeline.start_from_box(99, 1)


def test_a_feature_map_of_another_model_is_refused():
    camera = Camera()
    with pytest.raises(BadModel, match="expected a feature map of model dlib-fake, got other"):
        camera.pipeline.learn(7, [camera.engine.person(ANNA)], "other")
    with pytest.raises(BadEmbedding):
        camera.pipeline.learn(7, [[1.0]], MODEL)


def test_a_photo_gives_the_embedding_of_its_largest_face():
    camera = Camera()
    camera.engine.scene = {ANNA: (10, 10, 60), BEN: (200, 100, 120)}
    embedding = camera.pipeline.embed_photo(TEXTURE)
    assert np.linalg.norm(embedding - camera.engine.person(BEN)) < 0.25


def test_a_photo_without_a_face_is_refused():
    with pytest.raises(NoFace, match="expected a face of at least 40 px, found none in 960x540 px"):
        Camera().pipeline.embed_photo(TEXTURE)


def test_a_change_of_the_picture_size_mid_way_keeps_box_and_object():
    camera = Camera()
    camera.seek(ANNA)
    for _ in range(5):
        camera.show(anna=(200, 100, 90))
    camera.image = np.ascontiguousarray(TEXTURE[::2, ::2])
    _, found = camera.show(anna=(100, 50, 45))
    assert (found["anna"].box_id, found["anna"].object_id) == (1, 7)


def test_encodings_in_one_picture_are_bounded_and_everyone_gets_a_turn():
    camera = Camera(encodings_per_frame=1)
    for _ in range(4):
        result, _ = camera.show(anna=(100, 100, 90), ben=(400, 100, 90), carl=(700, 100, 90))
        assert result.encoded <= 1
    assert set(camera.engine.encoded) == {ANNA, BEN, CARL}


def test_a_face_at_the_border_stays_within_the_picture():
    camera = Camera()
    for _ in range(3):
        result, _ = camera.show(anna=(-40, -30, 90), ben=(920, 500, 90))
    assert len(result.boxes) == 2
    for box in result.boxes:
        assert all(0.0 <= edge <= 1.0 for edge in box.rect)


def test_pictures_without_faces_give_no_boxes():
    camera = Camera()
    camera.seek(ANNA)
    assert [camera.show()[0].boxes for _ in range(5)] == [()] * 5


@pytest.mark.parametrize("seed", range(8))
def test_in_a_restless_crowd_no_stranger_carries_the_object_and_nothing_is_undefined(seed):
    camera, generator = Camera(), np.random.default_rng(seed)
    camera.seek(ANNA)
    places = {name: generator.uniform((0, 0), (800, 400)) for name in ("anna", "ben", "carl")}
    speeds = {name: generator.uniform(-250, 250, 2) for name in places}
    false, right, shown = 0, 0, 0
    for _ in range(150):
        step = float(generator.uniform(0.05, 0.3))
        scene = {}
        for name, place in places.items():
            place[:] = place + speeds[name] * step
            speeds[name][(place < 0) | (place > (860, 440))] *= -1
            place[:] = np.clip(place, 0, (860, 440))
            behind = any(np.abs(place - other[:2]).max() < 50 for other in scene.values())
            if not behind and generator.uniform() > 0.1:
                scene[name] = (*place, 90)
        result, found = camera.show(after=step, **scene)
        assert all(np.isfinite(box.rect).all() for box in result.boxes)
        false += len(carriers(found) - {"anna"})
        shown += "anna" in scene
        right += "anna" in carriers(found)
    assert false == 0
    assert right >= 0.85 * shown


def test_who_left_the_picture_is_not_shown_outside_of_it():
    camera = Camera()
    for x in range(500, -40, -30):
        camera.show(anna=(x, 100, 90))
    shown = [box.rect for _ in range(6) for box in camera.show()[0].boxes]
    assert all(right - left > 0.4 * 90 / 960 for left, _, right, _ in shown)
    assert len(shown) <= 1

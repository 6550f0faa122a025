"""The models of faces whose names are known to every role. Does not load one.

A name says which weights made an embedding; embeddings of different names are never compared. Roles that hold no
engine know these names too: a cloudlet, and the orchestrator.
"""

DLIB = "dlib-resnet-v1-55533b28a958"
"""dlib's network: the only one before embeddings said of which they are, so that what is kept without a name is its."""

SFACE = "sface-2021dec-0ba9fbfa01b5"

DEFAULT = SFACE
"""Of the engine that cameras and workers load when nobody names one."""

LARGEST = 2.0
"""As far as embeddings of length 1 can be apart."""

TOLERANCES = {DLIB: 0.6, SFACE: 1.128}
"""Largest Euclidean distance that is a match where nobody stated one: dlib's by its author (dlib_face_recognition_
resnet_model_v1, "distance threshold of 0.6"), SFace's by its example in OpenCV (samples/dnn/face_detect.py, 1.128)."""


EQUAL = {DLIB: (0.0, 0.4, 0.45, 0.5, 0.6, 1.06, LARGEST), SFACE: (0.0, 0.988, 1.049, 1.108, 1.128, LARGEST, LARGEST)}
"""Distances that mean the same to each of the models: so many strangers are as near (1 in 6,000 at 0.5 and 1.108 by the
laws of `faces/budget.py`), and beyond the usual distances what is as much larger than these."""


def rescaled(distance: float, *, of: str, to: str) -> float:
    """Return the distance that means to one model what a distance means to another, see `EQUAL`.

    Where one of them is not known here, it is the same distance.
    """
    if of == to or of not in EQUAL or to not in EQUAL:
        return distance
    known, meant = EQUAL[of], EQUAL[to]
    above = next((index for index, limit in enumerate(known) if distance <= limit), len(known) - 1)
    if above == 0:
        return meant[0]
    low, high = known[above - 1], known[above]
    share = min((distance - low) / (high - low), 1.0)
    return meant[above - 1] + share * (meant[above] - meant[above - 1])

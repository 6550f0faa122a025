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

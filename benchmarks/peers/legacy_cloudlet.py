"""A cloudlet's matching as the legacy one does it, by its description: everything anew for each photo of each job.

It uses face_recognition, is written for this comparison and is nobody's code.
It looks at every face of a photo, where the legacy one looks at
the first only: so both sides answer the same question.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import face_recognition
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

# Importing face_recognition makes Pillow take pictures that are cut short, in the whole process: put that back.
ImageFile.LOAD_TRUNCATED_IMAGES = False


def matches(
    photos: Sequence[bytes], jobs: Mapping[str, Sequence[NDArray[np.float64]]], *, tolerance: float
) -> set[tuple[int, str]]:
    """Return which photo, by its index, shows the person of which job.

    Args:
        jobs: the references of each, (128,).
        tolerance: largest distance that is a match.
    """
    found = set()
    for job, references in jobs.items():
        for index, photo in enumerate(photos):
            picture = face_recognition.load_image_file(io.BytesIO(photo))
            places = face_recognition.face_locations(picture)
            for encoding in face_recognition.face_encodings(picture, places, model="small"):
                if any(face_recognition.compare_faces(list(references), encoding, tolerance)):
                    found.add((index, job))
    return found

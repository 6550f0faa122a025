"""The package face_recognition, to compare with."""

import face_recognition
from PIL import ImageFile

# Importing it makes Pillow take pictures that are cut short, in the whole process: put that back.
ImageFile.LOAD_TRUNCATED_IMAGES = False

__all__ = ["face_recognition"]

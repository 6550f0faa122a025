"""A scale for engines that tests make up: distances of dlib's size between embeddings of length 1."""

from faces.budget import Law, StrangerModel
from faces.scale import Scale

SCALE = Scale(StrangerModel([Law(0.7, 0.05, 0.0)]))
"""1 stranger in 10,000 is nearer than 0.48, 1 in 100 than 0.60; one track's views are up to 0.50 apart."""

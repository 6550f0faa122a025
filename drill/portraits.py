"""Whose portrait each figure is cut from, and about where the person's outline runs in it; it does not cut.

Outlines are drawn by hand, in pixels of the source picture, true to about 2 % of its height.
"""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Portrait:
    """A source picture by its file name and the outline of the person in it, xy pixels, clockwise or not."""

    picture: str
    outline: tuple[Point, ...]


def _outline(points: str) -> tuple[Point, ...]:
    """Return an outline that is written as SVG writes the points of a polygon: x,y x,y."""
    pairs = (point.split(",") for point in points.split())
    return tuple((int(x), int(y)) for x, y in pairs)


CASE_PHOTO = "obama2.jpg"

PORTRAITS = {
    "smiling": Portrait(
        "obama.jpg",
        _outline(
            "491,20 393,52 348,145 331,228 352,300 383,352 393,404 290,456 176,518 124,683 85,806 52,960 70,1060 "
            "133,1096 203,1106 225,1137 757,1137 757,1057 791,1002 822,900 838,700 839,600 815,500 642,425 "
            "590,373 632,300 654,217 632,124 585,48"
        ),
    ),
    "earnest": Portrait(
        "obama3.jpg",
        _outline(
            "773,212 659,263 603,404 637,595 629,671 391,765 280,850 242,1275 297,1402 404,1360 297,2125 353,2333 "
            "1084,2333 1169,2082 1126,1445 1220,1232 1147,807 914,701 850,637 901,544 926,425 901,276"
        ),
    ),
    "white-haired": Portrait(
        "biden.jpg",
        _outline(
            "574,92 422,141 381,261 393,401 434,530 261,574 40,723 24,1044 88,1204 112,1325 100,2204 860,2204 "
            "835,1320 850,1240 969,1195 969,923 915,760 889,708 748,660 650,612 640,560 676,503 747,381 755,221 "
            "682,112"
        ),
    ),
    "astronaut": Portrait(
        "astronaut.png",
        _outline(
            "227,12 187,28 154,70 159,107 177,126 180,147 140,149 114,168 117,191 70,228 37,308 19,410 23,512 "
            "512,512 512,448 485,373 410,345 366,359 362,270 322,224 303,210 270,166 267,140 294,121 304,93 "
            "297,47 270,21"
        ),
    ),
}

"""Two orchestrators on one Redis: what happens at one reaches the cameras and clients of the other.

stores (event and note in one transaction) -> event tail -> switchboard of the other
cameras connected here -> presence key -> roster of the other
boxes, sightings, live pictures -> neighbours (pub/sub, only while another is alive) -> clients of the other
"""

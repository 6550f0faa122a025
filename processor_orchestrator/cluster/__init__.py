"""Several orchestrators on one Redis: what happens at one reaches the cameras and clients of the others.

stores (event and note in one transaction) -> case_tail -> cases of the other
bus -> link -> pub/sub -> link of the other -> its bus, as an event from elsewhere
cameras and devices connected here -> presence key -> presence of the other -> PeersMet on its bus
lent_streams: JPEGs of a camera here, for viewers there
"""

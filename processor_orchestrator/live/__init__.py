"""The conversation with everybody who is connected now: camera processors and clients.

/processor, /client -> handlers_* -> service -> cases (what is sought), sightings (what was seen)
cases, sightings, cluster -> bus -> service -> dispatch -> processors and clients
"""

"""The control plane: cameras on one side, operators on the other, what is sought and what was seen in between.

/processor, /client -> tracking.handlers_* -> switchboard -> tracking (the domain decides)
                                              switchboard -> stores (first), then -> processors and clients
boxes with an objectId -> sighting book -> sighting writer -> stores, then -> clients
JPEGs from a processor -> streams.relay -> every viewer of /stream
snap cameras, requesters -> snap.handlers_* -> snap.desk; their pictures -> stores, then -> workers -> sightings
stores -> /timelines, /objectIds, /api/...; webpage/ -> /
"""

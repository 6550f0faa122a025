"""The control plane: cameras on one side, operators on the other, who is sought and what was seen in between.

/processor, /client -> live (everybody who is connected) -> cases (stores first, then says it on the bus)
boxes of sought persons, matches, snaps, footage -> sightings -> stores, then the bus
bus -> live (processors and clients are told), matching and registry (galleries, jobs of cloudlets), cluster
JPEGs from a processor -> streams -> every viewer of /stream
cluster <-> the other orchestrators on the same Redis, as events from elsewhere
stores -> /timelines, /objectIds, /api/...; webpage/ -> /

Rooms import downwards: domain < bus, stores < sightings < cases < matching < footage, snap, registry; streams < live
< cluster; app joins them.
"""

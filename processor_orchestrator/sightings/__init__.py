"""Where and when sought persons were seen: every source of sightings goes through one service.

live (boxes of cameras) -> service.observe -> the book of visits that go on -> stores
registry, snap, footage (what was found in pictures) -> service.add -> stores, once
service -> SightingsStored on the bus -> clients, other orchestrators
handlers, handlers_history <- pages and legacy clients that read
"""

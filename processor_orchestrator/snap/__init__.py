"""Snap on command: texts are relayed as ever, cameras answer for what they took, pictures are kept.

/snap, port 8080 -> handlers_snap -> desk -> roster (who is there) and snaps (what is asked of whom)
                    plain text  -> desk -> every other client; the word `snap` reaches JSON devices as well
                    {"snap"}    -> desk -> devices -> taken, uploaded, failed -> summary for the requester
PUT /snippets/ID/ -> handlers_snippets -> snippets (what may come in) -> stores.snippets -> matching -> workers
workers -> matching -> sightings
other orchestrators <-> crossing.neighbours <-> desk
"""

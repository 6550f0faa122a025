"""Snap on command: texts are relayed as ever, cameras answer for what they took, pictures are kept.

/snap, port 8080 -> handlers -> service -> domain.snap_device (who is there), domain.snap (what is asked of whom)
                    plain text  -> every other client; the word `snap` reaches JSON devices as well
                    {"snap"}    -> devices -> taken, uploaded, failed -> summary for the requester
PUT /snippets/ID/ -> handlers_snippets -> snippet_service -> stores.snippets -> snippet_matching -> workers
workers -> snippet_matching -> sightings
other orchestrators <-> bus <-> service
"""

"""Takes jobs from servers and photos from phones, has the job workers compare them, and delivers what matched.

    server -> handlers -> service -> jobs (sought persons) -> encode queue -> results -> service -> jobs
    phone  -> handlers -> service -> comparisons (batches) -> match queue  -> results -> service -> matches -> outbox
    outbox -> delivery_worker -> server_link -> the server of two that answers (failover: join, getJobs, heartbeats)

Jobs and batches are in Redis before they are acknowledged, matches in the outbox's file (the spool) until a server said
200; so a kill at any moment loses nothing, and each match is named (matchId), so nothing counts twice.
"""

"""The matching front for phones: takes jobs and photos, has the job workers compare them, delivers what matched.

    server -> handlers_door -> desk -> jobs (sought persons) -> encode queue -> results -> jobs
    phone  -> handlers_door -> desk -> batches (photos)      -> match queue  -> results -> match_files -> spool
    Pis' videos -> the same with the footage queue; what is found of both goes by findings
    spool -> courier -> server_link -> the server of two that answers (failover: join, getJobs, heartbeats)

Jobs and batches are in Redis before they are acknowledged, matches in the spool's file until a server said 200; so a
kill at any moment loses nothing, and each match is named (matchId), so nothing counts twice.
"""

"""The registry conversation: cloudlets, the phones they serve, jobs pushed to them, matches that come back (WIRE 0).

cloudlets, matches, job_zip   the nouns, without I/O or clock
desk                          the shell: stores what was decided
pusher, cloudlet_client       brings every cloudlet the open cases and takes the closed ones away
handlers_registry             what comes in
"""

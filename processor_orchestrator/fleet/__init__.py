"""The fleet: which machines there are, and what is to run on them.

domain.node              the machines, without I/O, clock or log
service                  sends commands, waits for answers within a bound, writes who asked for what
handlers_agent           /fleet: what comes in from the nodes
handlers_api             /api/fleet/...: what comes in from operators

Nothing is stored: agents say how their nodes are whenever they connect, and every few seconds.
"""

"""The fleet conversation: which machines there are, and what is to run on them.

nodes                    the noun, without I/O, clock or log
desk                     the shell: sends commands, waits for answers within a bound, writes who asked for what
handlers_fleet_agent     /fleet: what comes in from the nodes
handlers_fleet_api       /api/fleet/...: what comes in from operators

Nothing is stored: agents say how their nodes are whenever they connect, and every few seconds.
"""

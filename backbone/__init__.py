"""What every role stands on; imports no role.

settings -> logs -> service (start, signals, drain) -> lifecycle (the parts of a role)
bytes -> wire (strict JSON, typed messages) -> a role's domain -> wire -> bytes
web: Tornado base handlers with problem+json, who may come in, /healthz /readyz /metrics
jobs: tasks for the job workers and their results; pictures, zips: what strangers send, made safe
latest_slot, outbox, backoff: everything that waits has a bound, every drop is counted

The files at the top know no room; wire knows them, and the other rooms know wire.
"""

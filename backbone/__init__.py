"""What every role stands on; imports no role.

settings -> logs -> service (start, signals, drain)
bytes -> wire (strict JSON, typed messages) -> a role's domain -> wire -> bytes
web (Tornado base handlers, problem+json) + health (/healthz /readyz /metrics) + auth (JWT)
latest_slot, outbox, backoff: everything that waits has a bound, every drop is counted
"""

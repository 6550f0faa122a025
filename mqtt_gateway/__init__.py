"""Carries work of small devices from MQTT to the job workers and results back, and tells events of the stack.

Data flow of a request, left to right:

    localCode/<id>, inputCode/<id> -> broker -> gateway -> rq `offload` -> worker
    worker -> result stream -> gateway -> broker -> result/<id>

Data flow of an event: orchestrator's `/client` socket -> gateway -> searchlight/... -> broker -> Home Assistant.
"""

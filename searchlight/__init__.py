"""The one command a person types: `searchlight up`, `doctor`, `status`, `score`.

up:      footage -> redis, orchestrator, cameras (children of this process) -> case from a photo -> sightings, printed
doctor:  what is missing on this machine, and how to mend it
status:  what a running orchestrator says of itself
score:   identity scores on the sample footage, without any process
"""

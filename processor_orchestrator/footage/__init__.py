"""Old footage: asked for by operators and receivers, looked through by workers.

form      what is asked, without I/O
visits    what the workers found, as visits, without I/O
service   tasks to the workers, their results to the sightings
handlers  what comes in
"""

"""The conversation about old footage: asked for by operators and receivers, looked through by workers.

form              what is asked, without I/O
visits            what the workers found, as sightings, without I/O
desk              the shell: tasks to the workers, their results to the store and the clients
handlers_footage  what comes in
"""

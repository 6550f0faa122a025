"""The conversation about cases: opened with photos, shown, closed; their sightings rejected.

form            what an operator says of a case, without I/O
desk            the shell: photos to the workers, references from them, both into the tracked object that a case is
found_crops     pictures that workers cut out, made safe
galleries       who is compared with devices' pictures and old footage; whoever is closed is taken out
handlers_cases  what comes in
"""

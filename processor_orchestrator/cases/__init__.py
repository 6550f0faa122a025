"""Cases: opened with photos or at a camera, shown, closed.

form         what an operator says of a case, without I/O
photo_zip    the photos in a zip that came
service      the open cases of this process: stores what happened, then says it on the bus
references   photos to the workers, references from them
handlers     what comes in
"""

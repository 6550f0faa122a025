"""Takes files of Raspberry Pis so that what was acknowledged is on the disk, whole and verified.

Data flow, left to right:

    Pi -> one-time channel -> temporary file, hashed as it comes -> digest compared -> fsync, rename, fsync -> receipt
"""

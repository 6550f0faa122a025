"""Sends photos to the cloudlet that a server names: `python -m edge_devices.phone [SERVER] PHOTO...`.

files -> photo_files      pictures by their first bytes, never too large
      -> photo_privacy    orientation and time stay, position and all other metadata go (unless --with-location)
      -> zip_batches      zips that fit a cloudlet's caps, each with an id that survives a resend
      -> sender           joins, uploads, moves to another cloudlet when its own dies, leaves
         server_link (which cloudlet?) and cloudlet_link (take these photos) are the only ways out
"""

"""What runs on a phone or a Raspberry Pi: small commands that need Python and `requests`, and nothing of the roles.

`python -m edge_devices.pi_sender` sends a folder to a receiver: see pi_sender/
`python -m edge_devices.snap_camera` and `.snap` take pictures on command (and need `websockets`): see snapping/

`python -m edge_devices.phone` sends photos to the cloudlet that a server names:
    files -> photo_files      pictures by their first bytes, never too large
          -> exif_privacy     orientation and time stay, position and all other metadata go (unless --with-location)
          -> zip_batches      zips that fit a cloudlet's caps, each with an id that survives a resend
          -> sending          joins, uploads, moves to another cloudlet when its own dies, leaves
             server_link (which cloudlet?) and cloudlet_link (take these photos) are the only ways out

`python -m edge_devices.offload` has a program run on a stronger machine (needs paho-mqtt):
    files, arguments, input -> offload_link -> MQTT broker -> gateway -> worker, and the output back to stdout
"""

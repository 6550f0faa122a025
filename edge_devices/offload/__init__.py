"""Has a program run on a stronger machine: `python -m edge_devices.offload --code FILE.c --args "..."`.

files, arguments, input -> link -> MQTT broker -> gateway -> worker, and the output back to stdout
"""

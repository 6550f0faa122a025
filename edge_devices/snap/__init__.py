"""Has cameras take a picture: `python -m edge_devices.snap RELAY --to GROUP|DEVICE|all --deadline 10`.

snap_relay (texts) -> asking (who answered what) -> one line a device
"""

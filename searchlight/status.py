"""What a running orchestrator says of itself over HTTP. Changes nothing."""

import requests

ASK_SECONDS = 5


def run(*, url: str) -> int:
    """Print the state of an orchestrator and its cameras; return 0 when it is ready."""
    try:
        ready = requests.get(f"{url}/readyz", timeout=ASK_SECONDS)
        cameras = requests.get(f"{url}/api/cameras", timeout=ASK_SECONDS)
        objects = requests.get(f"{url}/api/objects", timeout=ASK_SECONDS)
    except requests.RequestException as fault:
        print(f"{url} does not answer: {fault}")
        return 1
    print(f"{url}: {ready.json()['status']}")
    for name, state in ready.json()["dependencies"].items():
        print(f"  {name:<16} {'ok' if state['ok'] else 'MISSING'}  {state['detail']}")
    if cameras.status_code != requests.codes.ok or objects.status_code != requests.codes.ok:
        print("  cameras and objects are told only to clients with a token")
        return 0 if ready.ok else 1
    for camera in cameras.json()["data"]:
        print(f"  camera {camera['cameraId']!s:<16} {camera['state']}, {camera['viewers']} viewers")
    print(f"  {len(objects.json()['data'])} objects are sought")
    return 0 if ready.ok else 1

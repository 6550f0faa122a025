"""What a running orchestrator says of itself over HTTP. Changes nothing."""

from collections.abc import Callable

import requests

ASK_SECONDS = 5


def run(*, url: str, token: str | None = None) -> int:
    """Print the state of an orchestrator and its cameras; return 0 when it is ready.

    Args:
        token: of the role client, where the orchestrator asks for one.
    """
    auth = None if token is None else _bearer(token)
    try:
        ready = requests.get(f"{url}/readyz", timeout=ASK_SECONDS)
        cameras = requests.get(f"{url}/api/cameras", auth=auth, timeout=ASK_SECONDS)
        objects = requests.get(f"{url}/api/objects", auth=auth, timeout=ASK_SECONDS)
    except requests.RequestException as fault:
        print(f"{url} does not answer: {fault}")
        return 1
    print(f"{url}: {ready.json()['status']}")
    for name, state in ready.json()["dependencies"].items():
        print(f"  {name:<16} {'ok' if state['ok'] else 'MISSING'}  {state['detail']}")
    if cameras.status_code != requests.codes.ok or objects.status_code != requests.codes.ok:
        whose = "another token: this one is refused" if token is not None else "a token: see --token-file"
        print(f"  cameras and objects are told only to clients with {whose}")
        return 0 if ready.ok and token is None else 1
    for camera in cameras.json()["data"]:
        print(f"  camera {camera['cameraId']!s:<16} {camera['state']}, {camera['viewers']} viewers")
    print(f"  {len(objects.json()['data'])} objects are sought")
    return 0 if ready.ok else 1


def _bearer(token: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """Return what shows a token; as an auth object, so that no ~/.netrc takes its place."""

    def show(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return show

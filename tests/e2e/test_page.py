"""The console page in a real browser against the real processes. Judges no recognition, only what the operator sees.

The fixture `console` gives the running system: `.url`, `.cameras` (ids) and `.case_photo` (JPEG of the sought person).
Every test also fails when the browser's console shows an error, or when the page asks another host.
"""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocketRoute, expect, sync_playwright

from tests.browser import CHROMIUM, FLAGS, WHERE_FROM, Watch
from tests.processes import ROOT

PATIENCE_MS = 60_000  # two cores find, encode and match faces meanwhile
CROP = ROOT / "webpage" / "icon.svg"
HOSTILE = "<img src=x onerror=\"document.title='stolen'\">"

# `make test` installs the browser where it may (root, Debian); elsewhere the reason says how.
pytestmark = pytest.mark.skipif(
    CHROMIUM is None,
    reason=WHERE_FROM,
)


@pytest.fixture
def browser(console: Any) -> Iterator[Browser]:
    # Not shared by the module: a sync playwright that stays open would keep async fixtures from starting.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(console: Any, browser: Browser) -> Iterator[Page]:
    """An empty desktop page that is watched for faults; whoever a test follows is not followed any more afterwards."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, base_url=console.url)
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    watch = Watch(page, console.url)
    before = followed(page)
    yield page
    faults = list(watch.faults)  # before the clearing up, which is no part of the page
    if started := followed(page) - before:
        stop(page, started)
    assert faults == []


def followed(page: Page) -> set[int]:
    return {known["objectId"] for known in page.request.get("/api/objects").json()["data"]}


def stop(page: Page, object_ids: set[int]) -> None:
    """Stop cases by the server's own WebSocket, in whatever state a failed test left the page."""
    page.goto("/api/session")  # any page of the same origin
    page.evaluate(
        """ids => new Promise(done => {
            const socket = new WebSocket(location.origin.replace("http", "ws") + "/client");
            socket.onopen = () => done(ids.map(objectId => socket.send(JSON.stringify({type: "stop", objectId}))));
        })""",
        sorted(object_ids),
    )
    gone = "ids => fetch('/api/objects').then(r => r.json()).then(a => !a.data.some(o => ids.includes(o.objectId)))"
    page.wait_for_function(gone, arg=sorted(object_ids), polling=200)


def tile(page: Page, camera_id: str) -> Locator:
    return page.get_by_role("article", name=f"Camera {camera_id}", exact=True)


def live_picture(page: Page, camera_id: str) -> Locator:
    return tile(page, camera_id).get_by_role("img", name=f"Live picture of {camera_id}")


def sightings(page: Page) -> Locator:
    return page.locator("#sightings-list > li")


def open_cases(page: Page) -> Locator:
    return page.locator("#cases-list > li")


def unknown_faces(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile(r", follow$"))


def open_case(page: Page, photo: Any, name: str) -> None:
    page.get_by_role("button", name="Open a case from a photo").click()
    page.get_by_label("Photo of the person").set_input_files(photo)
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Open case", exact=True).click()
    expect(page.locator("#cases-list").get_by_text(name, exact=True)).to_be_visible()


def test_the_live_picture_of_each_camera_is_seen_and_moves(console: Any, page: Page) -> None:
    page.goto("/")
    for camera_id in console.cameras:
        live_picture(page, camera_id).evaluate(
            """image => new Promise((done, fail) => {
                const brush = new OffscreenCanvas(64, 36).getContext("2d", {willReadFrequently: true});
                const seen = new Set();  // the empty canvas may be one of the five
                setTimeout(() => fail(new Error(`only ${seen.size} different pictures`)), 60_000);
                setInterval(() => {
                    if (image.naturalWidth > 0) brush.drawImage(image, 0, 0, 64, 36);
                    seen.add(brush.getImageData(0, 0, 64, 36).data.join());
                    if (seen.size > 4) done();
                }, 100);
            })"""
        )


def test_boxes_lie_exactly_over_the_picture(console: Any, page: Page) -> None:
    page.goto("/")
    unknown_faces(page).first.wait_for()
    for camera_id in console.cameras:
        picture = live_picture(page, camera_id)
        expect(picture).to_have_js_property("complete", value=True)
        seen = picture.bounding_box() or {}
        assert seen == tile(page, camera_id).get_by_role("group").bounding_box()
        shape = picture.evaluate("image => image.naturalWidth / image.naturalHeight")
        assert seen["width"] / seen["height"] == pytest.approx(shape, rel=0.01)


def test_a_click_on_a_face_follows_that_person(console: Any, page: Page) -> None:
    page.goto("/")
    unknown_faces(page).first.wait_for()
    before = len(followed(page))
    unknown_faces(page).first.click()
    expect(open_cases(page)).to_have_count(before + 1)


def test_a_face_is_followed_by_keyboard_alone(console: Any, page: Page) -> None:
    page.goto("/")
    unknown_faces(page).first.wait_for()
    before = len(followed(page))
    for _ in range(400):  # people in the footage come and go: the focus goes round until it meets a face
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''")
        if focused.endswith(", follow"):
            page.keyboard.press("Enter")
            if page.get_by_text(re.compile(r"^Asked .+ to follow")).count() > 0:  # else the face left just now
                break
    expect(open_cases(page)).to_have_count(before + 1)


def test_a_case_from_a_photo_leads_to_a_sighting_with_camera_and_distance(console: Any, page: Page) -> None:
    page.goto("/")
    open_case(page, console.case_photo, "Sought Person")
    sighting = sightings(page).filter(has_text="Sought Person").first
    expect(sighting).to_contain_text(re.compile(r"Distance 0\.\d\d, a candidate: please confirm by eye"))
    expect(sighting).to_contain_text(re.compile("|".join(map(re.escape, console.cameras))))
    expect(sighting.locator("time")).to_have_attribute("datetime", re.compile(r"^\d{4}-\d\d-\d\dT"))
    sighting.locator(".row-main").click()
    expect(page.locator(".tile.pointed")).to_have_count(1)

    sighting.get_by_role("button", name="Compare this sighting with the photo of Sought Person").click()
    crop = page.get_by_role("dialog", name="Is this Sought Person?").get_by_role("img", name=re.compile("Face seen on"))
    assert crop.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_the_filter_shows_one_persons_sightings(console: Any, page: Page) -> None:
    page.goto("/")
    open_case(page, console.case_photo, "Filtered Person")
    sightings(page).filter(has_text="Filtered Person").first.wait_for()
    page.get_by_label("Show the sightings of").select_option(label="Filtered Person")
    expect(sightings(page).filter(has_not_text="Filtered Person")).to_have_count(0)
    expect(sightings(page).first).to_be_visible()


def test_stop_asks_for_a_second_press(console: Any, page: Page) -> None:
    page.goto("/")
    open_case(page, console.case_photo, "Stopped Person")
    row = open_cases(page).filter(has_text="Stopped Person")
    row.get_by_role("button", name="Stop looking for Stopped Person").click()
    row.get_by_role("button", name="Press again to stop looking for Stopped Person").click()
    expect(row).to_have_count(0)


def test_a_file_that_is_no_picture_is_refused_in_plain_words(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Open a case from a photo").click()
    broken = {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    page.get_by_label("Photo of the person").set_input_files(broken)
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(re.compile("cannot be read"))


@pytest.mark.parametrize("width", [360, 390, 768])
def test_a_narrow_screen_never_scrolls_sideways(console: Any, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.goto("/")
    open_case(page, console.case_photo, "A Person With A Rather Long Name Who Is Looked For On A Small Telephone")
    sightings(page).first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_role("button", name="Open a case from a photo").click()
    page.get_by_role("dialog").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == width


def show_only(page: Page, *, cases: list[Any], sightings: list[Any]) -> None:
    """Have the server tell of these cases and sightings and of nothing that happens meanwhile."""

    def speak(page_side: WebSocketRoute) -> None:
        server = page_side.connect_to_server()
        server.on_message(lambda text: page_side.send(text) if json.loads(text)["type"] == "cameras" else None)

    page.route_web_socket(re.compile(r"/client$"), speak)
    page.route("**/api/objects", lambda route: route.fulfill(json={"data": cases}))
    page.route("**/api/sightings?*", lambda route: route.fulfill(json={"data": sightings}))
    page.route("**/crop.jpg", lambda route: route.fulfill(path=CROP, content_type="image/svg+xml"))


def seen(sighting_id: str, **more: Any) -> dict[str, Any]:
    """A sighting of case 90,001 that goes on now."""
    now = time.time()
    told = {"sightingId": sighting_id, "objectId": 90_001, "cameraId": "gate", "firstSeen": now - 60, "lastSeen": now}
    return told | {"distance": 0.4, "hasCrop": True} | more


def test_a_rejected_sighting_is_neither_a_candidate_nor_in_view(page: Page) -> None:
    opened = {"objectId": 90_001, "name": "Anna", "openedAt": 1.0, "hasFeatureMap": True, "hasImage": False}
    shown = [seen("a", cameraId="gate", rejected=True), seen("b", cameraId="yard", lastSeen=time.time() - 3600)]
    show_only(page, cases=[opened], sightings=shown)
    page.goto("/")
    rejected = sightings(page).filter(has_text="gate")
    expect(rejected).to_contain_text("rejected: somebody else")
    expect(rejected).not_to_contain_text("candidate")
    expect(rejected).not_to_contain_text("in view now")
    expect(sightings(page).filter(has_text="yard")).to_contain_text("a candidate: please confirm by eye")
    expect(open_cases(page)).to_contain_text("Last seen yard")


def test_a_candidate_says_in_words_what_its_distance_is_worth_where_that_is_known(page: Page) -> None:
    told = {"gate": 40, "yard": 1, "attic": 1000, "door": None, "shed": HOSTILE}
    shown = [seen(camera, cameraId=camera, strangersAmong=number) for camera, number in told.items()]
    show_only(page, cases=[], sightings=shown)
    page.goto("/")
    for camera, words in {
        "gate": "about 1 of 40 such candidates is a stranger",
        "yard": "most such candidates are strangers",
        "attic": "fewer than 1 of 1,000 such candidates is a stranger",
    }.items():
        expect(sightings(page).filter(has_text=camera)).to_contain_text(words)
    for camera in ("door", "shed"):
        expect(sightings(page).filter(has_text=camera).locator(".worth")).to_be_hidden()
    sightings(page).filter(has_text="gate").locator(".crop").click()
    dialog = page.get_by_role("dialog", name="Is this Person 90001?")
    expect(dialog.get_by_text("About 1 of 40 such candidates is a stranger.")).to_be_visible()


def test_no_candidate_stands_for_the_photo_of_a_closed_case(page: Page) -> None:
    show_only(page, cases=[], sightings=[seen("first", firstSeen=1.0), seen("second")])
    page.goto("/")
    sightings(page).first.locator(".crop").click()
    dialog = page.get_by_role("dialog", name="Is this Person 90001?")
    expect(dialog.get_by_text("No photo is kept")).to_be_visible()
    expect(dialog.get_by_role("img", name=re.compile("^Photo of"))).to_have_count(0)


def test_a_long_name_leaves_room_for_the_cameras(page: Page) -> None:
    opened = {"objectId": 90_001, "name": "W" * 200, "openedAt": 1.0, "hasFeatureMap": True, "hasImage": False}
    show_only(page, cases=[opened], sightings=[seen("a", cameraId="trail-north")])
    page.goto("/")
    camera = page.locator("#sightings-list .row-camera")
    expect(camera).to_have_text("trail-north")
    assert camera.evaluate("node => node.scrollWidth <= node.clientWidth")


def test_hostile_names_are_shown_as_text(console: Any, page: Page) -> None:
    stranger = {"objectId": 90_001, "name": HOSTILE, "openedAt": 1.0, "hasFeatureMap": True, "hasImage": False}
    roster = [{"cameraId": camera, "state": "online", "since": 1.0} for camera in console.cameras]
    roster.append({"cameraId": HOSTILE, "state": "offline", "since": 1.0})
    candidate = {"sightingId": HOSTILE, "objectId": 90_001, "cameraId": HOSTILE, "firstSeen": 1.0, "distance": 0.4}

    def speak(page_side: WebSocketRoute) -> None:
        server = page_side.connect_to_server()

        def forward(text: str | bytes) -> None:
            kind = json.loads(text)["type"]
            if kind not in {"cameras", "sighting"}:
                page_side.send(text)
            if kind == "cameras":
                hostile = [{"type": "cameras", "cameras": roster}, {"type": "sighting", **candidate}, {"type": HOSTILE}]
                for message in [*hostile, {"type": "error", "code": "x", "message": HOSTILE}, HOSTILE]:
                    page_side.send(json.dumps(message))

        server.on_message(forward)

    page.route_web_socket(re.compile(r"/client$"), speak)
    page.route("**/api/cameras", lambda route: route.fulfill(json={"data": roster}))
    page.route("**/api/objects", lambda route: route.fulfill(json={"data": [stranger]}))
    page.route("**/api/sightings?*", lambda route: route.fulfill(json={"data": [candidate]}))
    page.goto("/")
    for place in ("#cameras-wall h3", "#cases-list .row-title", "#sightings-list .row-camera", "#toasts p"):
        expect(page.locator(place).filter(has_text=HOSTILE).first).to_have_text(HOSTILE)
    expect(page.locator("img[src='x']")).to_have_count(0)
    expect(page).to_have_title("Searchlight")


def test_the_page_says_when_it_is_cut_off_and_comes_back(page: Page) -> None:
    sockets: list[WebSocketRoute] = []
    up = True

    def speak(page_side: WebSocketRoute) -> None:
        sockets.append(page_side)
        if up:
            page_side.connect_to_server()
        else:
            page_side.close(code=1012, reason="restart")

    page.route_web_socket(re.compile(r"/client$"), speak)
    page.goto("/")
    expect(page.locator("#link-pill")).to_have_text("Connected")
    up = False
    sockets[0].close(code=1012, reason="restart")
    expect(page.get_by_text("No connection to the server.")).to_be_visible()
    page.get_by_role("button", name="Try now").click()
    up = True
    expect(page.locator("#link-pill")).to_have_text("Connected")
    expect(page.get_by_text("No connection to the server.")).to_be_hidden()


def test_live_pictures_leave_connections_for_everything_else(page: Page) -> None:
    page.goto("/")
    most, seen, pinned_always = page.evaluate(
        """async () => {
            const {assignSlots} = await import("/static/live/stream_slots.js");
            const tiles = [...Array(10).keys()].map(key => ({key, pinned: key === 9, since: null, until: 0}));
            const seen = new Set(), counts = [], pinned = [];
            for (let now = 1; now < 60_000; now += 250) {
                const live = assignSlots(tiles, now);
                for (const tile of tiles)
                    if (live.has(tile.key)) tile.since ??= now;
                    else if (tile.since !== null) Object.assign(tile, {since: null, until: now});
                live.forEach(key => seen.add(key)), counts.push(live.size), pinned.push(live.has(9));
            }
            return [Math.max(...counts), seen.size, pinned.every(Boolean)];
        }"""
    )
    assert (most, seen, pinned_always) == (4, 10, True)


def test_what_has_the_wrong_shape_is_left_out(page: Page) -> None:
    page.goto("/")
    texts = ["", "null", "[]", '"stop"', '{"type":"toString"}', '{"type":"newObject","objectId":"1"}']
    texts.append('{"type":"boundingBoxes","cameraId":{},"frameId":1,"boxes":[]}')
    read = """async texts => {
        const {readMessage} = await import("/static/server/wire.js");
        return texts.map(readMessage);
    }"""
    assert page.evaluate(read, texts) == [None] * len(texts)

    boxes: list[Any] = [None, 7, {"boxId": 1}, {"boxId": 2, "rect": [0, 0, 1]}, {"boxId": 3, "rect": [0.5, 0, 0.5, 1]}]
    boxes.append({"boxId": 4, "rect": [-1, 0.25, 0.5, 2], "objectType": HOSTILE, "unheard": "of"})
    text = json.dumps({"type": "boundingBoxes", "cameraId": 7, "frameId": 1.5, "boxes": boxes})
    (kept,) = page.evaluate(read, [text])[0]["boxes"]
    assert (kept["boxId"], kept["rect"], kept["objectType"]) == (4, [0, 0.25, 0.5, 1], HOSTILE)

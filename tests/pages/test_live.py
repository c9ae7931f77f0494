"""Live pages: a viewer's own kernel, which only widgets reach, and which ends with the page."""

import asyncio
import json
import os
import signal
import time
from types import SimpleNamespace

import psutil
import pytest
import websockets

from ostwerk_analysis.dashboard.live import LiveHandler, visitor
from ostwerk_analysis.dashboard.rendering import settings
from ostwerk_analysis.dashboard.still import still

from .test_accessibility import findings


@pytest.fixture(scope="module")
def server(release, live_dashboards, serve_again, tmp_path_factory):
    log = tmp_path_factory.mktemp("live-server")
    most = {"live_kernels": 3, "live_kernels_each": 2, "live_idle_min": 0.1}
    published = release.folder.parents[1]
    with serve_again(published, live_dashboards, log, trust_proxy=True, **most) as server:
        yield server


def connect(server, page="regler", origin=None, visitor="192.0.2.1"):
    address = server.url.replace("http", "ws") + f"/demo/live/{page}?lang=de"
    said = {"X-Forwarded-For": f"203.0.113.9, {visitor}"}  # the first is what a visitor made up
    return websockets.connect(address, origin=origin or server.url, additional_headers=said)


async def heard(socket, kind, within=30):
    async with asyncio.timeout(within):
        while True:
            message = json.loads(await socket.recv())
            if message["kind"] == kind:
                return message


async def admitted(server):
    """Connect, once the kernels of those before have left their places."""
    while True:
        socket = await connect(server)
        message = json.loads(await socket.recv())
        if message["kind"] == "ready":
            return socket, message
        assert message["why"] in {"full", "many"}


def slider(ready):
    return next(
        key for key, model in ready["models"].items() if model["model_name"] == "IntSliderModel"
    )


def moved(comm_id, value):
    data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
    return json.dumps({"id": "page-1", "comm_id": comm_id, "data": data, "buffers": []})


def kernels(server):
    """Processes of the server's kernels: forks of its fork server that lead a session."""
    children = psutil.Process(server.process.pid).children(recursive=True)
    return [child.pid for child in children if os.getpgid(child.pid) == child.pid]


def wait_for(what, within=15):
    end = time.monotonic() + within
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_widget_answers_and_the_kernel_ends_with_the_connection(server):
    async def visit():
        socket, ready = await admitted(server)
        async with socket:
            assert len(kernels(server)) == 1
            await socket.send(moved(slider(ready), 5))
            while True:
                said = await heard(socket, "comm_msg")
                if "Wert 5" in str(said["content"]["data"].get("state")):
                    return

    asyncio.run(visit())
    wait_for(lambda: not kernels(server))


EXECUTE = {
    "header": {"msg_type": "execute_request", "msg_id": "1", "session": "x"},
    "channel": "shell",
    "content": {"code": "open('/tmp/x', 'w')", "silent": False},
}


@pytest.mark.parametrize("kind", ["execute", "complete", "inspect", "history", "debug", "shutdown"])
def test_no_request_but_to_a_widget_is_taken(server, kind):
    request = EXECUTE | {"header": EXECUTE["header"] | {"msg_type": f"{kind}_request"}}
    assert refused(server, lambda comm: json.dumps(request)) == 1008


@pytest.mark.parametrize(
    "made",
    [
        lambda comm: moved("0" * 32, 5),
        lambda comm: moved("jupyter.widget.control", 5),
        lambda comm: json.dumps(json.loads(moved(comm, 5)) | {"channel": "shell"}),
        lambda comm: json.dumps(json.loads(moved(comm, 5)) | {"id": "a\nb"}),
        lambda comm: json.dumps(json.loads(moved(comm, 5)) | {"data": "x"}),
        lambda comm: json.dumps(json.loads(moved(comm, 5)) | {"buffers": ["%"]}),
        lambda comm: "{",
        lambda comm: b"\xff\x00",
        lambda comm: moved([comm], 5),
        lambda comm: moved(comm, "\ud800"),
        lambda comm: "[" * 200_000,
        lambda comm: "[]",
    ],
)
def test_what_is_no_message_to_a_widget_of_ones_own_ends_the_connection(server, made):
    assert refused(server, made) == 1008


def test_a_message_that_is_too_large_ends_the_connection(server):
    assert refused(server, lambda comm: moved(comm, "x" * (1 << 20))) == 1009


def refused(server, made):
    """Send something, and give the code with which the connection is closed."""

    async def visit():
        socket, ready = await admitted(server)
        async with socket:
            await socket.send(made(slider(ready)))
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await heard(socket, "never", within=20)
            return closed.value.rcvd.code

    code = asyncio.run(visit())
    wait_for(lambda: not kernels(server))
    return code


def test_a_viewer_who_floods_is_cut_off(server):
    async def flood(socket, ready):
        for _ in range(3000):
            await socket.send(moved(slider(ready), 5))
        await heard(socket, "never")

    async def visit():
        socket, ready = await admitted(server)
        async with socket:
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await flood(socket, ready)
            return closed.value.rcvd.code

    before = server.log.count("too many messages")
    assert asyncio.run(visit()) == 1008
    wait_for(lambda: not kernels(server))
    assert server.log.count("too many messages") == before + 1


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("/run/pages.sock", "/run/pages.sock"),
    ],
)
def test_a_visitor_is_known_by_the_part_of_the_address_that_is_theirs(address, whose):
    assert visitor(address) == whose


@pytest.mark.parametrize(
    ("is_trusted", "said", "whose"),
    [
        (False, "203.0.113.9", "198.51.100.1"),
        (True, "203.0.113.9, 192.0.2.1", "192.0.2.1"),
        (True, "", "198.51.100.1"),
    ],
)
def test_who_comes_is_said_by_a_trusted_web_server_only(is_trusted, said, whose):
    request = SimpleNamespace(headers={"X-Forwarded-For": said}, remote_ip="198.51.100.1")
    server = SimpleNamespace(trusts_proxy=is_trusted)
    assert LiveHandler.who.fget(SimpleNamespace(request=request, server=server)) == whose


def test_one_viewer_cannot_speak_to_anothers_widgets_and_too_many_get_none(server):
    async def visit():
        (one, theirs), (other, own) = await admitted(server), await admitted(server)
        async with one, other:
            assert theirs["models"].keys().isdisjoint(own["models"].keys())
            async with connect(server) as third:
                assert (await heard(third, "ended"))["why"] == "many"
            async with connect(server, visitor="192.0.2.2") as third:
                await heard(third, "ready")
                async with connect(server, visitor="192.0.2.3") as fourth:
                    assert (await heard(fourth, "ended"))["why"] == "full"
            await other.send(moved(slider(theirs), 9))
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await heard(other, "never")
            assert closed.value.rcvd.code == 1008
            await one.send(moved(slider(theirs), 4))
            said = ""
            while "Wert" not in said:
                said = json.dumps(await heard(one, "comm_msg"))
            assert "Wert 4" in said

    asyncio.run(visit())
    wait_for(lambda: not kernels(server))


@pytest.mark.parametrize(
    ("page", "origin", "status"),
    [
        ("regler", "http://elsewhere.example", 403),
        ("still", None, 404),
        ("nowhere", None, 404),
    ],
)
def test_other_origins_and_other_pages_get_no_connection(server, page, origin, status):
    async def visit():
        with pytest.raises(websockets.InvalidStatus) as answer:
            async with connect(server, page, origin):
                pass
        return answer.value.response.status_code

    assert asyncio.run(visit()) == status


def test_there_is_no_other_way_to_a_kernel(server):
    for address in ("/api/kernels", "/demo/api/kernels", "/voila/api/shutdown/x", "/api/sessions"):
        assert server.get(address)[0] == 404


def test_an_error_of_a_callback_is_no_secret_told(server):
    async def visit():
        socket, ready = await admitted(server)
        async with socket:
            await socket.send(moved(slider(ready), 7))
            assert (await heard(socket, "error")).keys() == {"kind", "parent"}

    asyncio.run(visit())


def test_the_page_in_a_browser(server, page):
    """First plain, then live; then its kernel is killed, comes back with what was chosen, idles."""
    page.goto(f"{server.url}/demo/regler#menge=6")
    page.wait_for_selector(".noUi-handle")
    handle = page.locator(".noUi-handle")
    page.wait_for_selector("text=Wert 6")
    assert handle.get_attribute("aria-label") == "Menge"
    assert page.get_by_role("textbox", name="Menge").inner_text() == "6"
    # A widget that brings a script of its own does not take the others along.
    assert page.get_by_text("nur in JupyterLab anzeigen: strange.StrangeModel").is_visible()
    handle.press("ArrowLeft")
    page.wait_for_selector("text=gerechnet: -50")
    assert page.url.endswith("#menge=5")
    assert page.locator(".ow-live-notice").is_hidden()
    assert not page.wrong

    os.killpg(kernels(server)[0], signal.SIGKILL)
    page.wait_for_selector("text=Die Regler sind beendet, weil ihre Berechnung abgebrochen ist.")
    assert "Ihre Wahl steht in der Adresse" in page.locator(".ow-live-notice").inner_text()
    assert page.locator("text=Wert 5").is_visible()
    assert page.locator(".noUi-target[disabled]").count() == 1
    page.get_by_role("button", name="Neu verbinden").click()
    page.wait_for_selector(".noUi-target:not([disabled])")
    page.wait_for_selector("text=Wert 5")
    page.wait_for_selector("text=weil längere Zeit nichts eingegeben wurde", timeout=20_000)
    page.context.set_offline(True)
    page.get_by_role("button", name="Neu verbinden").click()
    page.wait_for_selector("text=Die Verbindung ist unterbrochen.")
    assert page.locator("text=Menge").first.is_visible()
    page.close()
    wait_for(lambda: not kernels(server))


@pytest.mark.parametrize("language", ["de", "en"])
def test_axe_finds_nothing_while_the_controls_are_live(server, page, language):
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{server.url}/demo/annahmen?lang={language}")
        page.locator(".noUi-handle").first.press("ArrowRight")
        net = page.locator(".ow-status[role=status]")
        net.filter(has_text="\u2248\u00a040").wait_for(state="attached")
        assert findings(page) == []
        page.emulate_media(color_scheme="dark")
        assert findings(page, runOnly=["color-contrast"]) == []
        page.emulate_media(color_scheme="light")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    # On a phone, what comes out stays in sight while the first slider is moved.
    assert net.evaluate("one => one.getBoundingClientRect().bottom <= innerHeight")


def test_a_page_outlives_its_server(release, live_dashboards, serve_again, page, tmp_path):
    published, lost = release.folder.parents[1], "text=Die Verbindung ist unterbrochen."
    with serve_again(published, live_dashboards, tmp_path) as server:
        page.goto(f"{server.url}/demo/regler#menge=6")
        page.wait_for_selector("text=Wert 6")
    page.wait_for_selector(lost)
    assert "Ihre Wahl steht in der Adresse" in page.locator(".ow-live-notice").inner_text()
    again = page.get_by_role("button", name="Neu verbinden")
    again.click()
    page.wait_for_selector(lost)
    assert page.locator("text=Menge").first.is_visible()
    port = int(server.url.rsplit(":", 1)[1])
    with serve_again(published, live_dashboards, tmp_path, port=port):
        again.click()
        page.wait_for_selector("text=Wert 6")
        assert page.locator(".ow-live-notice").is_hidden()
        page.locator(".noUi-handle").press("ArrowLeft")
        page.wait_for_selector("text=gerechnet: -50")


def test_the_rendered_page_has_what_the_widgets_show(server):
    content = server.get("/demo/regler")[2]
    assert "<p><b>Menge</b> 3</p>" in content
    assert "<b>Wert 3</b>" in content
    assert "live.js" in content
    assert "live.js" not in server.get("/demo/still")[2]


def test_widgets_in_plain_html():
    states = {
        "a": {
            "_model_name": "VBoxModel",
            "children": ["IPY_MODEL_b", "IPY_MODEL_c", "IPY_MODEL_d"],
        },
        "b": {"_model_name": "DropdownModel", "description": "<Ort>", "index": 1}
        | {"_options_labels": ["Ost", "West"]},
        "c": {"_model_name": "ButtonModel", "description": "Los"},
        "d": {
            "_model_name": "OutputModel",
            "outputs": [{"name": "stderr", "text": "geheim"}, {"name": "stdout", "text": "a < b"}],
        },
    }
    assert still(states, "a") == (
        '<div class=""><p><b>&lt;Ort&gt;</b> West</p><pre>a &lt; b</pre></div>'
    )
    assert still(states, "unknown") == ""


@pytest.mark.parametrize("idle_min", [0.1, 20, 90])
def test_a_quiet_viewer_keeps_the_kernel_as_long_as_was_promised(idle_min):
    culled_s = settings(live_idle_min=idle_min).MappingKernelManager.cull_idle_timeout
    assert culled_s > 60 * idle_min

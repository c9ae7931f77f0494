"""Pages that keep a kernel: one for each viewer, as long as the page is open.

The page itself is rendered and kept like any other, so it stands at once and for everyone. Its
script then opens a websocket, and the kernel belongs to that connection: it is forked when the
connection opens and ends with it, whichever side closes it. There is no address, word or id by
which a kernel could be reached otherwise, so nobody reaches another's.

The browser says one thing only: a message to a widget that the kernel has opened. What it sends is
taken apart and put together anew, so a request to execute, complete or inspect cannot be expressed.
"""

import asyncio
import base64
import ipaddress
import json
import os
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from queue import Empty
from typing import Any

from jupyter_client.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from .handlers import Handler
from .rendering import Press, Renderer
from .site import Page, Visit
from .still import VIEW

IDLE_MIN = 20.0
"""Minutes without a message of the viewer after which a live kernel ends."""
KERNEL_MB, KERNELS_A_CORE = 120, 25
"""What is set aside for a live kernel, and how many a core can take."""
MOST_STARTING = 2 * (os.cpu_count() or 1)
"""Live kernels that start at the same time; each waits for half of it."""
MESSAGE_BYTES, MESSAGES_A_SECOND, BURST = 1 << 20, 40, 200
"""Largest message of a viewer, and how many they may send in the long run and at once."""
WATCH_S = 1.0
"""How often it is looked whether a quiet kernel still lives."""
STATE = "application/vnd.jupyter.widget-state+json"
COMMS = {"comm_open", "comm_msg", "comm_close"}
OUTPUTS = {"display_data", "clear_output", "stream"}
IDS = re.compile(r"[\w-]{1,64}")


def most_kernels() -> int:
    """Give how many live kernels this machine's memory and cores should carry."""
    try:
        memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6
    except (AttributeError, ValueError):  # Windows has neither
        memory_mb = 4000.0
    return max(1, min(int(memory_mb / 2 / KERNEL_MB), KERNELS_A_CORE * (os.cpu_count() or 1)))


def visitor(address: str) -> str:
    """Name who comes from an address: of the sixth version, one connection has a whole network."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:  # a socket that is a file
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return address
    return str(known.ipv4_mapped or ipaddress.ip_network((known, 64), strict=False))


class FullError(Exception):
    """As many viewers have a kernel as may: in all (``full``), or from one address (``many``)."""


class RefusedError(Exception):
    """A message that no widget sends."""


class LivePress(Press):
    """Voilà with our template, and kernels that stay with viewers of live pages."""

    most_live: int
    most_each: int
    trusts_proxy: bool
    idle_min: float

    def init_settings(self) -> dict:
        """Begin with no kernel."""
        self.live: Counter[str] = Counter()  # visitor = how many
        self.starts_free = asyncio.Semaphore(MOST_STARTING)
        return super().init_settings()

    @asynccontextmanager
    async def live_kernel(
        self, page: Page, visit: Visit, who: str
    ) -> AsyncIterator[tuple[Any, dict]]:
        """Give a kernel in which a live page's notebook has run, and its widgets; then end it.

        Raises
        ------
        FullError
            If as many viewers have one as may.
        """
        if self.live.total() >= self.most_live:
            raise FullError("full")
        if self.live[who] >= self.most_each:
            raise FullError("many")
        self.live[who] += 1
        try:
            renderer = await self.renderer(page, visit)
            async with AsyncExitStack() as ended_with_it:
                async with self.starts_free, asyncio.timeout(self.page_time_limit_s):
                    kernel_id, kernel = await ended_with_it.enter_async_context(
                        self.kernel(renderer)
                    )
                    kernel.stop_restarter()  # a new one would know nothing of what was chosen
                    widgets = await _run(renderer, kernel_id, kernel)
                yield kernel, widgets
        finally:
            self.live[who] -= 1
            self.live += Counter()  # forgets who has none


async def _run(renderer: Renderer, kernel_id: str, kernel: Any) -> dict[str, Any]:
    """Run a notebook, and give its widgets: ids of those shown, in order, and the state of all."""
    notebook = renderer.notebook
    hidden = {"de": "en", "en": "de"}.get(renderer.parameters.get("language", ""))
    await renderer._jinja_kernel_start(notebook, kernel_id, kernel)
    shown = []
    async for cell in renderer._jinja_cell_generator(notebook, kernel_id):
        if hidden not in cell.metadata.get("tags", ()):
            found = [output.get("data", {}).get(VIEW) for output in cell.get("outputs", ())]
            shown += [view["model_id"] for view in found if view]
    renderer.executor.set_widgets_metadata()
    states = renderer.executor.nb.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    for one in states.values():
        one["state"].pop("_esm", None)  # scripts that the page does not run: plotly's has 5 MB
    return {"kind": "ready", "shown": shown, "models": states}


class LiveHandler(WebSocketHandler, Handler):
    """The connection of one viewer's live page with its kernel."""

    ping_interval, ping_timeout = 15, 15  # a viewer who is cut off is noticed within half a minute
    max_message_size = MESSAGE_BYTES
    kernel_client: Any = None
    task: asyncio.Task | None = None

    @property
    def server(self) -> LivePress:
        """The application that serves."""
        return self.settings["voila"]

    @property
    def who(self) -> str:
        """Whose connection it is: what the web server in front says last, if it is trusted."""
        forwarded = self.request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        is_theirs = self.server.trusts_proxy and forwarded
        return visitor(forwarded if is_theirs else str(self.request.remote_ip))

    def check_origin(self, origin: str = "") -> bool:
        """Let in only pages of this server; a browser always says whose page it is."""
        origin = origin or self.request.headers.get("Origin", "")
        return origin.lower().partition("://")[2] == self.request.headers.get("Host", "").lower()

    @ws_authenticated
    async def get(self, programme: str, release: str | None, name: str) -> None:
        """Check who asks for what before the connection is taken."""
        if not self.check_origin():
            raise web.HTTPError(403)
        arguments = {key: self.get_query_argument(key) for key in self.request.query_arguments}
        language = arguments.pop("lang", "de")
        site = self.server.site
        self.visit = await site.visit(programme, release or "", name, language, arguments)
        if self.visit.page is None or not self.visit.page.is_live:
            raise web.HTTPError(404)
        self.page = self.visit.page
        await super().get(programme, release, name)

    def open(self, *args: str, **kwargs: str) -> None:
        """Begin; the connection is listened to at once, so that its end is noticed meanwhile."""
        loop = asyncio.get_running_loop()
        self.heard_at, self.allowance = loop.time(), float(BURST)
        self.comms: set[str] = set()
        self.task = asyncio.create_task(self.attend())

    def on_close(self) -> None:
        """End the kernel with the connection; once, for a second time would interrupt the end."""
        if self.task and not self.task.cancelling():
            self.task.cancel()

    async def attend(self) -> None:
        """Start a kernel, pass on what it says until it or the connection ends."""
        why = "fault"
        try:
            connected = self.server.live_kernel(self.page, self.visit, self.who)
            async with connected as (kernel, widgets):
                self.kernel_client = kernel.client()
                self.kernel_client.start_channels(stdin=False, hb=False, control=False)
                try:
                    self.comms |= widgets["models"].keys()
                    await self.tell(widgets)
                    why = await self.listen_to(kernel)
                finally:
                    self.kernel_client.stop_channels()
                    self.kernel_client = None
        except FullError as error:
            why = str(error)
        except WebSocketClosedError:
            return
        except Exception:
            number = secrets.token_hex(4)
            self.log.exception("Error %s at %s", number, self.request.path)
            await self.finish_with({"kind": "ended", "why": "fault", "number": number})
            return
        await self.finish_with({"kind": "ended", "why": why})

    async def listen_to(self, kernel: Any) -> str:
        """Pass on what the kernel says; give the reason for which that ends."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                message = await self.kernel_client.get_iopub_msg(timeout=WATCH_S)
            except Empty:
                if not await ensure_async(kernel.is_alive()):
                    return "died"
                if loop.time() - self.heard_at > 60 * self.server.idle_min:
                    return "idle"
                continue
            if said := self.shown(message):
                await self.tell(said)

    def shown(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Take from a kernel's message what the page may see; None for nothing."""
        kind, content = message["header"]["msg_type"], message["content"]
        said = {"kind": kind, "parent": message["parent_header"].get("msg_id", "")}
        if kind in COMMS:
            if kind == "comm_open":
                self.comms.add(content["comm_id"])
            buffers = [base64.b64encode(one).decode() for one in message.get("buffers", ())]
            return said | {"content": content, "buffers": buffers}
        if kind == "status":
            return said | {"state": content["execution_state"]}
        if kind == "error":  # its words may tell what nobody is to know; the log has them
            self.log.error("A live page failed: %s\n%s", self.request.path, content["evalue"])
            return said
        if kind in OUTPUTS and content.get("name") != "stderr":
            return said | {"content": content}
        return None

    def on_message(self, given: str | bytes) -> None:
        """Pass a viewer's message on to their kernel; end with who sends anything else."""
        if self.task is None or self.task.cancelling():
            return  # what comes after the end is not even looked at
        try:
            self.count()
            message, buffers = self.taken_apart(given)
        except RefusedError as reason:
            self.log.warning("Refused at %s: %s", self.request.path, reason)
            self.close(1008, "refused")
            self.on_close()
            return
        if self.kernel_client is not None:
            session, channel = self.kernel_client.session, self.kernel_client.shell_channel
            whole = session.msg("comm_msg", message["content"])
            whole["header"]["msg_id"] = whole["msg_id"] = message["id"]
            session.send(channel.socket, whole, buffers=buffers)

    def count(self) -> None:
        """Hold a viewer to a rate of messages."""
        now = asyncio.get_running_loop().time()
        self.allowance += MESSAGES_A_SECOND * (now - self.heard_at)
        self.allowance, self.heard_at = min(self.allowance, float(BURST)) - 1, now
        if self.allowance < 0:
            raise RefusedError("too many messages")

    def taken_apart(self, given: str | bytes) -> tuple[dict[str, Any], list[bytes]]:
        """Read a message to a widget, and nothing else.

        Raises
        ------
        RefusedError
            If it is another kind of message, or to a widget that is not there.
        """
        try:
            said = json.loads(given)
            message_id, comm_id, data = said.pop("id"), said.pop("comm_id"), said.pop("data")
            buffers = [base64.b64decode(one, validate=True) for one in said.pop("buffers")]
            json.dumps(data, ensure_ascii=False).encode()  # what cannot be written goes no further
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise RefusedError("no message to a widget") from None
        if said or not isinstance(data, dict) or not IDS.fullmatch(str(message_id)):
            raise RefusedError("no message to a widget")
        if not isinstance(comm_id, str) or comm_id not in self.comms:
            raise RefusedError("no such widget")
        return {"id": message_id, "content": {"comm_id": comm_id, "data": data}}, buffers

    async def tell(self, said: dict[str, Any]) -> None:
        """Send to the page."""
        await self.write_message(json.dumps(said, default=str))

    async def finish_with(self, said: dict[str, Any]) -> None:
        """Say why it ends, and close."""
        with suppress(WebSocketClosedError):
            await self.tell(said)
        self.close()

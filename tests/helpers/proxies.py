"""A proxy in front of a real server, over real sockets, that goes wrong on demand."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

# What becomes of a request: it is passed on; answered with a status, such as this one; its
# connection is cut before the server has seen it, or after the server has done the work; it is
# passed on late, or its answer comes late.
PASS, ERROR, CUT, CUT_AFTER = "pass", "500", "cut", "cut after"
LATE, LATE_AFTER = "late", "late after"
# It is answered 503 with a Retry-After of an hour; the answer is sent one byte at a time.
HOUR, TRICKLE = "an hour", "trickle"
# An empty page of results that names a next page: always the same, or always another.
SAME_PAGE, NEXT_PAGE = "same page", "next page"
# It is answered with JSON of another kind, or with a redirect to a host that does not exist.
GARBLED, ELSEWHERE = "garbled", "elsewhere"

# Number of the request, from 0, method and path, to what becomes of it.
Rule = Callable[[int, str, str], str]


class Proxy:
    """Passes requests on to a server, or not.

    Attributes:
        address: its own.
        rule: what becomes of each request.
        seen: method and path of every request so far.
        delay: seconds that late ones take.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.rule: Rule = lambda number, method, path: PASS
        self.seen: list[tuple[str, str]] = []
        self.delay = 2.0
        self._lock = threading.Lock()
        self._under_way = 0
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self.accept()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def accept(self) -> None:
        """Listen, on the same port as before."""
        if self._server is None:
            handler = type("Handler", (_Handler,), {"proxy": self})
            self._server = _Server(("127.0.0.1", self._port), handler)
            self._port = self._server.server_address[1]
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def refuse(self) -> None:
        """Close the port: connections are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def next(self, method: str, path: str) -> str:
        with self._lock:
            number = len(self.seen)
            self.seen.append((method, path))
        return self.rule(number, method, path)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def idle(self) -> None:
        """Wait until nothing is under way, however late."""
        while self._under_way:
            time.sleep(0.02)


@contextlib.contextmanager
def proxied(upstream: str) -> Iterator[Proxy]:
    """Within: a proxy in front of the server at this address."""
    proxy = Proxy(upstream)
    try:
        yield proxy
    finally:
        proxy.rule = lambda number, method, path: PASS
        proxy.refuse()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone away is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        self.close_connection = True  # a request each, so that each can go wrong by itself
        with self.proxy.at_work(), contextlib.suppress(OSError):
            self._one()

    def _one(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.proxy.next(self.command, self.path)
        if fault == CUT:
            self._cut()
            return
        if fault.isdigit():
            self._answer(int(fault), {"Content-Type": "text/plain"}, b"the proxy says so")
            return
        if fault == HOUR:
            self._answer(503, {"Retry-After": "3600"}, b"")
            return
        if fault == GARBLED:
            self._answer(200, {"Content-Type": "application/json"}, b"[1, 2]")
            return
        if fault == ELSEWHERE:
            self._answer(302, {"Location": "http://elsewhere.invalid/"}, b"")
            return
        if fault in (SAME_PAGE, NEXT_PAGE):
            token = "page" if fault == SAME_PAGE else f"page{len(self.proxy.seen)}"
            page = json.dumps({"next_page_token": token}).encode()
            self._answer(200, {"Content-Type": "application/json"}, page)
            return
        if fault == LATE:
            time.sleep(self.proxy.delay)
        status, headers, content = self._passed_on(body)
        if fault == CUT_AFTER:
            self._cut()
            return
        if fault == LATE_AFTER:
            time.sleep(self.proxy.delay)
        if fault == TRICKLE:
            self.send_response(status)
            for byte in b"X-Slow: " + b"." * 200:
                self.wfile.write(bytes([byte]))
                time.sleep(self.proxy.delay / 10)
            return
        self._answer(status, headers, content)

    def _passed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        upstream = self.proxy.upstream
        line = http.client.HTTPConnection(str(upstream.hostname), upstream.port, timeout=60)
        try:
            # The server checks whom a request is for.
            headers = dict(self.headers) | {"Host": upstream.netloc, "Connection": "close"}
            line.request(self.command, self.path, body or None, headers)
            answer = line.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except OSError:
            return 502, {"Content-Type": "text/plain"}, b"no server behind the proxy"
        finally:
            line.close()

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        left_out = {"connection", "content-length", "transfer-encoding", "date", "server"}
        for name, value in headers.items():
            if name.lower() not in left_out:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def _cut(self) -> None:
        """Reset the connection instead of closing it in good order."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing is printed."""

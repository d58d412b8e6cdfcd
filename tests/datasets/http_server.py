"""An HTTP server on the loopback interface that answers as it is told, faults included."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """What the server does for one request."""

    body: bytes = b""
    status: int = 200
    #: Besides Content-Length, which is the body's length unless given here.
    headers: dict[str, str] = field(default_factory=dict)
    #: Bytes of the body after which it closes the connection.
    cut: int | None = None
    #: Bytes of the body after which it sends nothing more; -1 for not even the status.
    stall: int | None = None


class Server:
    """Answers for paths, in order; the last one is repeated. Other paths are 404."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        #: Paths asked for.
        self.requests: list[str] = []
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._http.server_port}"

    def next_answer(self, path: str) -> Answer:
        """Note a request and take its answer."""
        with self._lock:
            self.requests.append(path)
            answers = self.answers.get(path, [Answer(status=404)])
            return answers.pop(0) if len(answers) > 1 else answers[0]

    def wait_for(self, n_requests: int) -> None:
        """Return when so many requests have been noted, or a minute later."""
        end = time.monotonic() + 60
        while len(self.requests) < n_requests and time.monotonic() < end:
            time.sleep(0.01)

    @contextmanager
    def running(self) -> Iterator[Server]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.closing.set()
            self._http.shutdown()
            thread.join()
            self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = server.next_answer(self.path)
                if answer.stall == -1:
                    server.closing.wait()
                    return
                self.send_response(answer.status)
                headers = {"Content-Length": str(len(answer.body))} | answer.headers
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body[: answer.cut][: answer.stall])
                self.wfile.flush()
                if answer.stall is not None:
                    server.closing.wait()

            def log_message(self, *args: object) -> None:
                pass

        return Handler

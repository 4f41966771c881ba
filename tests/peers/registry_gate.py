"""Stands between a browser and a registry: counts what is open at once, can ask for a token, and can have indexes go
backwards, as after a restart of a registry that lost its history."""
import http.client
import http.server
import threading
import urllib.parse

FORWARD_SECONDS = 90
PASSED_ON = ("Content-Type", "X-Consul-Index", "ETag", "Cache-Control", "Content-Security-Policy",
             "X-Content-Type-Options", "Location")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/v1/"):
            self.gate.enter(self.path)
            try:
                self.answer_data()
            finally:
                self.gate.leave()
        else:
            self.forward()

    def answer_data(self):
        if self.gate.token is not None and self.headers.get("X-Consul-Token") != self.gate.token:
            self.reply(403, {"Content-Type": "text/plain; charset=utf-8"}, b"Permission denied")
        else:
            self.forward()

    def forward(self):
        connection = http.client.HTTPConnection(self.gate.target, timeout=FORWARD_SECONDS)
        try:
            connection.request("GET", self.path)
            answer = connection.getresponse()
            body = answer.read()
        except OSError:
            self.close_connection = True
            return
        finally:
            connection.close()
        headers = {name: answer.headers[name] for name in PASSED_ON if name in answer.headers}
        if "X-Consul-Index" in headers:
            headers["X-Consul-Index"] = self.gate.index_told(headers["X-Consul-Index"])
        self.reply(answer.status, headers, body)

    def reply(self, status, headers, body):
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:  # the browser has gone on
            self.close_connection = True

    @property
    def gate(self):
        return self.server.gate

    def log_message(self, *_):
        pass


class Gate:
    def __init__(self, target):
        self.target = target
        self.token = None
        self.index_once = None  # told in place of the next index
        self.asked = []         # (path without query, index or None) of each query
        self.open = 0
        self.open_most = 0
        self.lock = threading.Condition()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.gate = self
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def enter(self, target):
        path, _, query = target.partition("?")
        with self.lock:
            self.asked.append((path, urllib.parse.parse_qs(query).get("index", [None])[0]))
            self.open += 1
            self.open_most = max(self.open, self.open_most)
            self.lock.notify_all()

    def leave(self):
        with self.lock:
            self.open -= 1

    def index_told(self, index):
        with self.lock:
            told, self.index_once = self.index_once or index, None
            return told

    def forget(self):
        with self.lock:
            self.asked.clear()
            self.open_most = self.open

    def await_query(self, path, seconds):
        """Waits until the path was asked with an index, since forget()."""
        with self.lock:
            if not self.lock.wait_for(lambda: any(asked == path and index for asked, index in self.asked), seconds):
                raise AssertionError(f"no blocking query of {path} in {seconds} s: {self.asked}")

    def close(self):
        self.server.shutdown()
        self.server.server_close()

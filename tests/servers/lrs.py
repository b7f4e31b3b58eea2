"""
A small LRS without faults, which stores statements in memory.

A request that breaks the specification is answered with 400 and noted in `problems`, so that no case succeeds by accident.
"""
import json
import socket
import threading
import time
import uuid
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

USERNAME, PASSWORD = "router", 'a: "secret"'
AUTHORIZATION = "Basic " + b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()


class Lrs:
    """
    The store, and the server while it runs. `stop` and `start` keep the statements and the port.

    A statement takes the time `seconds_per_statement` to be stored. If the client has closed the connection before, as a proxy
    does whose patience has ended, the statements are stored only with `stores_late`.
    """

    def __init__(self):
        self.seconds_per_statement = 0
        self.stores_late = False
        self.stored = {}
        self.problems = []
        self.requests = []
        self.lock = threading.Lock()
        self.port = 0
        self.start()

    def start(self):
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.lrs = self
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        """Closes the port and all connections, also those with a request that is not answered yet."""
        self.server.shutdown()
        self.server.server_close()
        self.server.close_connections()

    def store(self, statements):
        """Stores all statements, or none if the id of one is stored already. Returns whether they were stored."""
        with self.lock:
            if any(statement["id"] in self.stored for statement in statements):
                return False
            self.stored.update((statement["id"], statement) for statement in statements)
            return True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, *arguments):
        self.connections = set()
        super().__init__(*arguments)

    def process_request(self, request, client_address):
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self):
        for connection in list(self.connections):
            self.shutdown_request(connection)

    def handle_error(self, request, client_address):
        """Proxies close connections at any time. Errors of other kinds fail a case by the missing statements."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.accept_headers("/xAPI/statements"):
            return
        statements = json.loads(body)
        ids = [statement.get("id") for statement in statements]
        if len(set(ids)) < len(ids) or any(id != str(uuid.UUID(id)) for id in ids):
            return self.refuse("ids are missing, malformed or repeated")
        lrs = self.server.lrs
        time.sleep(len(ids) * lrs.seconds_per_statement)
        if not lrs.stores_late and self.client_has_gone():
            self.close_connection = True
        elif lrs.store(statements):
            self.answer(200, ids)
        else:
            self.answer(409, "a statement with this id is stored already")

    def do_GET(self):
        if urlsplit(self.path).path == "/xAPI/about":
            return self.answer(200, {"version": ["1.0.3"]})
        if not self.accept_headers("/xAPI/statements"):
            return
        query = parse_qs(urlsplit(self.path).query)
        if "statementId" in query:
            statement = self.server.lrs.stored.get(query["statementId"][0])
            self.answer(404 if statement is None else 200, statement)
        else:
            statements = list(self.server.lrs.stored.values())[: int(query["limit"][0])]
            self.answer(200, {"statements": statements, "more": ""})

    def client_has_gone(self):
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def accept_headers(self, path):
        self.server.lrs.requests.append(dict(self.headers))
        if self.headers["Authorization"] != AUTHORIZATION:
            self.answer(401, "who are you?")
        elif urlsplit(self.path).path != path:
            self.refuse(f"the path {self.path}")
        elif not (self.headers["X-Experience-API-Version"] or "").startswith("1.0"):
            self.refuse("no version")
        elif self.command == "POST" and self.headers["Content-Type"] != "application/json":
            self.refuse(f"the type {self.headers['Content-Type']}")
        else:
            return True
        return False

    def refuse(self, problem):
        self.server.lrs.problems.append(problem)
        self.answer(400, problem)

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Experience-API-Version", "1.0.3")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

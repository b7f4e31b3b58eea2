"""
Serves ClickHouse's HTTP interface over chdb, which is ClickHouse in a library, on the loopback interface. `cases.py` starts this
script.

    serve.py DIRECTORY PORT_FILE [PORT]

The tables are in the directory, and are kept when the server starts again. The variables CLICKHOUSE_USER and CLICKHOUSE_PASSWORD
set the only user. The answers follow HTTPHandler.cpp and exceptionCodeToHTTPStatus.cpp of ClickHouse:

- The query is the parameter `query`, a newline, and the body. GET can only read.
- Other parameters are settings of this query.
- A failed query has the code of its exception in a header, and a status that depends on the code.

Unlike the server, it runs one query at a time, and reads the whole body before the query starts. So these are its own:

- A query whose id is that of another query is refused with code 216. A query keeps its id until it ends, whether the client waits or not.
- `/hold/N` lets N more inserts start. Each insert after them waits, with its id, until `/release`. Meanwhile, lookups are answered as if it ran.
- `/held` answers how many inserts wait, and `/refused` how many queries were refused since `/hold/N` for their id.
"""
import base64
import contextlib
import gzip
import json
import os
import re
import signal
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import MagicMock
from urllib.parse import parse_qsl, urlsplit

# chdb imports pyarrow, which has the size of a database, but needs it only for results in Arrow's format.
sys.modules["pyarrow"] = MagicMock()
from chdb.session import Session  # noqa: E402

# Parameters that are no settings. The answer is always complete before it is sent, as with `wait_end_of_query=1`.
RESERVED = {
    "query", "user", "password", "quota_key", "query_id", "stacktrace", "buffer_size", "wait_end_of_query", "session_id",
    "session_timeout", "session_check", "client_protocol_version", "close_session", "database", "default_format", "role",
}
STATUSES = {
    400: {6, 25, 26, 27, 36, 38, 41, 43, 44, 53, 62, 69, 72, 117, 167, 168, 376, 427, 441, 675, 676, 8, 15, 12, 19},
    401: {194},
    403: {192, 193, 497, 516, 511},
    404: {46, 47, 50, 56, 60, 63, 73, 78, 81, 82, 115},
    408: {159},
    411: {381},
    413: {306},
    501: {48},
    503: {76, 209, 439},
}
READS = {"select", "with", "show", "describe", "desc", "exists", "explain"}


class QueryError(Exception):
    def __init__(self, code, name, text):
        super().__init__(f"Code: {code}. DB::Exception: {text} ({name})")
        self.code = code


class ClickHouse:
    """The tables of a directory, and the queries to them, one at a time."""

    def __init__(self, directory):
        self.session = Session(str(directory))
        self.lock = threading.Lock()
        # The ids of the queries that have not ended.
        self.running = set()
        self.running_lock = threading.Lock()
        self.inserts_may_start = threading.Event()
        self.inserts_may_start.set()
        # The number of inserts that may start although the others wait, and the number of inserts that wait.
        self.allowed = self.held = 0
        # The number of queries that were refused for their id.
        self.refused = 0
        self.version, self.time_zone = self.query("SELECT version(), timezone()", "TSV").bytes().decode().split()

    @contextlib.contextmanager
    def keep_id(self, query_id, is_insert):
        with self.running_lock:
            if query_id in self.running:
                self.refused += 1
                text = f"Query with id = {query_id} is already running."
                raise QueryError(216, "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING", text)
            self.running.add(query_id)
        try:
            if is_insert:
                self.wait_until_insert_may_start()
            yield
        finally:
            with self.running_lock:
                self.running.remove(query_id)

    def wait_until_insert_may_start(self):
        with self.running_lock:
            if self.inserts_may_start.is_set():
                return
            if self.allowed > 0:
                self.allowed -= 1
                return
            self.held += 1
        self.inserts_may_start.wait()

    def hold(self, allowed):
        with self.running_lock:
            self.refused = self.held = 0
            self.allowed = allowed
            self.inserts_may_start.clear()

    def run(self, query, output_format, settings, database):
        """Runs a query with settings that apply to this query only."""
        with self.lock:
            try:
                if database:
                    self.query(f"USE {quoted(database, '`')}")
                for name, value in settings.items():
                    self.query(f"SET {name} = {quoted(value)}")
                return self.query(query, output_format)
            finally:
                for name in settings:
                    if not name.startswith("param_"):
                        try:
                            self.query(f"SET {name} = DEFAULT")
                        except QueryError:
                            pass  # the setting was refused above
                if database:
                    self.query("USE default")

    def query(self, query, output_format="TSV"):
        try:
            return self.session.query(query, output_format)
        except RuntimeError as error:
            code, text, name = parse_exception(str(error))
            raise QueryError(code, name, text) from None


def parse_exception(message):
    """
    Returns the code, the text and the name of an exception. The library repeats the code and the name around some exceptions,
    and mentions that the query holds the data.
    """
    message = message.replace(": data for INSERT was parsed from query", "")
    message = re.sub(r" \(version [^()]*(\([^()]*\))?\)\.?", "", message)
    code, text = re.match(r"(?:Code: (\d+)\. DB::Exception: )+(.*)", message, re.DOTALL).groups()
    text, name = re.match(r"(.*?)(?: \(([A-Z0-9_]+)\)\.?)+\s*$", text, re.DOTALL).groups()
    return int(code), text, name


def quoted(text, quote="'"):
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        parts = urlsplit(self.path)
        if parts.query:
            self.handle_query(b"")
        elif parts.path in ("/held", "/refused"):
            clickhouse = self.server.clickhouse
            number = clickhouse.held if parts.path == "/held" else clickhouse.refused
            self.answer(200, f"{number}\n".encode())
        elif parts.path.startswith("/hold/"):
            self.server.clickhouse.hold(int(parts.path.removeprefix("/hold/")))
            self.answer(200, b"Ok.\n")
        elif parts.path == "/release":
            self.server.clickhouse.inserts_may_start.set()
            self.answer(200, b"Ok.\n")
        elif parts.path in ("/", "/ping", "/replicas_status"):
            self.answer(200, b"Ok.\n")
        else:
            self.answer(404, f"There is no handle {parts.path}\n\nUse / or /ping for health checks.\n".encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if len(body) < int(self.headers.get("Content-Length") or 0):
            self.close_connection = True  # the client has gone, and nothing is stored
        else:
            self.handle_query(body)

    def handle_query(self, body):
        query_id = self.headers.get("X-ClickHouse-Query-Id") or str(uuid.uuid4())
        started = time.monotonic_ns()
        try:
            parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
            self.authenticate(parameters)
            query_id = parameters.get("query_id", query_id)
            query = self.whole_query(parameters, body)
            output_format = parameters.get("default_format") or self.headers.get("X-ClickHouse-Format") or "TabSeparated"
            settings = {name: value for name, value in parameters.items() if name and name not in RESERVED}
            for name in settings:
                if not name.isidentifier():
                    raise QueryError(115, "UNKNOWN_SETTING", f"Unknown setting '{name}'.")
            database = parameters.get("database") or self.headers.get("X-ClickHouse-Database")
            with self.server.clickhouse.keep_id(query_id, first_word(query) == "insert"):
                result = self.server.clickhouse.run(query, output_format, settings, database)
        except QueryError as error:
            return self.refuse(error, query_id)
        headers = {"X-ClickHouse-Query-Id": query_id, "X-ClickHouse-Timezone": self.server.clickhouse.time_zone}
        rows = str(result.rows_read())
        summary = {"read_rows": rows, "read_bytes": str(result.bytes_read())}
        summary["written_rows"] = rows if first_word(query) == "insert" else "0"
        summary["elapsed_ns"] = str(time.monotonic_ns() - started)
        self.answer(200, result.bytes(), {**headers, "X-ClickHouse-Summary": json.dumps(summary)})

    def authenticate(self, parameters):
        """Checks the credentials of the headers `X-ClickHouse-…`, of Basic, or of the parameters. Only one kind may be given."""
        user, password = self.headers.get("X-ClickHouse-User", ""), self.headers.get("X-ClickHouse-Key", "")
        authorization = self.headers.get("Authorization")
        in_parameters = "user" in parameters or "password" in parameters
        if bool(user or password) + bool(authorization) + in_parameters > 1:
            text = "Invalid authentication: it is not allowed to use two authentication methods simultaneously."
            raise QueryError(516, "AUTHENTICATION_FAILED", text)
        if authorization:
            scheme, _, value = authorization.partition(" ")
            if scheme.lower() != "basic":
                text = f"Invalid authentication: '{scheme}' HTTP Authorization scheme is not supported."
                raise QueryError(516, "AUTHENTICATION_FAILED", text)
            user, _, password = base64.b64decode(value).decode().partition(":")
        elif in_parameters:
            user, password = parameters.get("user", "default"), parameters.get("password", "")
        elif not user and not password:
            user = "default"
        expected = os.environ.get("CLICKHOUSE_USER", "default"), os.environ.get("CLICKHOUSE_PASSWORD", "")
        if (user, password) != expected:
            text = f"{user}: Authentication failed: password is incorrect, or there is no user with such name."
            if user == "default":
                raise QueryError(194, "REQUIRED_PASSWORD", text)
            raise QueryError(516, "AUTHENTICATION_FAILED", text)

    def whole_query(self, parameters, body):
        if (self.headers.get("Content-Type") or "").startswith("multipart/form-data"):
            raise QueryError(48, "NOT_IMPLEMENTED", "External tables are not implemented here.")
        encoding = self.headers.get("Content-Encoding", "")
        if encoding == "gzip":
            try:
                body = gzip.decompress(body)
            except (OSError, EOFError) as error:
                raise QueryError(354, "ZLIB_INFLATE_FAILED", f"inflate failed: {error}") from None
        elif encoding:
            raise QueryError(48, "NOT_IMPLEMENTED", f"Unknown compression method '{encoding}'")
        try:
            query = "\n".join(part for part in (parameters.get("query"), body.decode()) if part)
        except UnicodeDecodeError:
            raise QueryError(117, "INCORRECT_DATA", "chdb takes only UTF-8") from None
        if not query.strip():
            raise QueryError(62, "SYNTAX_ERROR", "Syntax error: failed at position 1: Empty query")
        if self.command == "GET" and first_word(query) not in READS:
            text = "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. "
            raise QueryError(164, "READONLY", text + "You should use method POST for modifying queries.")
        return query

    def refuse(self, error, query_id):
        status = next((status for status, codes in STATUSES.items() if error.code in codes), 500)
        headers = {"X-ClickHouse-Exception-Code": str(error.code), "X-ClickHouse-Query-Id": query_id}
        if status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="ClickHouse server HTTP API"'
        self.answer(status, f"{error} (version {self.server.clickhouse.version} (official build))\n".encode(), headers)

    def answer(self, status, body, headers={}):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Server-Display-Name", "chdb")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def first_word(query):
    return re.match(r"\s*(\w*)", query)[1].lower()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Clients may close a connection at any time. Errors of other kinds are shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    # The server ends by itself, even if the caller is killed.
    signal.alarm(1800)
    directory, port_file, *port = sys.argv[1:]
    with Server(("127.0.0.1", int(port[0]) if port else 0), Handler) as server:
        server.clickhouse = ClickHouse(directory)
        # The file is complete once it exists.
        Path(port_file + ".new").write_text(f"{server.server_port}\n", "utf-8")
        os.replace(port_file + ".new", port_file)
        server.serve_forever(0.05)


if __name__ == "__main__":
    main()

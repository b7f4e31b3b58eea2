"""The server of `serve.py`, as a process, and the tables of Aspects in it."""
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from case_list import Failure  # noqa: E402

# The longest time of a wait. A longer wait fails.
SECONDS = 300
USERNAME, PASSWORD = "router", 'a: "secret"'
# The table that Vector fills, and the table that Ralph fills. Aspects reads one of them.
TABLES = {
    "openedx.xapi_events_all": "PRIMARY KEY emission_time ORDER BY (emission_time, event_id)",
    "xapi.xapi_events_all": "PARTITION BY toYYYYMM(emission_time) ORDER BY (emission_time, event_id)",
}
# ClickHouse reads the files `config.xml` and `users.xml` in the working directory.
USERS = """<clickhouse>
<profiles><default>{}</default></profiles>
<users><default><password/><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default></users>
<quotas><default/></quotas>
</clickhouse>
"""
VERBS = ("http://adlnet.gov/expapi/verbs/registered", "http://id.tincanapi.com/verb/unregistered")


class QueryFailed(Failure):
    """Has the text of the server's answer."""


class Server:
    """A server with its own directory. `kill` and `start` keep the tables and the port."""

    def __init__(self, directory):
        self.directory = directory
        self.port = 0
        self.tables = set()
        self.start()

    def start(self, profile=""):
        """
        Starts the server with elements of the profile of its user, such as `<readonly>1</readonly>`. Another process may hold
        the old port for a moment, so the start is tried a few times.
        """
        (self.directory / "users.xml").write_text(USERS.format(profile))
        (self.directory / "config.xml").write_text("<clickhouse><users_config>users.xml</users_config></clickhouse>")
        for attempt in range(10):
            if self._start():
                break
            time.sleep(0.5)
        else:
            raise SystemExit(f"the server did not start\n{(self.directory / 'server.log').read_text()}")
        # A restarted server merges again.
        for table in self.tables if not profile else ():
            self.query(f"SYSTEM STOP MERGES {table}")

    def _start(self):
        port_file = self.directory / "port"
        port_file.unlink(missing_ok=True)
        command = [sys.executable, "-B", Path(__file__).with_name("serve.py"), self.directory / "data", port_file]
        environment = os.environ | {"CLICKHOUSE_USER": USERNAME, "CLICKHOUSE_PASSWORD": PASSWORD}
        with open(self.directory / "server.log", "ab") as log:
            self.process = subprocess.Popen([*command, str(self.port)], cwd=self.directory, env=environment, stdout=log, stderr=log)
        for _ in range(SECONDS * 20):
            if port_file.exists() or self.process.poll() is not None:
                break
            time.sleep(0.05)
        if not port_file.exists():
            self.kill()
            return False
        self.port = int(port_file.read_text())
        return True

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def get(self, path):
        with urllib.request.urlopen(f"{self.url()}{path}", timeout=SECONDS) as response:
            return response.read().decode().strip()

    def wait_for(self, count, run):
        """Waits until one of the counts `/held` and `/refused` is not zero, while a command runs."""
        end = time.monotonic() + SECONDS
        while self.get(count) == "0":
            if run.poll() is not None:
                raise Failure(f"the run ended with exit code {run.returncode} while {count} was zero\n{run.stderr.read()}")
            if time.monotonic() > end:
                raise Failure(f"{count} is zero after {SECONDS} s")
            time.sleep(0.01)

    def query(self, query, **settings):
        """Returns the lines of the answer, each as an array of JSON."""
        parameters = urllib.parse.urlencode({"default_format": "JSONCompactEachRow", **settings})
        headers = {"X-ClickHouse-User": USERNAME, "X-ClickHouse-Key": PASSWORD}
        request = urllib.request.Request(f"{self.url()}/?{parameters}", query.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as response:
                return [json.loads(line) for line in response.read().splitlines()]
        except urllib.error.HTTPError as error:
            raise QueryFailed(error.read().decode()) from None

    def value(self, query):
        return self.query(query)[0][0]

    def create_tables(self):
        for table in TABLES:
            self.create_table(table)

    def create_table(self, table):
        """Creates a table of statements, and the sums of enrollments as in Aspects, anew."""
        database = table.partition(".")[0]
        self.query(f"DROP DATABASE IF EXISTS {database}")
        self.query(f"CREATE DATABASE {database}")
        columns = "event_id UUID, emission_time DateTime64(6), event String"
        self.query(f"CREATE TABLE {table} ({columns}) ENGINE = ReplacingMergeTree {TABLES[table]}")
        # Merges would hide rows that are stored twice.
        self.query(f"SYSTEM STOP MERGES {table}")
        self.tables.add(table)
        self.query(
            f"""CREATE TABLE {database}.enrollments (day Date, course String, verb String, number UInt64)
            ENGINE = SummingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (day, course, verb)"""
        )
        self.query(
            f"""CREATE MATERIALIZED VIEW {database}.enrollments_view TO {database}.enrollments AS
            SELECT toDate(emission_time, 'UTC') AS day, JSON_VALUE(event, '$.object.id') AS course,
                JSON_VALUE(event, '$.verb.id') AS verb, count() AS number
            FROM {table} WHERE verb IN {VERBS} GROUP BY day, course, verb"""
        )

    def rows(self, table):
        """Returns the rows of a table, including those that merges would remove, as (id, microseconds, text)."""
        columns = "toString(event_id), toString(toUnixTimestamp64Micro(emission_time)), event"
        return [(id, int(time), event) for id, time, event in self.query(f"SELECT {columns} FROM {table}")]

    def sums(self, table):
        """Returns the number of enrollments by day, course and verb."""
        query = f"SELECT toString(day), course, verb, toString(sum(number)) FROM {table.partition('.')[0]}.enrollments"
        return {(*key, int(number)) for *key, number in self.query(f"{query} GROUP BY day, course, verb")}

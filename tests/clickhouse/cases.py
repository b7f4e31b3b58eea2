"""
Inserts statements into the tables of Aspects in each case, and checks the exit code, the messages and the rows. `tests/clickhouse/run`
calls this script with the Python that has chdb.

    cases.py EVENT_ROUTER [NAME...]
"""
import collections
import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from case_list import Failure, case, expect, run_cases  # noqa: E402
from server import PASSWORD, SECONDS, TABLES, USERNAME, VERBS, QueryFailed, Server  # noqa: E402

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
CONVERSION = ("--to", "xapi", "--lms-root-url", "https://courses.example.org")
LOOKUPS = ("--users", str(FIXTURES / "users.csv"), "--courses", str(FIXTURES / "courses.csv"))
SAMPLE = str(FIXTURES / "sample/tracking.log.gz")
PARTITIONED = "xapi.xapi_events_all"
UNPARTITIONED = "openedx.xapi_events_all"


class Log:
    """A log, and the rows that its statements must become."""

    def __init__(self, case, inputs, *arguments):
        self.case, self.inputs, self.arguments = case, inputs, (*CONVERSION, *arguments)
        self.lines = self.transform().splitlines()
        self.rows = {}
        for line in self.lines:
            statement = json.loads(line)
            time = datetime.datetime.fromisoformat(statement["timestamp"])
            self.rows[statement["id"]] = (statement["id"], microseconds(time), line)
        sums = collections.Counter(filter(None, map(enrollment, self.rows.values())))
        self.sums = {(*key, number) for key, number in sums.items()}
        expect(self.rows and self.sums, "the log has no statements, or no enrollments")

    def transform(self, *arguments):
        command = [self.case.event_router, "transform", "--quiet", *self.arguments, *arguments, *self.inputs]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def start(self, table, *arguments, subcommand="send", password=PASSWORD):
        target = ("--clickhouse-url", self.case.server.url(), "--clickhouse-table", table)
        conversion = (*self.arguments, *self.inputs) if subcommand != "recover" else ()
        command = [self.case.event_router, subcommand, *target, "--retry-delay", "0.1", *arguments, *conversion]
        environment = os.environ | {"EVENT_ROUTER_USERNAME": USERNAME, "EVENT_ROUTER_PASSWORD": password}
        return subprocess.Popen(command, cwd=self.case.directory, env=environment, stderr=subprocess.PIPE, text=True)

    def run(self, table, *arguments, code=0, **options):
        """Runs a command, checks its exit code, and returns its messages."""
        run = self.start(table, *arguments, **options)
        try:
            messages = run.communicate(timeout=SECONDS)[1]
        except subprocess.TimeoutExpired:
            run.kill()
            raise Failure(f"the run did not end within {SECONDS} s\n{run.communicate()[1]}") from None
        expect(run.returncode == code, f"exit code {run.returncode} and not {code}", messages)
        return messages

    def stored(self, table):
        """Checks that the table holds the statements of the log once each, as `transform` writes them, and the sums of Aspects."""
        self.rows_stored(table)
        sums = self.case.server.sums(table)
        expect(sums == self.sums, f"{table}: the sums of enrollments differ", f"{list(sums ^ self.sums)[:4]}")

    def no_sum_too_large(self, table):
        expected = {tuple(key): number for *key, number in self.sums}
        large = [key for *key, number in self.case.server.sums(table) if number > expected.get(tuple(key), 0)]
        expect(not large, f"{table}: {len(large)} sums of enrollments are too large, as {large[:2]}")

    def rows_stored(self, table):
        rows = self.case.server.rows(table)
        self.no_row_twice(table, rows)
        stored = set(rows)
        missing = self.rows.keys() - {id for id, _, _ in stored}
        expect(not missing, f"{table}: {len(missing)} of {len(self.rows)} rows are missing")
        different = stored - set(self.rows.values())
        expect(not different, f"{table}: {len(different)} rows differ from the statements", f"{list(different)[:2]}")

    def no_row_twice(self, table, rows):
        twice = [id for id, number in collections.Counter(id for id, _, _ in rows).items() if number > 1]
        expect(not twice, f"{table}: {len(twice)} rows are stored more than once, as {twice[:2]}")


def microseconds(time):
    return round((time - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) / datetime.timedelta(microseconds=1))


def enrollment(row):
    """Returns the day, the course and the verb of an enrollment, and nothing for other statements."""
    _, time, text = row
    statement = json.loads(text)
    day = datetime.datetime.fromtimestamp(time // 10**6, datetime.timezone.utc).date()
    verb = statement["verb"]["id"]
    return (str(day), statement["object"]["id"], verb) if verb in VERBS else None


class Case:
    """The directory and the server of one case, with empty tables."""

    def __init__(self, event_router, server, directory):
        self.event_router, self.server, self.directory = str(Path(event_router).resolve()), server, directory
        server.create_tables()

    def sample(self):
        return Log(self, [SAMPLE], *LOOKUPS)

    def made(self, events, months=2):
        """Writes a log of enrollments in so many months from 2014 on. Each part of the log has all months."""
        path = self.directory / "tracking.log"
        path.write_text("".join(line(number, number % months) for number in range(events)))
        return Log(self, [str(path)])


def line(number, month):
    time = f"{2014 + month // 12}-{month % 12 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:59:59.{number:06}+00:00"
    course = f"course-v1:DemoX+Botany+{number % 7}"
    event = {
        "name": f"edx.course.enrollment.{'deactivated' if number % 5 == 0 else 'activated'}",
        "username": f"user-{number}",
        "context": {"course_id": course, "user_id": number},
        "event": {"course_id": course, "user_id": number, "mode": "audit"},
        "time": time,
    }
    return json.dumps(event) + "\n"


@case
def sample_is_stored_once(case):
    log = case.sample()
    for table in TABLES:
        log.run(table)
        log.stored(table)
        log.run(table)
        log.stored(table)
        log.run(table, "--all", subcommand="verify")


@case
def years_are_stored_by_one_insert(case):
    log = case.made(3000, months=144)
    for table in TABLES:
        log.run(table)
        log.stored(table)
    parts = f"FROM system.parts WHERE active AND database || '.' || table = '{PARTITIONED}'"
    numbers = case.server.query(f"SELECT toInt32(count()), toInt32(uniq(partition)) {parts}")
    expect(numbers == [[144, 144]], f"parts, months: {numbers}")
    # Without the setting of the program, the server refuses as many months.
    rows = case.server.query(f"SELECT * FROM {UNPARTITIONED}")
    rows = "\n".join(map(json.dumps, rows))
    case.server.create_table(PARTITIONED)
    try:
        case.server.query(f"INSERT INTO {PARTITIONED} FORMAT JSONCompactEachRow\n{rows}")
    except QueryFailed as error:
        expect("TOO_MANY_PARTS" in str(error), "another error", str(error))
    else:
        raise Failure("the server takes more than 100 months in one insert, so this case checks nothing")


@case
def killed_runs_are_continued(case):
    """Each run is killed after it has inserted two or three batches, while another insert waits in the server."""
    log = case.made(6000)
    for table in TABLES:
        arguments = ("--state", f"state-{table}", "--dead-letters", f"dead-{table}", "--batch-size", "200")
        for batches in (2, 3, 2):
            case.server.get(f"/hold/{batches}")
            try:
                run = log.start(table, *arguments, "--max-retries", "20")
                case.server.wait_for("/held", run)
                run.send_signal(signal.SIGKILL)
                run.communicate()
            finally:
                case.server.get("/release")
        log.run(table, *arguments)
        log.stored(table)


@case
def inserts_that_run_on_are_waited_for(case):
    """The program has no answer of an insert, since its time is over or since it was killed. The server goes on."""
    log = case.made(2000)
    for table in TABLES:
        for is_killed in (False, True):
            case.server.create_table(table)
            arguments = ["--batch-size", "500", "--max-retries", "20", "--state", f"state-{table}-{is_killed}"]
            case.server.get("/hold/0")
            try:
                if is_killed:
                    run = log.start(table, *arguments)
                    case.server.wait_for("/held", run)
                    run.send_signal(signal.SIGKILL)
                    run.communicate()
                else:
                    arguments += ["--read-timeout", "0.5"]
                run = log.start(table, *arguments)
                case.server.wait_for("/refused", run)
            finally:
                case.server.get("/release")
            messages = run.communicate(timeout=SECONDS)[1]
            expect(run.returncode == 0, f"exit code {run.returncode} and not 0", messages)
            log.stored(table)


@case
def repeated_lines_are_stored_once(case):
    """Batches that are sent at the same time have the same statements."""
    log = case.made(1000)
    path = Path(log.inputs[0])
    lines = path.read_text().splitlines(keepends=True)
    pieces = [lines[start:start + 100] for start in range(0, len(lines), 100)]
    path.write_text("".join("".join(piece * 2) for piece in pieces))
    for table in TABLES:
        log.run(table, "--batch-size", "50", "--connections", "4")
        log.stored(table)


@case
def failed_view_doubles_nothing(case):
    log = case.made(2000)
    id = sorted(log.rows)[1000]
    for table in TABLES:
        database = table.partition(".")[0]
        case.server.query(f"CREATE TABLE {database}.nothing (failed UInt8) ENGINE = Null")
        case.server.query(
            f"""CREATE MATERIALIZED VIEW {database}.failing TO {database}.nothing AS
            SELECT throwIf(event_id = '{id}') AS failed FROM {table}"""
        )
        run = log.start(table, "--dead-letters", f"dead-{table}", "--batch-size", "500", "--max-retries", "2")
        messages = run.communicate(timeout=SECONDS)[1]
        log.no_row_twice(table, case.server.rows(table))
        log.no_sum_too_large(table)
        expect("500 of failed inserts" in messages, "the summary does not mention the failed insert", messages)
        case.server.query(f"DROP VIEW {database}.failing")
        log.run(table, "--dead-letters", f"dead-{table}")
        log.rows_stored(table)


@case
def rows_load_from_files(case):
    """The file of `transform` loads with the default settings, whatever the time zone of the session."""
    for log in (case.sample(), case.made(500)):
        path = case.directory / "rows.jsonl"
        path.write_text(log.transform("--output-format", "clickhouse"))
        for settings in ({}, {"session_timezone": "America/New_York"}, {"date_time_input_format": "best_effort"}):
            for table in TABLES:
                case.server.create_table(table)
                insert = f"INSERT INTO {table} FROM INFILE '{path}' FORMAT JSONEachRow"
                case.server.query(insert, max_partitions_per_insert_block=0, **settings)
                log.stored(table)


@case
def restarted_server_is_waited_for(case):
    log = case.made(4000)
    run = log.start(PARTITIONED, "--batch-size", "100", "--rate", "20", "--max-retries", "20")
    while run.poll() is None and case.server.value(f"SELECT toInt32(count()) FROM {PARTITIONED}") < 500:
        time.sleep(0.05)
    expect(run.poll() is None, "the run ended before the server was killed", run.stderr.read())
    case.server.kill()
    case.server.start()
    messages = run.communicate(timeout=SECONDS)[1]
    expect(run.returncode == 0, f"exit code {run.returncode} and not 0", messages)
    # The server may have been killed between the rows and the sums.
    log.rows_stored(PARTITIONED)


@case
def refusals_stop_the_run(case):
    log = case.sample()
    for table, password, text in (
        (PARTITIONED, "wrong", "password"),
        ("xapi.other", PASSWORD, "xapi.other"),
        ("other.xapi_events_all", PASSWORD, "other"),
        ("xapi.enrollments", PASSWORD, "event_id"),
    ):
        messages = log.run(table, "--dead-letters", "dead", code=5, password=password)
        expect(text in messages, f"standard error does not say `{text}`", messages)
    expect(not case.server.rows(PARTITIONED), "rows are stored")


@case
def a_profile_that_refuses_inserts_or_settings_stops_the_run(case):
    log = case.made(50)
    log.run(UNPARTITIONED)
    try:
        for profile, text in (
            ("<readonly>1</readonly>", "the user may only read"),
            ("<readonly>2</readonly>", "the user may only read"),
            (
                """<constraints>
                <max_partitions_per_insert_block><const/></max_partitions_per_insert_block>
                </constraints>""",
                "refuses the setting `max_partitions_per_insert_block=0`",
            ),
        ):
            case.server.kill()
            case.server.start(profile)
            for arguments in (("--dead-letters", "dead"), ("--probe",)):
                messages = log.run(PARTITIONED, *arguments, code=5)
                expect(text in messages, f"standard error does not say `{text}`", messages)
            log.run(UNPARTITIONED, "--all", subcommand="verify")
    finally:
        case.server.kill()
        case.server.start()
    expect(not case.server.rows(PARTITIONED), "rows are stored")
    expect(not any(case.directory.glob("dead/*")), "there are dead letters")


@case
def limits_of_the_profile_stop_the_run_at_once(case):
    log = case.made(3000)
    log.run(UNPARTITIONED)
    try:
        for profile, text in (
            ("<max_rows_to_read>100</max_rows_to_read>", "the limit `max_rows_to_read`"),
            ("<max_result_rows>2</max_result_rows>", "the limit on rows or bytes"),
        ):
            case.server.kill()
            case.server.start(profile)
            messages = log.run(UNPARTITIONED, "--dead-letters", "dead", code=5)
            expect(text in messages and "retr" not in messages, f"standard error does not say `{text}`", messages)
    finally:
        case.server.kill()
        case.server.start()
    log.stored(UNPARTITIONED)
    expect(not any(case.directory.glob("dead/*")), "there are dead letters")


@case
def a_column_of_another_type_stops_the_run(case):
    case.server.query("CREATE TABLE xapi.numbers (event_id UUID, emission_time DateTime64(6), event UInt64) ENGINE = Memory")
    messages = case.made(50).run("xapi.numbers", "--dead-letters", "dead", code=5)
    expect("`event` of the type `UInt64`" in messages, "standard error does not name the column", messages)
    expect(not any(case.directory.glob("dead/*")), "there are dead letters")


@case
def refused_rows_become_dead_letters(case):
    log = case.made(1500)
    refused = sorted(log.rows)[::500]
    case.server.query(f"ALTER TABLE {PARTITIONED} ADD CONSTRAINT refused CHECK event_id NOT IN {tuple(refused)}")
    log.run(PARTITIONED, "--dead-letters", "dead", "--state", "state", code=4)
    stored = {id for id, _, _ in case.server.rows(PARTITIONED)}
    expect(stored == log.rows.keys() - set(refused), f"{len(stored)} rows are stored")
    case.server.query(f"ALTER TABLE {PARTITIONED} DROP CONSTRAINT refused")
    log.run(PARTITIONED, "--dead-letters", "dead", subcommand="recover")
    log.stored(PARTITIONED)


def main():
    # The script ends by itself, even if a server hangs.
    signal.alarm(1800)
    event_router, *words = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        server = Server(Path(directory))
        print("ClickHouse", server.value("SELECT version()"), flush=True)
        try:
            return run_cases(words, Path(directory), lambda case, files: case(Case(event_router, server, files)))
        finally:
            server.kill()
            sys.stderr.write((Path(directory) / "server.log").read_text())


if __name__ == "__main__":
    sys.exit(main())

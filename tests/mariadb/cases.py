"""Reads users and courses from MariaDB with event-router: `cases.py EVENT_ROUTER USERS`."""

import csv
import gzip
import io
import json
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
import source  # noqa: E402
from case_list import case, run_cases  # noqa: E402
from server import Proxy, Server  # noqa: E402

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
ROOT_URL = "https://courses.example.org"
SAMPLE = source.FIXTURES / "sample/tracking.log.gz"
# The longest time of a command. A command that takes longer fails.
SECONDS = 600
event_router, count = sys.argv[1], int(sys.argv[2])


def run(*words, password="hunter2", **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENT_ROUTER_")}
    environment.update(variables, EVENT_ROUTER_LMS_DB_PASSWORD=password)
    return subprocess.run([event_router, *map(str, words)], env=environment, capture_output=True, text=True, timeout=SECONDS)


def succeeds(*words, **settings):
    done = run(*words, **settings)
    assert done.returncode == 0, (words, done)
    return done


def url(database="edxapp", user="reader", port=None, host="127.0.0.1", options=""):
    return f"mysql://{user}@{host}:{port or server.port}/{database}{options}"


def transform(to, *words, log=SAMPLE):
    done = succeeds("transform", "--to", to, "--lms-root-url", ROOT_URL, *words, log, SOURCE_DATE_EPOCH="1700000000")
    return done.stdout


def fails(text, *words, code=2, **settings):
    """Checks that an export fails with one line that has this text, and leaves no file."""
    done = run("lms", "export", "--users", "u.csv", "--courses", "c.csv.gz", "--lms-db", *words, **settings)
    assert done.returncode == code and text in done.stderr and len(done.stderr.splitlines()) == 1, done
    assert "hunter2" not in done.stderr, done
    assert not [name for name in os.listdir() if "u.csv" in name or "c.csv" in name], os.listdir()


def table(path):
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [tuple(row) for row in csv.reader(io.StringIO(data.decode(), newline=""))]


def grants():
    """Returns the statements of the guide that create the user of the database."""
    page = (TOP / "src/guide/lookup_tables.md").read_text()
    block = re.search(r"  CREATE USER reader.*?(?=  ```)", page, re.S)[0]
    return block.replace("the secret", "hunter2")


def prepare():
    for database, dashes in (("edxapp", False), ("edxapp_dashes", True)):
        schema = (HERE / "schema.sql").read_text()
        if not dashes:
            schema = schema.replace("`external_user_id` uuid", "`external_user_id` char(32)")
        server.sql(f"CREATE DATABASE {database} COLLATE utf8mb4_unicode_ci")
        server.sql(schema + "".join(source.statements(users, courses, dashes)), database)
    server.sql(grants())
    server.sql(grants().replace("edxapp.", "edxapp_dashes.").partition(";")[2])
    server.sql("CREATE USER encrypted IDENTIFIED BY 'hunter2' REQUIRE SSL; GRANT SELECT ON edxapp.* TO encrypted")


@case
def exported_tables_equal_the_source():
    expected = [tuple("NULL" if value is None else str(value) for value in row) for row in users]
    names = {id: "NULL" if name is None else name for id, name in courses.items()}
    for database in ("edxapp", "edxapp_dashes"):
        files = ("--users", f"{database}.csv.gz", "--courses", f"{database}-courses.csv")
        done = succeeds("lms", "export", "--lms-db", url(database), *files)
        assert f"{database}.csv.gz: {len(users):,} users, " in done.stderr, done.stderr
        header, *rows = table(Path(f"{database}.csv.gz"))
        assert header == ("id", "username", "email", "xapi_id", "caliper_id")
        assert rows == expected, [pair for pair in zip(rows, expected) if pair[0] != pair[1]][:3]
        header, *rows = table(Path(f"{database}-courses.csv"))
        assert header == ("course_id", "display_name")
        assert dict(rows) == names and len(rows) == len(names)
        for path in files[1::2]:
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def odd_log():
    """Makes a log that names users by id and by name, and courses."""
    plain = gzip.decompress(SAMPLE.read_bytes()).decode(errors="replace")
    line = next(line for line in plain.splitlines() if '"name": "edx.course.enrollment.activated"' in line)
    start = line.index("{")
    event = json.loads(line[start:])
    ids = list(courses)
    with open("odd.log", "w") as log:
        for number, user in enumerate(users[:: max(1, len(users) // 4000)]):
            course = ids[number * 5 % len(ids)]
            event["context"].update(user_id=user[0], course_id=course)
            event["event"].update(user_id=user[0], course_id=course)
            if number % 2:
                del event["context"]["user_id"], event["event"]["user_id"]
                event["username"] = event["event"]["username"] = user[1]
            print(json.dumps(event), file=log)
            event["context"]["user_id"] = event["event"]["user_id"] = user[0]
    return "odd.log"


def without_tables(explained):
    """Returns explanations without the names of tables and the remedies, which differ between files and a database."""
    return re.sub(r" in \S+ (\([\d,]+ (?:user|course)s?\)): .*", r" in the table \1", explained)


@case
def conversions_are_the_same_as_with_files():
    fixtures = ("--users", source.FIXTURES / "users.csv", "--courses", source.FIXTURES / "courses.csv")
    files = ("--users", "edxapp.csv.gz", "--courses", "edxapp-courses.csv")
    odd = odd_log()
    for to, *options in (["xapi"], ["caliper"], ["xapi", "--actor", "mbox"], ["xapi", "--unknown-user", "derive"]):
        expected = transform(to, *options, *fixtures)
        assert expected.count("\n") > 20, (to, options)
        for database in ("edxapp", "edxapp_dashes"):
            assert transform(to, *options, "--lms-db", url(database)) == expected
        assert transform(to, *options, *files) == expected
        assert transform(to, *options, "--lms-db", url(), log=odd) == transform(to, *options, *files, log=odd)
    words = ("explain", "--to", "xapi", "--lms-root-url", ROOT_URL, SAMPLE)
    of_database, of_files = (succeeds(*words, *tables).stdout for tables in (("--lms-db", url()), files))
    assert without_tables(of_database) == without_tables(of_files)
    assert "export" in of_files and "export" not in of_database


@case
def only_the_needed_columns_are_read_without_locks():
    server.sql("SET GLOBAL general_log = 1")
    transform("xapi", "--lms-db", url())
    server.sql("SET GLOBAL general_log = 0")
    statements = re.findall(r"(?:Query|Execute)\t(.*)", server.log.read_text())
    statements = [text for text in statements if "general_log" not in text]
    others = [text for text in statements if not text.startswith(("SELECT ", "SHOW SESSION VARIABLES", "SET NAMES", "SET SESSION"))]
    assert others == ["START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"], others
    assert not re.search(r"email|password|\*|FOR UPDATE|LOCK", "\n".join(statements)), statements
    pages = [text for text in statements if " FROM auth_user " in text]
    assert len(pages) == len(users) // 20_000 + 1 and all("ORDER BY id LIMIT" in text for text in pages), pages


@case
def a_database_without_courses_is_named_as_one():
    server.sql("CREATE DATABASE edxapp_empty; GRANT SELECT ON edxapp_empty.* TO reader")
    server.sql((HERE / "schema.sql").read_text(), "edxapp_empty")
    words = ("transform", "--to", "xapi", "--lms-root-url", ROOT_URL, "--lms-db", url("edxapp_empty"), SAMPLE)
    done = succeeds(*words, "--unknown-user", "derive", "--unknown-course", "derive")
    for rows in ("users", "courses"):
        text = f"edxapp_empty` has no {rows}, so it has the same effect as no table of {rows}: check that `--lms-db`"
        assert text in done.stderr and "header" not in done.stderr, done.stderr
    done = succeeds(*words)
    assert "edxapp_empty`, which has no rows: check that `--lms-db`" in done.stderr, done.stderr
    done = succeeds("lms", "export", "--lms-db", url("edxapp_empty"), "--users", "none.csv", "--courses", "no-courses.csv")
    for rows in ("users", "courses"):
        assert f"edxapp_empty` has no {rows}: check that `--lms-db`" in done.stderr, done.stderr
    external_ids = ("lms", "external-ids", "--to", "xapi", "--lms-root-url", ROOT_URL, "-o", "none.sql")
    done = succeeds(*external_ids, "--lms-db", url("edxapp_empty"))
    assert "edxapp_empty` has no users: check that" in done.stderr and "every user" not in done.stderr, done.stderr
    done = succeeds(*external_ids, "--users", "none.csv")
    assert "`none.csv` has a header and no rows: export the table again" in done.stderr, done.stderr


@case
def the_advised_command_explains_the_rejected_events_from_the_same_database():
    for options in ("", "?ssl-mode=required"):
        words = ("--to", "xapi", "--lms-root-url", ROOT_URL, "--lms-db", url("edxapp_empty", options=options))
        report = ("--report", "report.json")
        done = succeeds("transform", *words, *report, SAMPLE)
        command = re.search(r"`event-router (explain --only \S+ .*?)`", done.stderr)[1]
        explained = succeeds(*shlex.split(command))
        assert "unknown-user" in explained.stdout, explained
        assert url("edxapp_empty", options=options) in json.loads(Path("report.json").read_text())["arguments"]


@case
def an_external_id_that_is_no_uuid_is_shown_with_its_user():
    server.sql("CREATE DATABASE broken; GRANT SELECT ON broken.* TO reader")
    server.sql((HERE / "schema.sql").read_text().replace("`external_user_id` uuid", "`external_user_id` char(32)"), "broken")
    server.sql("".join(source.statements(users[:20], {}, False)), "broken")
    [[user]] = server.sql("SELECT MAX(user_id) FROM external_user_ids_externalid", "broken")
    server.sql(f"UPDATE external_user_ids_externalid SET external_user_id = 'x' WHERE user_id = {user}", "broken")
    text = f"the external id `x` of the user {user} is not a UUID"
    fails(text, url("broken"))
    ids = {"xapi", "caliper"}
    done = [run("transform", "--to", to, "--lms-root-url", ROOT_URL, "--lms-db", url("broken"), SAMPLE) for to in ids]
    assert any(one.returncode == 2 and text in one.stderr for one in done), done


@case
def all_rows_are_of_one_moment():
    """Users and courses are changed after the first rows, and the writer does not wait."""
    def change():
        server.sql(
            "DELETE FROM external_user_ids_externalid WHERE user_id > 10; DELETE FROM auth_user WHERE id > 10;"
            "UPDATE course_overviews_courseoverview SET display_name = 'changed'", "edxapp_dashes",
        )
        return True

    proxy = Proxy(server.port, most=100_000, then=change)
    succeeds("lms", "export", "--lms-db", url("edxapp_dashes", port=proxy.port), "--users", "moment.csv.gz", "--courses", "moment-courses.csv")
    assert server.sql("SELECT COUNT(*) FROM auth_user", "edxapp_dashes") != [[str(len(users))]]
    assert table(Path("moment.csv.gz")) == table(Path("edxapp_dashes.csv.gz"))
    assert table(Path("moment-courses.csv")) == table(Path("edxapp_dashes-courses.csv"))


@case
def connections_are_encrypted_as_the_options_say():
    ca = ("--ca-file", server.ca)
    for options, host, words in [("", "localhost", ca), ("?ssl-mode=verify-ca", "127.0.0.1", ca), ("?ssl-mode=required", "127.0.0.1", ())]:
        address = url(user="encrypted", host=host, options=options)
        succeeds("lms", "export", "--lms-db", address, *words, "--courses", "encrypted.csv")
        transform("xapi", "--lms-db", address, *words)
    fails("refuses the login of `encrypted`", url(user="encrypted"))
    fails("add `?ssl-mode=verify-identity`", url(user="encrypted"))
    fails("not valid for name", url(user="encrypted"), *ca)
    fails("UnknownIssuer", url(user="encrypted", host="localhost", options="?ssl-mode=verify-identity"))


@case
def unusable_databases_are_errors():
    fails("check the user in `--lms-db` and the password", url(), password="hunter3")
    fails("refuses the login of `nobody`", url(user="nobody"))
    server.sql("CREATE DATABASE other; GRANT ALL ON other.* TO reader; GRANT ALL ON missing.* TO reader")
    fails("has no such database", url("missing"))
    fails("`auth_user` of the LMS database", url("other"))
    fails("check that `--lms-db` names the database of the LMS", url("other"))
    server.sql("CREATE TABLE auth_user (id int PRIMARY KEY, name text)", "other")
    fails("Unknown column 'username'", url("other"))
    server.sql("CREATE USER poor IDENTIFIED BY 'hunter2'; GRANT SELECT (id, username) ON edxapp.auth_user TO poor")
    fails("grant the user SELECT", url(user="poor"))
    done = run("transform", "--to", "xapi", "--lms-root-url", ROOT_URL, "--lms-db", url("other"), "-o", "nothing", SAMPLE)
    assert done.returncode == 2 and not done.stdout and not Path("nothing").exists(), done


@case
def a_full_disk_leaves_no_table():
    """The last bytes of the courses, which are the only ones of a small table, are written before the users get their name."""
    server.sql("CREATE DATABASE small; GRANT SELECT ON small.* TO reader")
    for name in ("auth_user", "external_user_ids_externalid", "external_user_ids_externalidtype", "course_overviews_courseoverview"):
        server.sql(f"CREATE TABLE small.{name} LIKE edxapp.{name}")
    done = run("lms", "export", "--lms-db", url("small"), "--users", "u.csv", "--courses", "/dev/full")
    assert done.returncode == 6 and "`/dev/full`" in done.stderr, done
    assert not [name for name in os.listdir() if "u.csv" in name], os.listdir()


def wait_until_seen(pid, number):
    """Waits until no thread of a process has the signal pending, so that its handler has run or is running."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pending = re.findall(r"^(?:SigPnd|ShdPnd):\s*(\w+)", Path(f"/proc/{pid}/status").read_text(), re.M)
        if not any(int(mask, 16) >> (number - 1) & 1 for mask in pending):
            return
        time.sleep(0.01)
    raise AssertionError("the signal was not delivered")


@case
def a_connection_that_breaks_leaves_nothing():
    proxy = Proxy(server.port, most=300_000, then=lambda: False)
    fails("the connection broke", url(port=proxy.port))
    done = run("transform", "--to", "xapi", "--lms-root-url", ROOT_URL, "--lms-db", url(port=proxy.port), "-o", "nothing", SAMPLE)
    assert done.returncode == 2 and not Path("nothing").exists(), done


def interrupted(number, goes_on, *words):
    """Interrupts a command while the server holds back rows, and returns its exit code. Then the server goes on, or does not."""
    reached, go_on = threading.Event(), threading.Event()

    def hold():
        reached.set()
        return go_on.wait(SECONDS)

    proxy = Proxy(server.port, most=300_000, then=hold)
    environment = dict(os.environ, EVENT_ROUTER_LMS_DB_PASSWORD="hunter2")
    command = [event_router, "lms", *words, "--lms-db", url(port=proxy.port)]
    running = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert reached.wait(60), "the command did not reach the rows"
        running.send_signal(number)
        wait_until_seen(running.pid, number)
        if goes_on:
            go_on.set()
        running.communicate(timeout=60)
    finally:
        go_on.set()
        running.kill()
    return running.returncode


@case
def an_interrupt_leaves_nothing():
    export = ("export", "--users", "i.csv")
    external_ids = ("external-ids", "--to", "xapi", "--lms-root-url", ROOT_URL, "-o", "i.sql")
    for goes_on, *words in ((True, *export), (False, *export), (True, *external_ids), (False, *external_ids)):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            ended = interrupted(number, goes_on, *words)
            assert ended == code, (words, ended)
            assert not [name for name in os.listdir() if "i.csv" in name or "i.sql" in name], os.listdir()


@case
def a_run_with_nothing_new_does_not_connect():
    proxy = Proxy(server.port)
    words = ("transform", "--to", "xapi", "--lms-root-url", ROOT_URL, "--lms-db", url(port=proxy.port), "--state", "state", "-o", "out", SAMPLE)
    succeeds(*words)
    connections = proxy.connections
    assert connections > 0
    succeeds(*words)
    assert proxy.connections == connections


users, courses = source.users(count), source.courses()
directory = tempfile.TemporaryDirectory(prefix="event-router-")
os.chdir(directory.name)
server = Server()
try:
    prepare()
    sys.exit(run_cases([], Path(directory.name), lambda case, _: case()))
finally:
    server.close()
    os.chdir(TOP)
    directory.cleanup()

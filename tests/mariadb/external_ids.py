"""Imports the ids that event-router writes into MariaDB: `external_ids.py EVENT_ROUTER USERS`."""

import csv
import json
import os
import subprocess
import sys
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
import source  # noqa: E402
from case_list import case, run_cases  # noqa: E402
from server import Failed, Server  # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT_URL = "https://courses.example.org"
# The longest time of a command. A command that takes longer fails.
SECONDS = 600
event_router, count = sys.argv[1], int(sys.argv[2])


def run(*words, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENT_ROUTER_")}
    environment.update(variables, EVENT_ROUTER_LMS_DB_PASSWORD="hunter2")
    done = subprocess.run([event_router, *map(str, words)], env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, (words, done)
    return done


def url(database):
    return f"mysql://reader@127.0.0.1:{server.port}/{database}"


def create(database, users, types=source.TYPES, column="uuid"):
    schema = (HERE / "schema.sql").read_text().replace("`external_user_id` uuid", f"`external_user_id` {column}")
    fill = "".join(source.statements(users, {}, column == "uuid"))
    server.sql(f"CREATE DATABASE {database}")
    server.sql(schema + fill, database)
    for table in ("auth_user", "external_user_ids_externalid", "external_user_ids_externalidtype"):
        server.sql(f"GRANT SELECT ON {database}.{table} TO reader")
    for missing in source.TYPES.keys() - types:
        server.sql(f"DELETE FROM external_user_ids_externalidtype WHERE name = '{missing}'", database)


def ids_in(database, kind):
    """Returns the external ids of a type by user, with dashes."""
    rows = server.sql(
        "SELECT user_id, external_user_id FROM external_user_ids_externalid AS i JOIN external_user_ids_externalidtype AS t"
        f" ON t.id = i.external_id_type_id WHERE t.name = '{kind}'",
        database,
    )
    made = {int(user): str(uuid.UUID(text)) for user, text in rows}
    assert len(made) == len(rows)
    return made


def write(database, kind, *words):
    """Writes the ids as SQL and as CSV, and returns the SQL and the ids by user."""
    words = words or ("--lms-db", url(database))
    for output in ("ids.sql", "ids.csv"):
        run("lms", "external-ids", "--to", kind, "--lms-root-url", ROOT_URL, *words, "-o", output)
    with open("ids.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["type"] == kind for row in rows)
    return Path("ids.sql").read_text(), {int(row["user_id"]): row["external_user_id"] for row in rows}


def as_the_lms(database, user, kind="xapi"):
    """Creates an id for a user, unless there is one."""
    form = "REPLACE(UUID(), '-', '')"
    return (
        "INSERT IGNORE INTO external_user_ids_externalid (created, modified, external_user_id, external_id_type_id, user_id)"
        f" SELECT NOW(6), NOW(6), {form}, id, {user} FROM external_user_ids_externalidtype WHERE name = '{kind}';\n"
    )


def actors(users, table, *words):
    """Returns the external id in the statement of each user, or the reason why the user's event is rejected."""
    event = {"name": "play_video", "event_source": "browser", "event": {"id": "v", "currentTime": 1, "duration": 9}}
    event["time"] = "2024-03-05T09:14:07.123456+00:00"
    with open("all.log", "w") as log:
        for user in users:
            print(json.dumps(dict(event, context={"course_id": "course-v1:a+b+c", "user_id": user})), file=log)
    words = ("--to", "xapi", "--lms-root-url", ROOT_URL, *table, *words)
    rows = [json.loads(line) for line in run("explain", "--json", *words, "all.log").stdout.splitlines()]
    return {user: row["reason"] or row["out"][0]["actor"]["account"]["name"] for user, row in zip(users, rows)}


@case
def imported_ids_are_those_of_derive_and_ids_of_the_lms_are_kept():
    for column in ("uuid", "char(32)"):
        for kind, nth in (("xapi", 3), ("caliper", 4)):
            database = f"{kind}_{column[:4]}"
            of_database = users if kind == "xapi" else users[:2000]
            create(database, of_database, column=column)
            before = {row[0]: row[nth] for row in of_database if row[nth]}
            missing = [row[0] for row in of_database if not row[nth]]
            run("lms", "export", "--lms-db", url(database), "--users", "before.csv.gz")
            sql, written = write(database, kind)
            assert list(written) == missing
            assert write(database, kind, "--users", "before.csv.gz") == (sql, written)

            # Meanwhile, the LMS creates ids, and users come and go.
            created, deleted, newcomers = missing[:100], missing[100:150], [10**8, 10**8 + 1]
            server.sql("".join(as_the_lms(database, user, kind) for user in created), database)
            of_lms = {user: id for user, id in ids_in(database, kind).items() if user in created}
            listed = ", ".join(map(str, deleted))
            server.sql(f"DELETE FROM external_user_ids_externalid WHERE user_id IN ({listed})", database)
            server.sql(f"DELETE FROM auth_user WHERE id IN ({listed})", database)
            insert = source.insert("auth_user", "id, username, email", [(user, f"new{user}", f"{user}@new") for user in newcomers])
            server.sql("SET sql_mode = '';" + "".join(insert), database)

            for expected in (len(missing) - 150, 0):
                assert server.sql(sql, database) == [[str(expected)]]
                after = ids_in(database, kind)
                assert after == {**before, **{user: written[user] for user in missing[150:]}, **of_lms}

            if kind == "xapi":
                run("lms", "export", "--lms-db", url(database), "--users", "after.csv.gz")
                left = [user for user in missing if user not in deleted]
                derived = actors(left, ("--users", "before.csv.gz"), "--missing-external-id", "derive")
                # Until now, the account was not allowed to read the courses.
                server.sql(f"GRANT SELECT ON {database}.course_overviews_courseoverview TO reader")
                for table in (("--users", "after.csv.gz"), ("--lms-db", url(database), "--unknown-course", "derive")):
                    assert actors(left, table) == {**derived, **of_lms}
                    assert set(actors(deleted, table).values()) == {"unknown-user"}
                    assert set(actors(newcomers, table).values()) == {"no-external-id"}


@case
def a_type_that_is_missing_is_created_as_a_migration_creates_it():
    create("fresh", [(id, *names, None, None) for id, *names, _, _ in users[:500]], types={"lti"})
    for kind, title in (("xapi", "xAPI"), ("caliper", "Caliper")):
        sql, written = write("fresh", kind)
        assert server.sql(sql, "fresh") == [["500"]] and server.sql(sql, "fresh") == [["0"]]
        assert ids_in("fresh", kind) == written
        row = server.sql(f"SELECT description FROM external_user_ids_externalidtype WHERE name = '{kind}'", "fresh")
        assert row == [[f"{title} Specification event transformer"]]
    ages = server.sql("SELECT MAX(ABS(TIMESTAMPDIFF(SECOND, modified, UTC_TIMESTAMP()))) < 600 FROM external_user_ids_externalid WHERE external_id_type_id <> 2", "fresh")
    assert ages == [["1"]], ages


@case
def an_import_that_breaks_off_is_completed_by_another():
    create("broken", source.users(20_000))
    sql, written = write("broken", "caliper")
    try:
        server.sql(sql[: len(sql) * 2 // 3], "broken")
    except Failed:
        pass
    some = set(written) & set(ids_in("broken", "caliper"))
    assert len(written) > len(some) > 0, len(some)
    assert server.sql(sql, "broken") == [[str(len(written) - len(some))]]
    after = ids_in("broken", "caliper")
    assert all(after[user] == id for user, id in written.items())


@case
def settings_of_the_session_do_not_matter():
    create("settings", users[:200])
    sql, written = write("settings", "caliper")
    settings = "SET autocommit = 0, sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES', time_zone = '+05:00';"
    assert server.sql(settings + sql, "settings") == [[str(len(written))]]
    assert ids_in("settings", "caliper").items() >= written.items()


@case
def the_lms_can_create_ids_during_the_import():
    create("busy", users)
    sql, written = write("busy", "caliper")
    missing = list(written)
    server.sql(as_the_lms("busy", missing[0], "caliper"), "busy")
    parts = [missing[nth::2] for nth in range(2)]
    work = ["".join(as_the_lms("busy", user, "caliper") for user in part[::-1]) for part in parts]
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(server.sql, text, "busy") for text in work]
        imported = int(server.sql(sql, "busy")[0][0])
        for one in running:
            one.result()
    after = ids_in("busy", "caliper")
    equal = sum(after[user] == id for user, id in written.items())
    assert equal == imported and set(missing) <= set(after), (equal, imported)
    print(f"    {imported:,} ids of {len(missing):,} imported, the others created by the LMS meanwhile")


users = source.users(count)
directory = tempfile.TemporaryDirectory(prefix="event-router-")
os.chdir(directory.name)
server = Server()
try:
    server.sql("CREATE USER reader IDENTIFIED BY 'hunter2'")
    sys.exit(run_cases([], Path(directory.name), lambda case, _: case()))
finally:
    server.close()
    os.chdir(HERE)
    directory.cleanup()

"""The users and courses that are put into the database."""

import csv
import random
import uuid
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
ODD = ["\t", "\n", "\r", "\r\n", '"', "'", "`", "\\", "\\N", "\\n", ",", ";", "%", "🦉", "é", "中文", "\u2028", " ", "\x01", "\0", "NULL", "#"]
TYPES = {"mb_coaching": 1, "lti": 2, "xapi": 5, "caliper": 9}


def rows(name):
    with (FIXTURES / name).open(newline="") as file:
        return list(csv.DictReader(file))


def users(count):
    """Returns the users of the fixtures and `count` others: tuples of the id, username, e-mail address, xAPI id and Caliper id.
    Ids have gaps. Some names are odd, some ids are absent."""
    chance = random.Random(1)
    made = [(int(row["id"]), row["username"], row["email"], *(row[kind] or None for kind in ("xapi_id", "caliper_id"))) for row in rows("users.csv")]
    taken = {row[0] for row in made}
    number = 0
    while len(made) < count:
        number += chance.choice((1, 1, 1, 2, 3))
        if number in taken:
            continue
        odd = "".join(chance.choices(ODD, k=3)) if number % 7 == 0 else ""
        identity = lambda share: str(uuid.UUID(int=chance.getrandbits(128), version=4)) if chance.random() < share else None
        made.append((number, f"u{odd}{number}", f"{number}{odd}@example.com", identity(0.9), identity(0.3)))
    return sorted(made)


def courses():
    """Returns the courses of the fixtures and others: more than a page of them. Some names are odd or NULL."""
    chance = random.Random(2)
    made = {row["course_id"]: row["display_name"] for row in rows("courses.csv")}
    for number in range(20_100):
        odd = "".join(chance.choices(ODD, k=3)) if number % 5 == 0 else ""
        made[f"course-v1:Org{number % 97}+C'{number}\\+🦉" if number % 1000 == 0 else f"course-v1:Org{number % 97}+C{number}+R"] = None if number % 11 == 0 else f"Course {odd}{number}"
    return made


def literal(value):
    """Returns a literal of SQL that needs no escapes."""
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    return f"CONVERT(x'{value.encode().hex()}' USING utf8mb4)" if value else "''"


def insert(table, columns, values, constants=""):
    """Returns statements that insert rows. Columns without a default get the constants."""
    for start in range(0, len(values), 2000):
        rows = ",".join(f"({','.join(map(literal, row))}{constants})" for row in values[start : start + 2000])
        yield f"INSERT INTO {table} ({columns}) VALUES {rows};\n"


def statements(users, courses, dashes):
    """Returns the statements that fill the tables. UUIDs have dashes or not."""
    yield "SET sql_mode = '', unique_checks = 0, foreign_key_checks = 0; START TRANSACTION;"
    yield from insert("external_user_ids_externalidtype", "id, name", [(number, name) for name, number in TYPES.items()])
    yield from insert("auth_user", "id, username, email", [row[:3] for row in users])
    ids = [(row[0], TYPES[kind], row[column]) for row in users for kind, column in (("xapi", 3), ("caliper", 4)) if row[column]]
    ids += [(row[0], TYPES["lti"], str(uuid.uuid4())) for row in users[::50]]
    # The LMS creates ids in no order of the users.
    random.Random(3).shuffle(ids)
    form = (lambda text: text) if dashes else (lambda text: text.replace("-", ""))
    ids = [(user, kind, form(text)) for user, kind, text in ids]
    yield from insert("external_user_ids_externalid", "user_id, external_id_type_id, external_user_id", ids)
    yield from insert("course_overviews_courseoverview", "id, display_name", list(courses.items()))
    yield "COMMIT;"

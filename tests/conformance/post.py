"""
Posts statements to an LRS, which must take all of them. `tests/conformance/run` calls this script.

    post.py URL STATEMENTS

Statements that have the id of another one get an id of their own, since an LRS may refuse them. Statements that are nested
deeper than Ralph can write (255 levels; it answers 500) are left out and counted.
"""
import base64
import http.client
import json
import os
import sys
import uuid
from urllib.parse import urlsplit

BATCH = 100
DEEPEST = 200


def depth(value):
    """The number of arrays and objects around the innermost value."""
    levels, deepest = [(value, 0)], 0
    while levels:
        value, level = levels.pop()
        deepest = max(deepest, level)
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        levels += [(child, level + 1) for child in children]
    return deepest


def main():
    url, statements = sys.argv[1:]
    user = f"{os.environ['EVENT_ROUTER_USERNAME']}:{os.environ['EVENT_ROUTER_PASSWORD']}"
    headers = {
        "Authorization": "Basic " + base64.b64encode(user.encode()).decode(),
        "Content-Type": "application/json",
        "X-Experience-API-Version": "1.0.3",
    }
    with open(statements, encoding="utf-8") as lines:
        statements = [json.loads(line) for line in lines]
    deep = sum(depth(statement) > DEEPEST for statement in statements)
    statements = [statement for statement in statements if depth(statement) <= DEEPEST]
    ids = set()
    for statement in statements:
        if statement["id"] in ids:
            statement["id"] = str(uuid.uuid4())
        ids.add(statement["id"])
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    stored = 0
    for start in range(0, len(statements), BATCH):
        batch = statements[start:start + BATCH]
        connection.request("POST", parts.path + "/statements", json.dumps(batch), headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"statements {start} to {start + len(batch)}: {response.status} {body.decode('utf-8', 'replace')[:2000]}")
        stored += len(json.loads(body))
    connection.close()
    if not stored or stored != len(statements):
        sys.exit(f"{len(statements)} statements posted, {stored} stored")
    print(f"Ralph: {stored} statements stored, {deep} too deep for it")


if __name__ == "__main__":
    main()

"""
Compares the statements that an LRS has stored with the expected statements, as JSON values. Writes the stored statements to
standard output, so that they can be compared with those of a later call. `tests/ralph/run` calls this script.

    compare.py URL STATEMENTS AGENT

Stored statements may have the fields that Ralph adds: `stored`; `authority`, the agent of the user who sent the statement;
and `timestamp` with the value of `stored`, if the statement had no timestamp.
"""
import base64
import collections
import http.client
import json
import os
import sys
from urllib.parse import urljoin, urlsplit

SHOWN = 20


def canonical(value):
    return json.dumps(value, sort_keys=True)


def stored_statements(url):
    """Yields all statements of the LRS in its order, page by page."""
    user = f"{os.environ['EVENT_ROUTER_USERNAME']}:{os.environ['EVENT_ROUTER_PASSWORD']}"
    headers = {
        "Authorization": "Basic " + base64.b64encode(user.encode()).decode(),
        "X-Experience-API-Version": "1.0.3",
    }
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    more = url + "/statements"
    while more:
        parts = urlsplit(urljoin(url, more))
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"GET {more}: {response.status} {body.decode('utf-8', 'backslashreplace')[:2000]}")
        page = json.loads(body)
        yield from page["statements"]
        more = page.get("more")
    connection.close()


def as_stored(sent, stored, agent):
    """Returns the expected form of a sent statement, with the time at which Ralph stored it."""
    time = stored.get("stored")
    return {"timestamp": time, **sent, "stored": time, "authority": agent}


def main():
    url, statements, agent = sys.argv[1:]
    agent = json.loads(agent)
    with open(statements, encoding="utf-8") as lines:
        expected = [json.loads(line) for line in lines]
    sent = {statement["id"]: statement for statement in expected}
    stored = list(stored_statements(url))

    # Ids must be unique, since it would be undefined which of several statements with one id is stored.
    problems = [f"{id}: {count} statements have this id" for id, count in occurrences(expected) if count > 1]
    problems += [f"{id}: stored {count} times" for id, count in occurrences(stored) if count > 1]
    problems += [f"{id}: not stored" for id in sent.keys() - {statement["id"] for statement in stored}]
    for statement in stored:
        ours = sent.get(statement["id"])
        if ours is None:
            problems.append(f"{statement['id']}: stored, but never sent")
        elif canonical(statement) != canonical(as_stored(ours, statement, agent)):
            problems.append(f"{statement['id']}: differs\n    sent   {canonical(ours)}\n    stored {canonical(statement)}")
    if not sent:
        problems.append("there are no statements to compare")

    for line in problems[:SHOWN]:
        print(line, file=sys.stderr)
    if problems:
        sys.exit(f"{len(sent)} statements sent, {len(stored)} stored, {len(problems)} differences")
    for line in sorted(map(canonical, stored)):
        print(line)


def occurrences(statements):
    return collections.Counter(statement["id"] for statement in statements).items()


if __name__ == "__main__":
    main()

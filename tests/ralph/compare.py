"""
Compares all that an LRS has stored with the statements that should be there, as JSON values, and writes what is stored
to standard output, for a comparison with a later time. `tests/ralph/run` calls it.

    compare.py URL STATEMENTS AGENT

Allowed is what Ralph adds, and no more: `stored`; `authority`, the agent of the user who sent the statement; and, for a
statement without one, a `timestamp`, the time at which it was stored.
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
    """All statements of the LRS, in the order in which it gives them, page by page."""
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
    """What should be stored for a statement, given the time at which it was."""
    time = stored.get("stored")
    return {"timestamp": time, **sent, "stored": time, "authority": agent}


def main():
    url, statements, agent = sys.argv[1:]
    agent = json.loads(agent)
    with open(statements, encoding="utf-8") as lines:
        expected = [json.loads(line) for line in lines]
    sent = {statement["id"]: statement for statement in expected}
    stored = list(stored_statements(url))

    # Of several statements with one id, which one is stored would be chance.
    trouble = [f"{id}: {count} statements have this id" for id, count in occurrences(expected) if count > 1]
    trouble += [f"{id}: stored {count} times" for id, count in occurrences(stored) if count > 1]
    trouble += [f"{id}: not stored" for id in sent.keys() - {statement["id"] for statement in stored}]
    for statement in stored:
        ours = sent.get(statement["id"])
        if ours is None:
            trouble.append(f"{statement['id']}: stored, but never sent")
        elif canonical(statement) != canonical(as_stored(ours, statement, agent)):
            trouble.append(f"{statement['id']}: differs\n    sent   {canonical(ours)}\n    stored {canonical(statement)}")
    if not sent:
        trouble.append("there is nothing to compare")

    for line in trouble[:SHOWN]:
        print(line, file=sys.stderr)
    if trouble:
        sys.exit(f"{len(sent)} statements sent, {len(stored)} stored, {len(trouble)} differences")
    for line in sorted(map(canonical, stored)):
        print(line)


def occurrences(statements):
    return collections.Counter(statement["id"] for statement in statements).items()


if __name__ == "__main__":
    main()

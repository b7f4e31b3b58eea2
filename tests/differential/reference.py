"""
The reference implementation, edx-event-routing-backends 9.3.8, without an LMS.

Two lookup tables, the CSV files that event-router reads too, replace the imports from edx-platform. As a program, this
module prints one JSON object for each line of a log that is not blank:

    {"line": 1, "name": "play_video", "outcome": "emitted", "error": null, "out": [...]}

The outcomes have event-router's names. An event is "rejected" if the reference raises a ValueError, which it logs, raises
another exception, which ends its whole batch, or makes a statement without an object id.
"""
import argparse
import csv
import json
import logging
import os
import re
import sys
import time
import types
import uuid
from pathlib import Path

BYTE_ORDER_MARK = "\ufeff"
EVENT_ID = uuid.UUID(int=0)
# The pattern of the reference's parser for the event in a line.
EVENT = re.compile(r"^.*?(\{.*\})\s*$")


class Account:
    """A row of the users table, with the attributes of a Django user that the reference reads."""

    def __init__(self, row):
        self.id = int(row["id"]) if row["id"] else None
        self.username = row["username"]
        self.email = row["email"]
        self.external = {"xapi": row["xapi_id"], "caliper": row["caliper_id"]}


class NoSuchAccount(Exception):
    """The exception of `User.objects.get` for an unknown user."""


class Accounts:
    """Stands in for `User.objects`."""

    def __init__(self, path):
        with open(path, newline="", encoding="utf-8") as table:
            accounts = [Account(row) for row in csv.DictReader(table)]
        self.by_id = {account.id: account for account in accounts if account.id is not None}
        self.by_name = {account.username: account for account in accounts}

    def get(self, id):  # pylint: disable=redefined-builtin
        if id not in self.by_id:
            raise NoSuchAccount
        return self.by_id[id]

    def filter(self, username):
        found = self.by_name.get(str(username))
        return types.SimpleNamespace(first=lambda: found)


def module(name, **attributes):
    """Registers a module of edx-platform and its parent packages."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        path = ".".join(parts[:end])
        sys.modules.setdefault(path, types.ModuleType(path)).__path__ = []
    vars(sys.modules[name]).update(attributes)


def stand_in_for_the_lms(courses_path):
    with open(courses_path, newline="", encoding="utf-8") as table:
        names = {row["course_id"]: row["display_name"] for row in csv.DictReader(table)}

    class ExternalIdType:
        XAPI = "xapi"
        CALIPER = "caliper"

    class ExternalId:
        @staticmethod
        def add_new_user_id(account, kind):
            known = account.external[kind]
            return (types.SimpleNamespace(external_user_id=known) if known else None), False

    def overviews(keys):
        return [{"display_name": names[str(key)]} for key in keys if str(key) in names]

    module("common.djangoapps.student.models", get_potentially_retired_user_by_username=lambda username: None)
    module("openedx.core.djangoapps.content.course_overviews.api", get_course_overviews=overviews)
    module("openedx.core.djangoapps.external_user_ids.models", ExternalId=ExternalId, ExternalIdType=ExternalIdType)


def decoded(event, key):
    """The event with the text of JSON at a key decoded. Text that is not JSON is kept."""
    if isinstance(event.get(key), str):
        try:
            event[key] = json.loads(event[key])
        except ValueError:
            pass
    return event


class Reference:
    """The reference, set up once for a process. All Caliper events have the same id, which the reference chooses at random."""

    def __init__(self, to, lms_root_url, users, courses, actor="external-id", all_events=False):
        os.environ["TZ"] = "UTC"
        time.tzset()
        stand_in_for_the_lms(courses)

        import django
        from django.conf import settings

        settings.configure(
            SECRET_KEY="unused",
            INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "celery_utils", "event_routing_backends"],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
            USE_TZ=True,
            LMS_ROOT_URL=lms_root_url,
            XAPI_AGENT_IFI_TYPE=actor.replace("-", "_"),
            XAPI_EVENTS_ENABLED=True,
            XAPI_EVENT_LOGGING_ENABLED=False,
            CALIPER_EVENTS_ENABLED=True,
            CALIPER_EVENT_LOGGING_ENABLED=False,
            EVENT_TRACKING_BACKENDS={},
        )
        django.setup()
        logging.disable(logging.CRITICAL)

        from event_routing_backends import helpers
        from event_routing_backends.management.commands.helpers.event_log_parser import parse_json_event
        from event_routing_backends.processors.caliper import event_transformers as _  # noqa: F811, fills the registry
        from event_routing_backends.processors.caliper import transformer as caliper
        from event_routing_backends.processors.caliper.transformer_processor import CaliperProcessor
        from event_routing_backends.processors.xapi import event_transformers as _  # noqa: F811, fills the registry
        from event_routing_backends.processors.xapi.transformer_processor import XApiProcessor
        from event_routing_backends.settings import common

        helpers.User = types.SimpleNamespace(objects=Accounts(users), DoesNotExist=NoSuchAccount)
        self.parse = parse_json_event
        caliper.uuid = types.SimpleNamespace(uuid4=lambda: EVENT_ID)
        self.processor = {"xapi": XApiProcessor, "caliper": CaliperProcessor}[to]()
        plugin = types.SimpleNamespace(LMS_ROOT_URL=lms_root_url)
        common.plugin_settings(plugin)
        registered = set(self.processor.registry.mapping)
        allowed = set(getattr(plugin, f"EVENT_TRACKING_BACKENDS_ALLOWED_{to.upper()}_EVENTS"))
        self.default_names = registered & allowed
        self.names = registered if all_events else self.default_names

    def event(self, line):
        """
        The event of a line in its log form, or in its emitted form, which only event-router reads. Only event-router
        decodes a `context` that is text of JSON.
        """
        logged = None
        try:
            logged = json.loads(EVENT.match(line).group(1))
        except (AttributeError, ValueError):
            pass
        if not isinstance(logged, dict) or "event" in logged or "data" not in logged:
            event = self.parse(line)
            return decoded(event, "context") if isinstance(event, dict) else None
        emitted = decoded(decoded(logged, "data"), "context")
        emitted["event"] = emitted["data"]
        if "time" in emitted:
            emitted.setdefault("timestamp", emitted["time"])
        return emitted

    def verdict(self, line):
        """The verdict on a line, given as bytes without its newline. None if the line is blank."""
        found = {"name": None, "outcome": "unparsable", "error": None, "out": []}
        try:
            line = line.decode("utf-8")
            if not line.lstrip(BYTE_ORDER_MARK).strip():
                return None
            event = self.event(line)
        except Exception as error:  # pylint: disable=broad-except
            return {**found, "error": f"{type(error).__name__}: {error}"}
        if not event:
            return found
        name = event.get("name")
        # event-router counts an empty name as none.
        found["name"] = name if isinstance(name, str) and name else None
        found["time"] = event.get("timestamp")
        if not isinstance(name, str) or name not in self.names:
            return {**found, "outcome": "unsupported"}
        try:
            out = self.processor([event])
        except Exception as error:  # pylint: disable=broad-except
            return {**found, "outcome": "rejected", "error": f"{type(error).__name__}: {error}"}
        return {**found, "outcome": "emitted" if out else "rejected", "out": out}

    def verdicts(self, text):
        """The verdicts on the lines of a log, given as bytes."""
        for number, line in enumerate(text.split(b"\n"), 1):
            found = self.verdict(line)
            if found is not None:
                yield {"line": number, **found}


def arguments(parser):
    parser.add_argument("--to", choices=["xapi", "caliper"], default="xapi")
    parser.add_argument("--lms-root-url", default="https://courses.example.org")
    parser.add_argument("--users", required=True)
    parser.add_argument("--courses", required=True)
    parser.add_argument("--actor", choices=["external-id", "mbox", "mbox-sha1sum"], default="external-id")
    parser.add_argument("--all-events", action="store_true")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments(parser)
    parser.add_argument("log")
    args = parser.parse_args()
    reference = Reference(args.to, args.lms_root_url, args.users, args.courses, args.actor, args.all_events)
    for found in reference.verdicts(Path(args.log).read_bytes()):
        print(json.dumps(found))


if __name__ == "__main__":
    main()

"""
Runs the program on objects in each case, and compares the output with that of a local copy. `tests/cloud/run` calls this script
with the Python that has moto.

    cases.py EVENT_ROUTER [NAME...]
"""
import gzip
import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from case_list import Failure, case, expect, run_cases  # noqa: E402
from fakes import AzureFake, Fake, GcsFake, send  # noqa: E402
from storage import REGION, Proxy, Storage  # noqa: E402

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
CONVERSION = ("--to", "xapi", "--lms-root-url", "https://courses.example.org")
SAMPLE = gzip.decompress((FIXTURES / "sample/tracking.log.gz").read_bytes())
LINES = SAMPLE.splitlines(keepends=True)
SECONDS = 120
MB = 1 << 20


def log(number, lines=3):
    """Returns a log that differs from the logs of other numbers."""
    chosen = [LINES[(number * 7 + nth) % len(LINES)] for nth in range(lines)]
    return b"".join(chosen)


class Case:
    """The directory of a case, and the servers."""

    def __init__(self, event_router, storage, directory):
        self.event_router, self.storage, self.directory = event_router, storage, directory
        self.proxy = Proxy(storage.url)
        self.environment = {
            "AWS_ACCESS_KEY_ID": storage.key_id, "AWS_SECRET_ACCESS_KEY": storage.secret, "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.proxy.url,
        }

    def run(self, *arguments, code=0, command="transform", **environment):
        """Runs a command, checks its exit code, and returns its standard output and its messages."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GOOGLE_", "AZURE_"))}
        conversion = CONVERSION if command in ("transform", "explain") else ()
        run = subprocess.run(
            [self.event_router, command, *conversion, *map(str, arguments)], capture_output=True, timeout=SECONDS,
            cwd=self.directory, env=inherited | self.environment | environment,
        )
        messages = run.stderr.decode()
        expect(run.returncode == code, f"exit code {run.returncode} and not {code}", messages)
        secrets = [value for name, value in (self.environment | environment).items() if "SECRET" in name or "TOKEN" in name]
        expect(not any(secret and secret in messages for secret in secrets), "a message has a secret", messages)
        return run.stdout, messages

    def tree(self, name, *arguments, **options):
        """Converts to a directory, and returns its files and the messages."""
        _, messages = self.run("-o", self.directory / name, *arguments, **options)
        directory = self.directory / name
        files = {path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
        return files, messages

    def copy(self, objects):
        """Writes a local copy of objects, and returns its directory."""
        for key, body in objects.items():
            path = self.directory / "copy" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        return self.directory / "copy"


@case
def keys_of_all_kinds(case):
    names = [
        "a.log", "b c.log", "d+e.log", "f%20g.log", "h%.log", "ü/日本.log", "sub.log", "sub/x.log", "a.log.d/y.log",
        "x & <y>.log", "q?x=1#z.log", "back\\slash.log", "~.log", "star*.log", "quote\"'.log", "no.txt", ".hidden.log",
        ".git/config.log", "sub-1/z.log", "UPPER.LOG", "2024/01/02/tracking.log-20240102",
    ]
    objects = {name: log(number) for number, name in enumerate(names)}
    local = case.copy(objects)
    expected, _ = case.tree("local", local)
    # In a file system, these names are those of other files, or of none.
    elsewhere = {"double//slash.log": log(50), "/lead.log": log(51), "end.log/": b"", "marker/": b"", "sub": log(52)}
    bucket = case.storage.bucket("keys", {f"logs/{key}": body for key, body in (objects | elsewhere).items()})
    case.storage.client.put_object(Bucket="keys", Key="logs-old/other.log", Body=log(60))
    expected["double/slash.log.xapi.jsonl"], _ = case.run(case.copy({"one.log": log(50)}) / "one.log", "--quiet")
    expected["lead.log.xapi.jsonl"], _ = case.run(case.copy({"two.log": log(51)}) / "two.log", "--quiet")
    for address in (bucket + "logs/", bucket + "logs"):
        files, messages = case.tree(f"objects-{len(address)}", address)
        expect(files == expected, "the outputs differ", f"{sorted(files)}\n{sorted(expected)}")
        expect("files skipped because of their names" in messages, "the files that are skipped by their names are not told", messages)


@case
def keys_that_cannot_be_read_are_errors(case):
    if case.storage.url != os.environ.get("S3_URL"):
        bucket = case.storage.bucket("unreadable", {"a.log": log(1), "dot/./b.log": log(2), "dot/../c.log": log(3), "d.log/": log(4)})
        files, messages = case.tree("out", bucket, code=3)
        expect(list(files) == ["a.log.xapi.jsonl"], "other objects are not converted", f"{list(files)}")
        for key in ("dot/./b.log", "dot/../c.log", "d.log/"):
            expect(f"`{bucket}{key}`: its key" in messages, f"{key} is not named", messages)


@case
def inputs_are_chosen_as_files_are(case):
    objects = {f"y{year}/m{month}.log": log(year * month) for year in (1, 2, 3) for month in range(1, 8)}
    objects |= {"y1.log": log(3), "y1-x/a.log": log(4), "y2/z.gz": gzip.compress(log(5))}
    local, bucket = case.copy(objects), case.storage.bucket("chosen", objects)
    for number, options in enumerate([
        (), ("--include", "m1*,y1*"), ("--exclude", "y2/**"), ("--shard", "0/3"), ("--shard", "1/3"), ("--shard", "2/3"),
    ]):
        expected, _ = case.tree(f"local-{number}", local, *options)
        files, _ = case.tree(f"objects-{number}", bucket, *options)
        expect(files == expected and files, f"{options}: the outputs differ", f"{sorted(files)}\n{sorted(expected)}")
    # The output of all inputs has their order.
    expect(case.run(local)[0] == case.run(bucket)[0], "the order differs")
    names = ["y3/m2.log", "y1", "y2/z.gz", "y3/m1.log"]
    for place, lines in (("local", [f"{local}/{name}" for name in names]), ("objects", [bucket + name for name in names])):
        (case.directory / place).with_suffix(".list").write_text("\n".join(lines) + "\n")
    lists = [case.run("--files-from", f"{place}.list")[0] for place in ("local", "objects")]
    expect(lists[0] == lists[1], "the outputs of lists differ")
    plain = case.run(local / "y1.log", bucket + "y1.log")
    expect(plain[0] == 2 * case.run(local / "y1.log")[0], "a file and an object together differ")
    _, messages = case.run(bucket + "none/")
    expect("no input was found" in messages, "an empty prefix is not told", messages)
    output, _ = case.run(bucket + "y1.log", command="explain")
    expect(output == case.run(local / "y1.log", command="explain")[0].replace(str(local).encode() + b"/", bucket.encode()), "explain")
    for line in (":2", ":2:1"):
        output, _ = case.run(bucket + "y1.log" + line, command="explain")
        expect(f"{bucket}y1.log:2".encode() in output, "the line of an object is not explained", output.decode())
    output, _ = case.run(bucket, command="inspect")
    expect(f"{bucket}".encode() in output, "inspect recommends no command for the objects", output.decode())


@case
def gzip_in_all_its_places(case):
    body = log(1, 30)
    packed = gzip.compress(body)
    put = case.storage.client.put_object
    bucket = case.storage.bucket("packed")
    expected, _ = case.run(case.copy({"a.log": body}) / "a.log")
    for key, stored, encoding in [
        ("plain.log", body, None), ("packed.log.gz", packed, None), ("encoded.log", packed, "gzip"),
        ("both.log.gz", gzip.compress(packed), "gzip"), ("once.log.gz", packed, "gzip"), ("wrong.log", body, "gzip"),
        ("members.log.gz", gzip.compress(body[:1000]) + gzip.compress(body[1000:]), "aws-chunked, gzip"),
    ]:
        put(Bucket="packed", Key=key, Body=stored, **({"ContentEncoding": encoding} if encoding else {}))
        output, messages = case.run(bucket + key)
        expect(output == expected, f"{key}: the output differs", messages)
    put(Bucket="packed", Key="cut.log.gz", Body=packed[:-100])
    output, messages = case.run(bucket + "cut.log.gz", code=3)
    expect(output and expected.startswith(output) and "cut.log.gz" in messages, "lines before the cut are lost", messages)
    put(Bucket="packed", Key="twice.log.gz", Body=gzip.compress(packed))
    _, messages = case.run(bucket + "twice.log.gz", code=3)
    expect("compressed twice" in messages, "an object that is packed twice is not told", messages)
    put(Bucket="packed", Key="empty.log", Body=b"")
    case.run(bucket + "empty.log")


@case
def documents_and_logs_are_told_apart(case):
    events = sorted((FIXTURES / "events").rglob("*.json"))[:40]
    objects = {f"{number}.json": path.read_bytes() for number, path in enumerate(events)}
    objects |= {"lines.json": log(1), "array.json": b"[" + b",".join(LINES[:3]) + b"]"}
    local, bucket = case.copy(objects), case.storage.bucket("documents", objects)
    expected, _ = case.tree("local", local)
    files, messages = case.tree("objects", bucket)
    expect(files == expected, "the outputs differ", messages)


@case
def five_thousand_objects(case):
    objects = {f"{number // 250:02}/{number:04}.log": log(number, 1) for number in range(5000)}
    local, bucket = case.copy(objects), case.storage.bucket("many", objects)
    start = time.monotonic()
    expected, _ = case.run(local, "--quiet")
    between = time.monotonic()
    output, _ = case.run(bucket, "--quiet")
    end = time.monotonic()
    expect(output == expected and output.count(b"\n") > 1000, "the outputs differ")
    lists = sum("list-type" in path for _, path in case.proxy.requests)
    expect(lists == 5 and len(case.proxy.objects()) == 5000, f"{lists} lists and {len(case.proxy.objects())} objects were requested")
    print(f"    5,000 objects: {end - between:.1f} s, the local copy {between - start:.1f} s")


@case
def a_large_object_and_connections_that_break(case):
    body = SAMPLE * (300 * 1000 * 1000 // len(SAMPLE))
    bucket = case.storage.bucket("large", {"large.log": body})
    path = case.copy({"large.log": body}) / "large.log"
    digests = []
    for name, source, break_after in [
        ("file", path, None), ("object", bucket + "large.log", None), ("breaks", bucket + "large.log", 40 * MB),
    ]:
        case.proxy.break_after = break_after
        start = time.monotonic()
        output, messages = case.run("--quiet", source)
        seconds = time.monotonic() - start
        digests.append(hashlib.sha256(output).digest())
        print(f"    300 MB, {name}: {seconds:.1f} s, {len(body) / 1e6 / seconds:.0f} MB/s")
    expect(len(set(digests)) == 1, "the outputs differ")
    expect(len(case.proxy.objects()) > 7, "no connection was broken", f"{case.proxy.requests}")


@case
def an_object_that_changes_while_it_is_read_is_an_error(case):
    bucket = case.storage.bucket("changing", {"a.log": SAMPLE * 40, "b.log": log(1)})
    expected, _ = case.run(bucket + "b.log")
    case.proxy.break_after = 5 * MB
    changes = []

    def change():
        if not changes:
            changes.append(1)
            case.storage.client.put_object(Bucket="changing", Key="a.log", Body=SAMPLE[:-1] * 40)

    case.proxy.broken = change
    output, messages = case.run(bucket, code=3)
    expect(f"{bucket}a.log" in messages and "replaced or deleted while it was read" in messages, "the change is not told", messages)
    expect(output.endswith(expected), "the other object is not converted")


@case
def small_objects_over_connections_that_break(case):
    objects = {f"{number}.log": log(number, 300) for number in range(40)}
    bucket = case.storage.bucket("breaking", objects)
    expected, _ = case.run(case.copy(objects))
    case.proxy.break_after = 100_000
    expect(case.run(bucket)[0] == expected, "the outputs differ")


@case
def objects_that_are_finished_are_not_read_again(case):
    objects = {f"{number}.log": log(number, 20) for number in range(28)}
    document = next(path for path in sorted((FIXTURES / "events/video").rglob("*.json")))
    objects |= {"a.json": log(70, 9), "b.json": document.read_bytes()}
    bucket = case.storage.bucket("state", objects)
    local = case.copy(objects)
    arguments = ("--state", case.directory / "state", bucket)
    put = case.storage.client.put_object

    def requested():
        paths = sorted(path.rsplit("/", 1)[1] for path in case.proxy.objects())
        case.proxy.requests.clear()
        return paths

    expected, _ = case.tree("local", "--state", case.directory / "other", local)
    files, _ = case.tree("out", *arguments)
    expect(files == expected, "the outputs differ", f"{set(files) ^ set(expected)}")
    # Objects that may be documents are requested once more, to see what they are.
    paths = requested()
    logs = [path for path in paths if path.endswith(".log")]
    expect(set(paths) == set(objects) and len(logs) == 28, "objects are read more than once", f"{paths}")
    files, messages = case.tree("out", *arguments)
    expect(files == expected and requested() == [], "objects are read again", messages)
    put(Bucket="state", Key="3.log", Body=objects["3.log"])
    case.tree("out", *arguments)
    expect(requested() == [], "an object that was written again with the same bytes is read again")
    put(Bucket="state", Key="5.log", Body=objects["5.log"] + log(100, 4))
    put(Bucket="state", Key="new.log", Body=log(200, 4))
    files, messages = case.tree("out", *arguments)
    expect(requested() == ["5.log", "new.log"], "the wrong objects are read", messages)
    expect(files["5.log.xapi.jsonl"] == expected["5.log.xapi.jsonl"] and "5.log.xapi.2.jsonl" in files, f"{sorted(files)}")
    # A copy of the objects, in files, has the same contents.
    case.copy({"5.log": objects["5.log"] + log(100, 4), "new.log": log(200, 4)})
    again, messages = case.tree("out", "--state", case.directory / "state", local)
    expect(again == files, "the local copy is converted again", messages)


@case
def errors_say_what_to_do(case):
    bucket = case.storage.bucket("errors", {"a.log": log(1)})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    dead = {"AWS_ENDPOINT_URL": closed}
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_METADATA_ENDPOINT": closed}
    page = Fake({})
    page.answer = lambda request: send(request, 200, b"<html><body>Welcome</body></html>")
    for address, environment, parts in [
        ("s3://no-such-bucket/x/", {}, ["NoSuchBucket", "check the name of the bucket"]),
        ("s3://no-such-bucket/x", {}, ["NoSuchBucket"]),
        (bucket + "none.log", {}, ["neither an object with this key, nor one below"]),
        (bucket, {"AWS_ACCESS_KEY_ID": "AKIAUNKNOWN"}, ["InvalidAccessKeyId", "check the credentials"]),
        (bucket, {"AWS_SECRET_ACCESS_KEY": "wrong-secret-key"}, ["SignatureDoesNotMatch", "check the credentials"]),
        (bucket, dead, ["failed to reach", "check `--s3-endpoint`"]),
        (bucket, none, ["no credentials were found", "set AWS_ACCESS_KEY_ID"]),
        (bucket, {"AWS_ENDPOINT_URL": "http://user:hunter2@localhost"}, ["the endpoint must be a URL without a user"]),
        (bucket, {"AWS_ENDPOINT_URL": "localhost:9000"}, ["the endpoint is no URL"]),
        ("s3://", {}, ["names no bucket"]),
        (bucket, {"AWS_ENDPOINT_URL": page.url}, ["does not answer as an object storage does", "check `--s3-endpoint`"]),
    ]:
        start = time.monotonic()
        output, messages = case.run(address, code=3, **environment)
        lines = [line for line in messages.splitlines() if line.startswith("error:")]
        expect(len(lines) == 1 and all(part in lines[0] for part in parts), f"{address}, {environment}", messages)
        expect("hunter2" not in messages and not output, "a message has the password", messages)
        expect(time.monotonic() - start < 12, f"{address}, {environment}: {time.monotonic() - start:.0f} s")
    if not os.environ.get("S3_URL"):
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.s3.models import s3_backends

        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket("secret", REGION)
        _, messages = case.run("s3://secret/", code=3)
        expect("AccessDenied" in messages and "let the credentials list the bucket" in messages, "no denial", messages)


@case
def options_name_the_server(case):
    bucket = case.storage.bucket("options", {"a.log": log(1)})
    unset = {"AWS_ENDPOINT_URL": "", "AWS_REGION": ""}
    expected, _ = case.run(bucket)
    for options, environment in [
        (("--s3-endpoint", case.proxy.url, "--s3-region", REGION), unset),
        (("--s3-endpoint", case.proxy.url), unset | {"AWS_DEFAULT_REGION": REGION}),
        ((), unset | {"AWS_ENDPOINT_URL_S3": case.proxy.url, "AWS_ENDPOINT_URL": "http://localhost:1"}),
        (("--s3-addressing-style", "virtual", "--s3-endpoint", case.proxy.url.replace("127.0.0.1", "localhost")), unset),
    ]:
        if "virtual" in options:
            # The name of the host must not need a name server.
            _, messages = case.run(*options, bucket, code=3, **environment)
            expect("failed to reach http://localhost" in messages or "answered" in messages, "virtual", messages)
            continue
        expect(case.run(*options, bucket, **environment)[0] == expected, f"{options}: the output differs")


@case
def busy_servers_are_asked_again(case):
    bucket = case.storage.bucket("busy", {"a.log": log(1), "b.log": log(2)})
    expected, _ = case.run(bucket)
    fake = GcsFake({}, forward=case.storage.url, busy=3)
    expect(case.run(bucket, AWS_ENDPOINT_URL=fake.url)[0] == expected, "the output differs")
    expect(fake.busy == 0, "the server was not busy")


@case
def google_cloud_storage(case):
    objects, encoded = fake_objects()
    fake = GcsFake(objects, encoded)
    compare_fake(case, fake, "gs://bucket/", STORAGE_EMULATOR_HOST=fake.url)


@case
def azure_blob_storage(case):
    objects, encoded = fake_objects()
    fake = AzureFake(objects, encoded)
    compare_fake(
        case, fake, "az://bucket/", AZURE_STORAGE_ACCOUNT_NAME="account", AZURE_STORAGE_ENDPOINT=fake.url,
        AZURE_STORAGE_SAS_KEY="sv=2024-01-01&sig=TOP%2FSECRET",
    )


def fake_objects():
    objects = {f"logs/{number}.log": log(number, 50) for number in range(30)}
    objects |= {"logs/ü b+c%20.log": log(40), "logs//double.log": log(41), "logs/encoded.log": gzip.compress(log(42))}
    return objects, {"logs/encoded.log"}


def compare_fake(case, fake, address, **environment):
    copy = dict(fake.objects) | {"logs/encoded.log": log(42)}
    expected, _ = case.tree("local", case.copy(copy) / "logs")
    files, messages = case.tree("out", address + "logs/", **environment)
    expect(files == expected, "the outputs differ", f"{messages}\n{sorted(files)}\n{sorted(expected)}")
    fake.break_after = 6000
    files, messages = case.tree("broken", address + "logs", **environment)
    expect(files == expected, "the outputs over broken connections differ", messages)
    expect("SECRET" not in messages, "a message has the token", messages)
    _, messages = case.run(address + "none", code=3, **environment)
    expect("neither an object" in messages, "a missing object", messages)


def main():
    event_router, *words = sys.argv[1:]
    storage = Storage()
    with tempfile.TemporaryDirectory() as directory:
        run = lambda function, files: function(Case(event_router, storage, files))  # noqa: E731
        return run_cases(words, Path(directory), run)


if __name__ == "__main__":
    sys.exit(main())

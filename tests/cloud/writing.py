"""
Writes to object storage in each case, and compares the objects with the files of a run that writes to a directory.
`tests/cloud/run` calls this script with the Python that has moto.

    writing.py EVENT_ROUTER [NAME...]
"""
import gzip
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from case_list import CASES, case, expect  # noqa: E402
from cases import CONVERSION, FIXTURES, LINES, MB, log, main  # noqa: E402
from fakes import send  # noqa: E402
from storage import REGION  # noqa: E402

# The cases of reading are those of cases.py.
CASES.clear()


class FaultyServer:
    """Forwards requests to a server of S3. `fault` is asked about each request, and may return a status, or "break"."""

    def __init__(self, url, fault=lambda method, path: None):
        self.forward, self.fault, self.requests = url, fault, []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.requests.append((self.command, self.path))
                outer.answer(self, body)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request, body):
        fault = self.fault(request.command, request.path)
        if fault == "break":
            request.close_connection = True
            return
        if isinstance(fault, int):
            send(request, fault, b"<Error><Code>Fault</Code><Message>as the case wants</Message></Error>")
            return
        headers = {name: value for name, value in request.headers.items() if name.lower() != "connection"}
        server = http.client.HTTPConnection(self.forward.removeprefix("http://"))
        server.request(request.command, request.path, body, headers)
        response = server.getresponse()
        answer = response.status, response.read(), dict(response.headers)
        server.close()
        if fault == "lose the answer":
            request.close_connection = True
            return
        send(request, *answer)


def objects(case, bucket, prefix=""):
    """Returns the bodies of the objects below a prefix, by their keys below it."""
    pages = case.storage.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    return {key.removeprefix(prefix): body(case, bucket, key) for key in keys}


def body(case, bucket, key):
    return case.storage.client.get_object(Bucket=bucket, Key=key)["Body"].read()


def uploads(case, bucket):
    """Returns the multipart uploads that are not complete."""
    return case.storage.client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])


def large_log(case, megabytes, name="large.log"):
    """Writes a log whose output has about this size."""
    path = case.directory / name
    sample = b"".join(LINES)
    with path.open("wb") as file:
        for _ in range(megabytes * MB // len(sample)):
            file.write(sample)
    return path


def start(case, *arguments, conversion=CONVERSION, **environment):
    """Starts a run."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.Popen(
        [case.event_router, "transform", *conversion, *map(str, arguments)], stderr=subprocess.PIPE,
        cwd=case.directory, env=inherited | case.environment | environment,
    )


def wait_until(holds, problem):
    deadline = time.monotonic() + 60
    while not holds():
        expect(time.monotonic() < deadline, problem)
        time.sleep(0.05)


@case
def objects_are_the_files_of_a_directory(case):
    logs = {name: log(number) for number, name in enumerate([
        "a.log", "b c.log", "d+e.log", "f%20g.log", "h%.log", "ü/日本.log", "sub/x.log", "a.log.d/y.log.gz", "x & <y>.log",
        "q?x=1#z.log", "back\\slash.log", "~.log", "star*.log", "quote\"'.log", "2024/01/02/tracking.log-20240102",
    ])}
    logs["a.log.d/y.log.gz"] = gzip.compress(log(9))
    documents = {f"events/{path.name}": path.read_bytes() for path in sorted((FIXTURES / "events").rglob("*.json"))[:20]}
    local = case.copy(logs | documents | {"empty.log": b"", "nothing.log": b'{"event_type": "x"}\n'})
    case.storage.bucket("tree")
    for number, options in enumerate([
        (), ("--compress", "gzip"), ("--events", "*problem*"), ("--shard", "1/3"),
        ("--dedupe",), ("--rejects", case.directory / "rejects.jsonl"), ("--threads", "1"),
    ]):
        expected, told = case.tree(f"local-{number}", local, *options)
        for prefix in (f"out {number}+%/", f"{number}//x/"):
            address = f"s3://tree/{prefix}"
            _, messages = case.run("-o", address, local, *options)
            found = objects(case, "tree", prefix)
            expect(found == expected and found, f"{options}: the objects differ", f"{messages}\n{sorted(found)}\n{sorted(expected)}")
            wanted = told.replace(str(case.directory / f"local-{number}"), address)
            expect(without_times(messages) == without_times(wanted), f"{options}: the messages differ", f"{messages}\n{wanted}")
    caliper = ("--to", "caliper", "--lms-root-url", "https://courses.example.org", "--send-time", "2024-01-01T00:00:00Z")
    for output in ("caliper", "s3://tree/caliper/"):
        run = start(case, "-o", output, local, conversion=caliper)
        _, messages = run.communicate(timeout=60)
        expect(run.returncode == 0, f"{output}: exit code {run.returncode}", messages.decode())
    expected = {key: (case.directory / "caliper" / key).read_bytes() for key in objects(case, "tree", "caliper/")}
    expect(objects(case, "tree", "caliper/") == expected and expected, "the Caliper events differ")
    case.run("-o", "s3://tree/report/", local, "--report", case.directory / "report.json")
    report = json.loads((case.directory / "report.json").read_text())
    outputs = {item["output"] for item in report["inputs"] if item.get("output")}
    expect(outputs == {f"s3://tree/report/{key}" for key in objects(case, "tree", "report/")}, "the report names other outputs", f"{outputs}")
    expect(not uploads(case, "tree"), "uploads are left")


def without_times(messages):
    # The rejects file of the run before is replaced.
    return re.sub(r" in [0-9.]+ .*/s| \(1 file replaced\)", "", messages)


@case
def one_object_takes_the_output_of_all_inputs(case):
    local = case.copy({f"{number}.log": log(number) for number in range(20)})
    expected, _ = case.run(local)
    case.storage.bucket("single")
    for key in ("all.jsonl", "deep/er/all.jsonl", "all.jsonl.gz"):
        _, messages = case.run("-o", f"s3://single/{key}", local)
        expect(f"written to `s3://single/{key}`" in messages, "the summary does not name the object", messages)
        found = body(case, "single", key)
        expect((gzip.decompress(found) if key.endswith(".gz") else found) == expected, f"{key} differs")
    for name in ("all.csv", "all.json"):
        case.run("-o", f"s3://single/{name}", local, code=2)
    case.run("-o", "s3://single/none.jsonl", case.copy({"document.json": next((FIXTURES / "events").rglob("*.json")).read_bytes()}), code=2)


@case
def a_thousand_inputs(case):
    logs = {f"{number // 100:02}/{number:04}.log": log(number, 2) for number in range(1000)}
    local = case.copy(logs)
    case.storage.bucket("thousand")
    expected, _ = case.tree("local", local)
    _, messages = case.run("-o", "s3://thousand/out/", local)
    expect(objects(case, "thousand", "out/") == expected, "the objects differ", messages)
    # From objects to objects.
    some = dict(list(logs.items())[:100])
    case.storage.bucket("inputs", some)
    case.run("-o", "s3://thousand/again/", "s3://inputs/")
    expect(objects(case, "thousand", "again/") == {f"{name}.xapi.jsonl": expected[f"{name}.xapi.jsonl"] for name in some}, "the objects of objects differ")


@case
def a_large_output_is_written_in_parts(case):
    source = large_log(case, 300)
    case.storage.bucket("large")
    expected, _ = case.tree("local", source)
    begin = time.monotonic()
    _, messages = case.run("-o", "s3://large/", source)
    seconds = time.monotonic() - begin
    [(name, wanted)] = expected.items()
    print(f"    {len(wanted) // MB} MB in {seconds:.1f} s", flush=True)
    expect(body(case, "large", name) == wanted, "the object differs", messages)
    parts = case.storage.client.head_object(Bucket="large", Key=name)["ETag"].strip('"').split("-")[1]
    expect(int(parts) == -(-len(wanted) // (8 * MB)), f"{parts} parts")
    case.run("-o", "s3://large/", "--check", source)
    expect(not uploads(case, "large"), "uploads are left")


@case
def faults_are_retried(case):
    source = large_log(case, 20)
    expected, _ = case.tree("local", source)
    small = case.copy({f"{number}.log": log(number) for number in range(10)})
    expected_small, _ = case.tree("local-small", small)
    case.storage.bucket("faults")
    for number, (method, words, fault) in enumerate([
        ("PUT", "partNumber=2&", 503), ("PUT", "partNumber=1&", "break"), ("POST", "uploads", "break"), ("POST", "uploadId=", 500), ("POST", "uploadId=", 200),
        ("POST", "uploadId=", "lose the answer"), ("PUT", "partNumber=2&", "lose the answer"),
    ]):
        for options in ((), ("--no-clobber",)):
            seen = []

            def break_once(asked, path):
                if asked == method and words in path and not seen:
                    return seen.append(path) or fault
                return None

            faulty = FaultyServer(case.storage.url, break_once)
            prefix = f"{number}{len(options)}/"
            _, messages = case.run("-o", f"s3://faults/{prefix}", *options, source, AWS_ENDPOINT_URL=faulty.url)
            expect(seen, f"{method} {words}: there was no fault")
            expect(objects(case, "faults", prefix) == expected, f"{method} {words} {fault}: the objects differ", messages)
    for number, fault in enumerate([503, "break", "lose the answer"]):
        for options in ((), ("--no-clobber",)):
            broken = set()

            def break_each(method, path):
                if method == "PUT" and path not in broken:
                    return broken.add(path) or fault
                return None

            faulty = FaultyServer(case.storage.url, break_each)
            prefix = f"small-{number}{len(options)}/"
            _, messages = case.run("-o", f"s3://faults/{prefix}", *options, small, AWS_ENDPOINT_URL=faulty.url)
            expect(objects(case, "faults", prefix) == expected_small, f"{fault} {options}: the objects differ", messages)
    expect(not uploads(case, "faults"), "uploads are left")


@case
def an_output_that_cannot_be_written_costs_one_input(case):
    logs = {f"{number}.log": log(number) for number in range(5)} | {"large.log": b"".join(LINES) * (20 * MB // sum(map(len, LINES)))}
    local = case.copy(logs)
    expected, _ = case.tree("local", local)
    case.storage.bucket("failing")
    for number, words in enumerate(["3.log.xapi.jsonl?", "3.log.xapi.jsonl", "large.log.xapi.jsonl?partNumber=2", "large.log.xapi.jsonl?uploadId"]):
        faulty = FaultyServer(case.storage.url, lambda method, path: 403 if method in ("PUT", "POST") and words in path + "?" else None)
        prefix = f"{number}/"
        report = case.directory / "report.json"
        _, messages = case.run("-o", f"s3://failing/{prefix}", "--report", report, local, code=6, AWS_ENDPOINT_URL=faulty.url)
        name = words.split("?")[0]
        rest = {key: value for key, value in expected.items() if key != name}
        expect(objects(case, "failing", prefix) == rest, f"{words}: other objects differ", messages)
        wanted = f"failed to write `s3://failing/{prefix}{name}`: {faulty.url} answered 403 Fault"
        expect(wanted in messages, "the object and the cause are not named", messages)
        failed = [item["name"] for item in json.loads(report.read_text())["inputs"] if item["ended"] == "failed"]
        expect(failed == [str(local / name.removesuffix(".xapi.jsonl"))], f"the report has other failures: {failed}")
    faulty = FaultyServer(case.storage.url, lambda method, path: 403 if method == "PUT" else None)
    _, messages = case.run("-o", "s3://failing/all.jsonl", local, code=6, AWS_ENDPOINT_URL=faulty.url)
    expect("failed to write `s3://failing/all.jsonl`" in messages, "the object is not named", messages)
    expect(not uploads(case, "failing"), "uploads are left")


@case
def the_bucket_must_exist_and_be_writable(case):
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    local = case.copy({"a.log": log(1)})
    for options, words in [
        (("-o", "s3://no-such-bucket/x/"), ["`s3://no-such-bucket/x/`", "NoSuchBucket", "check the name of the bucket"]),
        (("-o", "s3://no-such-bucket/x.jsonl"), ["`s3://no-such-bucket/x.jsonl`", "NoSuchBucket"]),
    ]:
        _, messages = case.run(*options, local, code=6)
        expect(all(word in messages for word in words), "the message does not say enough", messages)
    if not os.environ.get("S3_URL"):
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket("secret", REGION)
        _, messages = case.run("-o", "s3://secret/x/", local, code=6)
        expect("`s3://secret/x/a.log.xapi.jsonl`" in messages and "let the credentials write objects" in messages, "denied", messages)
    _, messages = case.run("-o", "s3://any/x/", local, code=6, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    expect("failed to reach http://127.0.0.1:9" in messages, "no server", messages)
    for options in [
        ("-o", "s3:///x"), ("-o", "s3://secret/x/", "--state", "state"), ("-o", "out", "--state", "s3://secret/state"),
        ("-o", "out", "--rejects", "s3://secret/rejects"), ("-o", "out", "--report", "s3://secret/report"),
    ]:
        _, messages = case.run(*options, local, code=2)
        expect("s3://" in messages, f"{options}: the address is not named", messages)


@case
def an_output_never_replaces_an_input_or_another_output(case):
    inputs = {"a.log": log(1), "b.log": log(2), "a.log.xapi.jsonl": log(3)}
    bucket = case.storage.bucket("same", inputs)
    _, messages = case.run("-o", bucket, "--include", "*", bucket, code=2)
    expect("would replace `s3://same/a.log.xapi.jsonl`" in messages, "an input would be replaced", messages)
    case.run("-o", bucket + "a.log.xapi.jsonl", bucket + "a.log.xapi.jsonl", code=2)
    local = case.copy({"x/a.log": log(1), "y/a.log": log(2)})
    _, messages = case.run("-o", "s3://same/out/", local / "x/a.log", local / "y/a.log", code=2)
    expect("would both write `s3://same/out/a.log.xapi.jsonl`" in messages, "two outputs of one name", messages)
    expect(objects(case, "same") == inputs, "objects have changed")
    # Outputs below the prefix of the inputs are no inputs of the next run.
    for _ in range(2):
        case.run("-o", bucket + "out/", "--include", "*", bucket)
    expect(sorted(objects(case, "same", "out/")) == [f"{key}.xapi.jsonl" for key in sorted(inputs)], "outputs are read")


@case
def existing_objects_are_replaced_or_kept(case):
    local = case.copy({"a.log": log(1), "b.log": log(2), "empty.log": b""})
    expected, _ = case.tree("local", local)
    other = {"out/a.log.xapi.jsonl": b"other", "out/empty.log.xapi.jsonl": b""}
    case.storage.bucket("existing", other)
    _, messages = case.run("-o", "s3://existing/out/", "--no-clobber", local, code=6)
    expect("`s3://existing/out/a.log.xapi.jsonl`" in messages and "`--no-clobber` keeps it" in messages, "not told", messages)
    expect(objects(case, "existing", "out/") == expected | {"a.log.xapi.jsonl": b"other"}, "an object was replaced, or others are missing")
    _, messages = case.run("-o", "s3://existing/out/", local)
    expect(objects(case, "existing", "out/") == expected, "the objects are not replaced", messages)
    expect("replaced" in messages, "replaced objects are not told", messages)
    for options, code in [(("--no-clobber",), 6), ((), 0)]:
        case.storage.client.put_object(Bucket="existing", Key="all.jsonl", Body=b"other")
        case.run("-o", "s3://existing/all.jsonl", *options, local, code=code)
        expect((body(case, "existing", "all.jsonl") == b"other") == (code == 6), f"{options}: the object is not as wanted")
    # An object that appears while the output is written.
    for name, source in (("a", local / "a.log"), ("large", large_log(case, 20))):
        key = f"race/{Path(source).name}.xapi.jsonl"
        appeared = []

        def appear(method, path):
            if method in ("PUT", "POST") and not appeared:
                appeared.append(case.storage.client.put_object(Bucket="existing", Key=key, Body=b"appeared"))
            return None

        faulty = FaultyServer(case.storage.url, appear)
        _, messages = case.run("-o", "s3://existing/race/", "--no-clobber", source, code=6, AWS_ENDPOINT_URL=faulty.url)
        expect(body(case, "existing", key) == b"appeared", f"{name}: the object was replaced", messages)
        expect("appeared during the run" in messages, f"{name}: not told", messages)
    # Servers that know no conditions.
    for number, source in enumerate((local / "a.log", case.directory / "large.log")):
        refused = []

        def refuse(method, path):
            if method == "PUT" and "partNumber" not in path and not refused:
                return refused.append(path) or 501
            return None

        faulty = FaultyServer(case.storage.url, refuse)
        case.run("-o", f"s3://existing/old-{number}/", "--no-clobber", source, AWS_ENDPOINT_URL=faulty.url)
        expect(len(objects(case, "existing", f"old-{number}/")) == 1, "nothing is written")
    expect(not uploads(case, "existing"), "uploads are left")


@case
def check_compares_with_objects(case):
    local = case.copy({"a.log": log(1), "b.log": log(2)})
    case.storage.bucket("check")
    case.run("-o", "s3://check/out/", local)
    before = objects(case, "check")
    case.run("-o", "s3://check/out/", "--check", local)
    output, _ = case.run("-o", "s3://check/none/", "--check", local, code=1)
    expect(b"s3://check/none/a.log.xapi.jsonl: is missing" in output, "a missing object", f"{output}")
    case.storage.client.put_object(Bucket="check", Key="out/a.log.xapi.jsonl", Body=before["out/b.log.xapi.jsonl"])
    output, messages = case.run("-o", "s3://check/out/", "--check", local, code=1)
    expect(b"s3://check/out/a.log.xapi.jsonl:1" in output, "a difference is not shown", f"{output}{messages}")


@case
def an_interrupted_run_leaves_no_upload(case):
    source = large_log(case, 200)
    for kind in (signal.SIGINT, signal.SIGTERM):
        for output in ("out/", "all.jsonl"):
            bucket = f"interrupted-{int(kind)}-{output[:3]}"
            case.storage.bucket(bucket)
            faulty = FaultyServer(case.storage.url, lambda method, path: time.sleep(0.5))
            run = start(case, "-o", f"s3://{bucket}/{output}", source, AWS_ENDPOINT_URL=faulty.url)
            wait_until(lambda: uploads(case, bucket) or run.poll() is not None, "no upload began")
            run.send_signal(kind)
            _, messages = run.communicate(timeout=60)
            expect(run.returncode == 128 + kind, f"exit code {run.returncode}", messages.decode())
            expect(not uploads(case, bucket), "an upload is left", messages.decode())
            expect(not objects(case, bucket), "an object is there", messages.decode())


@case
def a_killed_run_leaves_uploads_that_the_command_of_the_guide_removes(case):
    source = large_log(case, 200)
    case.storage.bucket("killed")
    run = start(case, "-o", "s3://killed/out/", source)
    wait_until(lambda: uploads(case, "killed") or run.poll() is not None, "no upload began")
    run.kill()
    run.communicate()
    expect(not objects(case, "killed"), "an object is there")
    left = uploads(case, "killed")
    expect(len(left) == 1, f"{len(left)} uploads are left")
    # The commands of the guide, by the library of the AWS tools.
    for upload in left:
        case.storage.client.abort_multipart_upload(Bucket="killed", Key=upload["Key"], UploadId=upload["UploadId"])
    expect(not uploads(case, "killed"), "uploads are left")
    small = case.copy({"large.log": log(1)})
    case.run("-o", "s3://killed/out/", small)
    expect(list(objects(case, "killed")) == ["out/large.log.xapi.jsonl"], "the next run writes no object")


if __name__ == "__main__":
    sys.exit(main())

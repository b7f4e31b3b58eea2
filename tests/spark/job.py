"""A Spark job that converts logs by their names, of files and of objects in S3, compared with one run.

    job.py EVENT_ROUTER FIXTURES DIRECTORY
"""

import gzip
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")

from py4j.protocol import Py4JJavaError
from pyspark import SparkConf, SparkContext
from storage import REGION, Storage

EVENT_ROUTER, FIXTURES, DIRECTORY = sys.argv[1:]
COMMAND = [
    EVENT_ROUTER, "transform", "--quiet", "--threads", "1", "--to", "xapi",
    "--lms-root-url", "https://courses.example.org",
    "--users", f"{FIXTURES}/users.csv", "--courses", f"{FIXTURES}/courses.csv", "--files-from", "-",
]


def convert(context, names, partitions, environment, check=True):
    """Returns the records of the logs, one a line. This is the job of the guide.

    A task gets an empty environment, so what event-router reads from there, such as credentials, is passed on in `env`.
    """
    return context.parallelize(names, partitions).pipe(shlex.join(COMMAND), env=environment, checkCode=check)


def one_run(names, environment):
    run = subprocess.run(COMMAND, input="\n".join(names).encode(), stdout=subprocess.PIPE, check=True, env=environment)
    return run.stdout


def write_logs(folder):
    """Writes a year of small logs. They have bytes that are not UTF-8, and the lines of each differ. Returns their names."""
    lines = gzip.decompress(Path(FIXTURES, "sample/tracking.log.gz").read_bytes()).splitlines(keepends=True)
    names = []
    for day in range(24):
        text = b"".join(line.replace(b"2024-03-05T", b"2024-%02d-%02dT" % (day // 2 + 1, day + 1)) for line in lines)
        name = folder / f"2024-{day // 2 + 1:02}" / f"tracking with space.log-{day:02}"
        name.parent.mkdir(parents=True, exist_ok=True)
        if day % 2:
            name = name.with_name(name.name + ".gz")
            text = gzip.compress(text)
        name.write_bytes(text)
        names.append(str(name))
    return sorted(names)


def saved(records, folder):
    """Returns the bytes of the files that Spark writes, in the order of the partitions."""
    records.saveAsTextFile(str(folder))
    parts = sorted(folder.glob("part-*"))
    return b"".join(part.read_bytes() for part in parts), len(parts)


def convert_objects(context, work, names, expected):
    """Converts the same logs as objects. The executors need no shared disk."""
    storage = Storage()
    keys = [str(Path(name).relative_to(work)) for name in names]
    bucket = storage.bucket("archive", {key: Path(name).read_bytes() for key, name in zip(keys, names)})
    environment = {
        "AWS_ENDPOINT_URL": storage.url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": storage.key_id,
        "AWS_SECRET_ACCESS_KEY": storage.secret,
    }
    objects = [bucket + key for key in keys]
    assert one_run(objects, environment) == expected
    records, _ = saved(convert(context, objects, 7, environment), work / "out-s3")
    assert records == expected, "the records of objects differ from those of files"
    try:
        convert(context, [*objects, bucket + "none.log"], 7, environment).count()
    except Py4JJavaError as error:
        assert "exited with error code 3" in str(error), error
    else:
        raise AssertionError("an object that does not exist does not fail the job")
    print(f"Spark: {len(objects)} objects give the same records, and one that does not exist fails the job")


def main():
    work = Path(DIRECTORY)
    names = write_logs(work / "logs")
    configuration = SparkConf().setMaster("local[2]").set("spark.ui.enabled", "false")
    configuration.set("spark.local.dir", DIRECTORY).set("spark.ui.showConsoleProgress", "false")
    context = SparkContext(conf=configuration)
    context.setLogLevel("OFF")
    expected = one_run(names, {})
    count = expected.count(b"\n")
    assert count == 24 * 149, count
    # With 30 partitions, some have no name.
    for partitions in (1, 7, 30):
        records, files = saved(convert(context, names, partitions, {}), work / f"out-{partitions}")
        assert files == partitions, files
        assert records == expected, f"{partitions} partitions: the records differ from those of one run"
    assert convert(context, [], 3, {}).collect() == []
    print(f"Spark: {count:,} records of {len(names)} logs in 1, 7 and 30 partitions equal those of one run, in order")

    cut = work / "logs" / "cut.log.gz"
    cut.write_bytes(gzip.compress(b"{}\n" * 10_000)[:50])
    try:
        convert(context, [*names, str(cut)], 7, {}).count()
    except Py4JJavaError as error:
        shown = re.search(r"exited with error code \d+", str(error))
        assert shown and shown[0].endswith(" 3"), error
        print(f"Spark: a log that is cut off fails the job: event-router {shown[0]}")
    else:
        raise AssertionError("a log that is cut off does not fail the job")
    unchecked = convert(context, [*names, str(cut)], 7, {}, check=False).count()
    assert unchecked == count, unchecked
    print("Spark: without checkCode, the job succeeds although a log is cut off")
    convert_objects(context, work, names, expected)
    context.stop()


main()

"""Runs the jobs of the guide that divide an archive by shards, and compares their outputs with those of one run.

    jobs.py EVENT_ROUTER CHECKOUT DIRECTORY [--slurm]
"""

import gzip
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import yaml

EVENT_ROUTER, CHECKOUT, DIRECTORY = map(Path, sys.argv[1:4])
JOBS = CHECKOUT / "src/guide/jobs"
PATH = f"{EVENT_ROUTER.parent}:{os.environ['PATH']}"


def write_inputs(work):
    """Writes the tables, and logs in folders of which no two have the same lines."""
    tables = work / "tables"
    tables.mkdir()
    for name in ("users", "courses"):
        table = (CHECKOUT / f"fixtures/{name}.csv").read_bytes()
        (tables / f"{name}.csv.gz").write_bytes(gzip.compress(table))
    lines = gzip.decompress((CHECKOUT / "fixtures/sample/tracking.log.gz").read_bytes()).splitlines(keepends=True)
    for number in range(60):
        text = b"".join(line.replace(b"2024-03-05T", b"2024-03-%02dT" % (number % 28 + 1)) for line in lines[number:])
        log = work / f"logs/{number % 5}/tracking.log-{number:02}"
        log.parent.mkdir(parents=True, exist_ok=True)
        if number % 3:
            log = log.with_name(log.name + ".gz")
            text = gzip.compress(text)
        log.write_bytes(text)


def outputs(folder):
    """Returns the bytes of each file of a folder by its path."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def new_folder(work, name):
    """Returns a new folder with the inputs and room for the outputs."""
    folder = work / name
    folder.mkdir()
    for shared in ("logs", "tables"):
        (folder / shared).symlink_to(work / shared)
    (folder / "state").mkdir()
    return folder


def compare(name, folder, expected, shards):
    """Compares the outputs with those of one run. The rejects of all shards are those of one run in another order.

    The paths of the logs in the rejects may be absolute.
    """
    found = outputs(folder / "out")
    assert found == expected["out"], f"{name}: {sorted(found.keys() ^ expected['out'].keys())} differ"
    rejects = (line for file in folder.glob("state/rejects*.jsonl") for line in file.read_bytes().splitlines())
    rejects = sorted(line.replace(b"%s/" % bytes(folder), b"") for line in rejects)
    assert rejects == expected["rejects"], f"{name}: the rejects differ"
    print(f"{name}: {shards} shards write the {len(found)} files of one run, byte for byte")


def one_run(work):
    folder = new_folder(work, "one")
    environment = {"PATH": PATH, **conversion("tables")}
    command = ["event-router", "transform", "--quiet", "--compress", "gzip", "-o", "out", "--rejects", "rejects.jsonl", "logs"]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    rejects = (folder / "rejects.jsonl").read_bytes().splitlines()
    assert len(outputs(folder / "out")) == 60 and rejects
    return {"out": outputs(folder / "out"), "rejects": sorted(rejects)}


def conversion(tables):
    return {
        "EVENT_ROUTER_TO": "xapi",
        "EVENT_ROUTER_LMS_ROOT_URL": "https://courses.example.org",
        "EVENT_ROUTER_USERS": f"{tables}/users.csv.gz",
        "EVENT_ROUTER_COURSES": f"{tables}/courses.csv.gz",
    }


def kubernetes(work, expected):
    """Runs the containers of the Job, with folders in place of the volumes."""
    [job] = yaml.safe_load_all((JOBS / "indexed-job.yaml").read_text())
    [config] = yaml.safe_load_all((JOBS / "config.yaml").read_text())
    spec = job["spec"]
    pod = spec["template"]["spec"]
    [container] = pod["containers"]
    assert job["kind"] == "Job" and spec["completionMode"] == "Indexed"
    assert container["envFrom"] == [{"configMapRef": {"name": config["metadata"]["name"]}}]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts.keys() == {volume["name"] for volume in pod["volumes"]}
    folder = new_folder(work, "kubernetes")

    def local(text):
        """Returns a text with the paths of this machine."""
        return re.sub(rf"(?<![\w:/])({'|'.join(mounts.values())})(?=/|$)", rf"{folder}\1", text)

    environment = {"PATH": PATH, **{name: local(value) for name, value in config["data"].items()}}
    for index in range(spec["completions"]):
        words = [*container["command"], *container["args"]]
        words = [local(word.replace("$(JOB_COMPLETION_INDEX)", str(index))) for word in words]
        subprocess.run(words, cwd="/", env=environment, check=True)
    shards = re.search(r"--shard=\$\(JOB_COMPLETION_INDEX\)/(\d+)", " ".join(container["args"]))
    assert int(shards[1]) == spec["completions"]
    # The output names are those below the directory of the logs, in both cases.
    compare("Kubernetes Job", folder, expected, spec["completions"])


def slurm(work, expected, real):
    folder = new_folder(work, "slurm")
    script = JOBS / "slurm.sh"
    first, last = map(int, re.search(r"#SBATCH --array=(\d+)-(\d+)", script.read_text()).groups())
    count = last - first + 1
    if real:
        sbatch = ["sbatch", "--wait", "--parsable", "--cpus-per-task=1", "--mem=0", f"--chdir={folder}", str(script)]
        subprocess.run(sbatch, env={**os.environ, "PATH": PATH}, check=True)
    else:
        # Arrays may begin at any number.
        for task in range(7, 7 + count):
            variables = {"ID": task, "MIN": 7, "MAX": 6 + count, "COUNT": count}
            environment = {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in variables.items()}
            environment |= {"SLURM_CPUS_PER_TASK": "1", "PATH": PATH}
            subprocess.run(["bash", str(script)], cwd=folder, env=environment, check=True)
    compare("Slurm array" if real else "script of the Slurm array", folder, expected, count)


def gnu_parallel(work, expected):
    folder = new_folder(work, "parallel")
    guide = (CHECKOUT / "src/guide/engines.md").read_text()
    command = re.search(r"^seq 0 15 \| parallel .*$", guide, re.MULTILINE)[0]
    environment = {"PATH": PATH, "HOME": str(work), **conversion("tables")}
    environment |= {name: os.environ[name] for name in ("PERL5LIB", "LD_LIBRARY_PATH") if name in os.environ}
    subprocess.run(["bash", "-c", command], cwd=folder, env=environment, check=True)
    compare("GNU parallel", folder, expected, 16)


def main():
    start = time.monotonic()
    write_inputs(DIRECTORY)
    expected = one_run(DIRECTORY)
    real = sys.argv[4:] == ["--slurm"]
    slurm(DIRECTORY, expected, real)
    kubernetes(DIRECTORY, expected)
    gnu_parallel(DIRECTORY, expected)
    print(f"{time.monotonic() - start:.1f} s of runs")


main()

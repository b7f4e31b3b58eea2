"""The cases of a script, and the loop that runs them."""
import time

CASES = []


class Failure(Exception):
    """A case does not hold. The text says why."""


def case(function):
    CASES.append(function)
    return function


def expect(holds, problem, details=""):
    if not holds:
        raise Failure(f"{problem}\n{details}".rstrip())


def run_cases(words, directory, run):
    """
    Runs the cases whose names contain one of these words, or all of them without words. `run` is given a case and its empty
    directory. Returns the exit code.
    """
    chosen = [case for case in CASES if not words or any(word in case.__name__ for word in words)]
    failures = 0
    for function in chosen:
        start = time.monotonic()
        files = directory / function.__name__
        files.mkdir()
        try:
            run(function, files)
            result = "ok"
        except Failure as failure:
            failures += 1
            result = f"FAILED: {failure}"
        print(f"{function.__name__} ({time.monotonic() - start:.1f} s): {result}", flush=True)
    print(f"{len(chosen) - failures} passed, {failures} failed")
    return 1 if failures or not chosen else 0

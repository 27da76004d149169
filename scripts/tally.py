#!/usr/bin/env python3
"""Count the test cases that `meson test` ran in the given build folders.

A case is one line of TAP. A program that crashes, is ended by its time limit, prints no plan or
not as many results as it planned counts as one failed case, whatever it printed before.
The last line is "N passed, N failed"; the exit status is 0 when none failed and one passed.
"""
import json
import os
import re
import subprocess
import sys

RESULT = re.compile(r"^(not )?ok\b[^#]*(#\s*(skip|todo)\b.*)?", re.IGNORECASE)
PLAN = re.compile(r"^1\.\.(\d+)\s*(#\s*skip.*)?", re.IGNORECASE)


def protocols(folder):
    """The protocol of each test, by its name."""
    listed = subprocess.run(["meson", "introspect", "--tests", folder], check=True, stdout=subprocess.PIPE)
    return {test["name"]: test["protocol"] for test in json.loads(listed.stdout)}


def count_tap(entry):
    """(passed, failed, skipped) of one program that speaks TAP, and what is wrong with the whole, or None."""
    passed = failed = skipped = 0
    planned = None
    bailed = False
    for line in (entry.get("stdout") or "").splitlines():
        plan, result = PLAN.match(line), RESULT.match(line)
        bailed = bailed or line.startswith("Bail out!")
        if plan:
            planned = int(plan.group(1))
        elif result and result.group(2) and result.group(3).lower() == "skip":
            skipped += 1
        elif result and (not result.group(1) or result.group(2)):
            passed += 1
        elif result:
            failed += 1
    status = entry.get("returncode") or 0
    wrong = None
    if entry["result"] == "TIMEOUT":
        wrong = "did not end within its time limit"
    elif bailed:
        wrong = "bailed out"
    elif planned is None:
        wrong = "printed no plan"
    elif planned != passed + failed + skipped:
        wrong = f"planned {planned} cases and reported {passed + failed + skipped}"
    elif failed == 0 and status != 0 and entry["result"] != "SKIP":
        wrong = f"ended with status {status}" if status > 0 else f"was ended by signal {-status}"
    elif failed == 0 and entry["result"] not in ("OK", "SKIP", "EXPECTEDFAIL", "UNEXPECTEDPASS"):
        wrong = f"ended with the result {entry['result']}"
    if planned == 0 and wrong is None:
        skipped += 1
    return passed, failed, skipped, wrong


def main(folders):
    passed = failed = skipped = 0
    for folder in folders:
        log = os.path.join(folder, "meson-logs", "testlog.json")
        if os.path.exists(os.path.join(folder, "build-failed")):
            failed += 1
            print(f"not ok - the build in {folder}")
            continue
        if not os.path.exists(log):  # no test was selected
            continue
        spoken = protocols(folder)
        with open(log, encoding="utf-8", errors="replace") as lines:
            entries = [json.loads(line) for line in lines if line.strip()]
        for entry in entries:
            name = entry["name"].split(" / ")[-1]
            if spoken.get(name) == "tap":
                ok, not_ok, skip, wrong = count_tap(entry)
            else:
                good = entry["result"] in ("OK", "EXPECTEDFAIL")
                skip = entry["result"] == "SKIP"
                ok, not_ok, wrong = int(good), int(not good and not skip), None
            if wrong:
                not_ok += 1
                print(f"not ok - {folder}: {name} {wrong}")
            elif not_ok:
                print(f"not ok - {folder}: {name}: {not_ok} failed")
            passed, failed, skipped = passed + ok, failed + not_ok, skipped + int(skip)
    if skipped:
        print(f"{skipped} skipped")
    if passed + failed == 0:
        print("no test was run")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

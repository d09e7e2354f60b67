"""Grades a submission with Barewire, for Classroom 50.

It belongs into CLASSROOM/autograders/ASSIGNMENT/ of the classroom50 repository, and
runtime.json is for "gh teacher assignment add --runtime". The runner starts it in the
student's checkout. It leaves result.json there, or fails, which is not the student's
fault and no mark.
"""

import json
import os
import subprocess
import tempfile
from datetime import datetime, timezone
from pathlib import Path

REPOSITORY = "https://github.com/<%.Repository%>.git"
REF = "<%.Ref%>"
GRADE = ["grade", "-from", "one", "-seed", "<%.Seed%>"<%with .Rubric%>, "-rubric", "<%.%>"<%end%>]

# The job's environment has tokens. The checker, and what it starts, gets what it needs.
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "GOCACHE", "GOMODCACHE") if name in os.environ}


def run(*command, cwd, **more):
    return subprocess.run(command, cwd=cwd, env=ENVIRONMENT, check=True, timeout=900, **more)


def main():
    submission = Path.cwd()
    with tempfile.TemporaryDirectory() as work:
        checker, results = Path(work, "barewire"), Path(work, "results")
        checker.mkdir()
        run("git", "init", "-q", cwd=checker)
        run("git", "fetch", "-q", "--depth=1", REPOSITORY, REF, cwd=checker)
        run("git", "checkout", "-q", "FETCH_HEAD", cwd=checker)
        run("go", "tool", "checker", *GRADE, "-o", results, submission, cwd=checker, stdout=subprocess.DEVNULL)
        run("go", "tool", "checker", "convert", "-to", "classroom50", "-o", Path(work, "result.json"),
            "-classroom", os.environ["CLASSROOM"], "-assignment", os.environ["ASSIGNMENT"],
            "-type", os.environ.get("ASSIGNMENT_TYPE") or "individual",
            "-owner", os.environ.get("OWNER") or os.environ["USERNAME"],
            "-submission", os.environ["SUBMISSION_TAG"], "-commit", os.environ["COMMIT_URL"],
            "-release", os.environ["RELEASE_URL"], "-review", os.environ.get("REVIEW_URL", ""),
            results, cwd=checker)
        result = json.loads(Path(work, "result.json").read_text())
    # When it was handed in, which grading it again does not change.
    seconds = run("git", "show", "-s", "--format=%ct", "HEAD", cwd=submission, stdout=subprocess.PIPE).stdout
    result["datetime"] = datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    new = submission / "result.json.new"
    for name in (new, submission / "result.json"):
        name.unlink(missing_ok=True)  # a student may have left a link there
    new.write_text(json.dumps(result, indent=2) + "\n")
    new.rename(submission / "result.json")


if __name__ == "__main__":
    main()

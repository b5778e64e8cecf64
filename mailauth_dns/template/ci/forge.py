#!/usr/bin/env python3
"""What CI asks of GitHub, GitLab or Forgejo. All about mail is `mailauth-dns`.

    forge.py merge                merge main as it is now into the pull request of this job; refuse
                                  where that is merged already
    forge.py comment plan.md      show the file on the pull request, in one comment that is updated
    forge.py keep plan.json       keep the plan of this commit (Forgejo; the others have artifacts)
    forge.py reviewed plan.json   write the plan that was reviewed: that of the merged pull request,
                                  or of the commit in FORGE_HEAD
    forge.py current plan.json    refuse, unless this commit is main as it is now, and the file was
                                  made by CI
    forge.py drift                run `mailauth-dns diff`; open, update or close an issue

FORGE is github, gitlab or forgejo, and FORGE_TOKEN the token; where that is not the job's own, name
its user in FORGE_USER. FORGE_HEAD is the commit whose plan is meant. The rest is in the environment
that each forge gives its jobs.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

Item = dict[str, Any]
PLAN = "<!-- mailauth-dns plan -->"  # the first line of `plan --format markdown`
FITS = 60_000  # characters of an issue; GitHub takes 65536
DRIFT = "<!-- mailauth-dns drift -->"
NO_PLAN = "The plan could not be made. The log of the job says why."
NOT_REVIEWED = """This commit came without a pull request, so nobody reviewed a plan: nothing is
applied. To apply it, start this pipeline by hand: first to plan, then to apply."""
NOT_MAIN = """main is now {now}, and this commit is {this}. To apply it could undo what main says:
nothing is applied. Start this pipeline by hand on main: first to plan, then to apply."""
MERGED = """This pull request is not open. A new plan would take the place of the one that was
reviewed: nothing is planned. Start this pipeline by hand on main."""


class GitHub:
    """GitHub's API."""

    text, update = "body", "PATCH"
    main, commit_id, author = "branches/main", "sha", ("user", "login")
    open_issues, issue, closed = "issues?state=open", "issues/{number}", {"state": "closed"}
    comment = "issues/comments/{id}"
    robot = "github-actions[bot]"

    def __init__(self) -> None:
        env = os.environ
        self.url = f"{env['GITHUB_API_URL']}/repos/{env['GITHUB_REPOSITORY']}"
        self.commit, self.head = env["GITHUB_SHA"], env.get("FORGE_HEAD", "")
        self.me = env.get("FORGE_USER") or self.robot
        self.token = {"Authorization": f"Bearer {env['FORGE_TOKEN']}"}
        pull = re.fullmatch(r"refs/pull/(\d+)/\w+", env.get("GITHUB_REF", ""))
        self.pull = f"pulls/{pull[1]}" if pull else ""
        self.comments = f"issues/{pull[1]}/comments" if pull else ""

    def merged(self) -> str | None:
        """Return the last commit of the pull request that became this commit."""
        for pull in every(self, f"commits/{self.commit}/pulls"):
            if pull["merged_at"] and pull["merge_commit_sha"] == self.commit:
                return str(pull["head"]["sha"])
        return None

    def plan(self, head: str) -> bytes:
        """Return the newest plan that a job of this commit made, unless a fork's did."""
        found = json.loads(ask(self, "GET", f"actions/artifacts?name=plan-{head}&per_page=100"))
        # GitHub promises no order; a time is written so that its text sorts.
        for each in sorted(found["artifacts"], key=lambda each: each["created_at"], reverse=True):
            run = each["workflow_run"]
            ours = run["head_repository_id"] == run["repository_id"] and run["head_sha"] == head
            if ours and not each["expired"]:
                archive = ask(self, "GET", f"actions/artifacts/{each['id']}/zip")
                return zipfile.ZipFile(io.BytesIO(archive)).read("plan.json")
        raise LookupError(f"there is no artifact plan-{head}")


class Forgejo(GitHub):
    """Forgejo's API, which is GitHub's but for what is here; plans are kept in git."""

    commit_id = "id"
    robot = "forgejo-actions"

    def merged(self) -> str | None:
        try:
            pull = json.loads(ask(self, "GET", f"commits/{self.commit}/pull"))
        except LookupError:
            return None
        return str(pull["head"]["sha"]) if pull["merged"] else None

    def plan(self, head: str) -> bytes:
        if not git("ls-remote", "origin", _ref(head)):
            raise LookupError(f"there is no {_ref(head)}")
        git("fetch", "--quiet", "origin", _ref(head))
        return git("cat-file", "blob", "FETCH_HEAD")


class GitLab:
    """GitLab's API."""

    text, update = "description", "PUT"
    main, commit_id, author = "repository/branches/main", "id", ("author", "username")
    open_issues, issue, closed = "issues?state=opened", "issues/{iid}", {"state_event": "close"}

    def __init__(self) -> None:
        env = os.environ
        self.url = f"{env['CI_API_V4_URL']}/projects/{env['CI_PROJECT_ID']}"
        self.token = {"PRIVATE-TOKEN": env["FORGE_TOKEN"]}
        # In a pipeline of merged results CI_COMMIT_SHA is GitLab's own merge.
        self.commit = env["CI_COMMIT_SHA"]
        self.head = env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or self.commit
        self.pull = f"merge_requests/{env.get('CI_MERGE_REQUEST_IID')}"
        self.comments = f"{self.pull}/notes"
        self.comment = f"{self.comments}/{{id}}"
        self.me = json.loads(ask(self, "GET", f"{env['CI_API_V4_URL']}/user"))["username"]

    def merged(self) -> str | None:
        """Return the last commit of the merge request that became this commit of main."""
        for each in every(self, f"repository/commits/{self.commit}/merge_requests"):
            merged = (each["state"], each["target_branch"]) == ("merged", "main")
            became = (each["merge_commit_sha"], each["squash_commit_sha"], each["sha"])
            if merged and self.commit in became:  # the last of them by a fast-forward
                return str(each["sha"])
        return None

    def plan(self, head: str) -> bytes:
        """Return the newest plan that a merge request's pipeline made of a commit."""
        for pipeline in every(self, f"pipelines?sha={head}&source=merge_request_event"):
            for job in every(self, f"pipelines/{pipeline['id']}/jobs?scope=success"):
                if job["name"] == "plan":
                    return ask(self, "GET", f"jobs/{job['id']}/artifacts/plan.json")
        raise LookupError(f"no job `plan` passed for {head}")


Forge = GitHub | GitLab


def merge(forge: Forge) -> None:
    """Merge main as it is now, so that a second run plans again after somebody else's merge."""
    made_by_ci = [Path("plan.json"), Path("plan.md")]
    for each in made_by_ci:  # before anything can fail: nobody reviewed what somebody committed
        each.unlink(missing_ok=True)
    if json.loads(ask(forge, "GET", forge.pull))["state"] not in ("open", "opened"):
        sys.exit(MERGED)
    identity = ("-c", "user.name=ci", "-c", "user.email=ci@localhost")
    git(*identity, "merge", "--quiet", "--no-edit", "origin/main")
    for each in made_by_ci:
        each.unlink(missing_ok=True)


def comment(forge: Forge, file: str) -> None:
    """Show a plan on the pull request."""
    text = Path(file).read_text(encoding="utf-8") if Path(file).exists() else ""
    shown = text if text.startswith(PLAN) else f"{PLAN}\n{NO_PLAN}\n"
    # The commit that the plan names is CI's own merge with main.
    body = {"body": f"{shown}\nLast commit of the pull request: {forge.head}\n"}
    there = _ours(forge, every(forge, forge.comments), "body", PLAN)
    _write(forge, forge.comment, forge.comments, there, body)


def keep(_forge: Forge, file: str) -> None:
    """Keep a plan in git, where no clone sees it."""
    blob = git("hash-object", "-w", file).decode().strip()
    git("push", "--quiet", "--force", "origin", f"{blob}:{_ref(os.environ['FORGE_HEAD'])}")


def reviewed(forge: Forge, file: str) -> None:
    """Write the plan that was reviewed; fail where no pull request asked for a review."""
    Path(file).unlink(missing_ok=True)
    _refuse_old(forge)
    head = os.environ.get("FORGE_HEAD") or forge.merged()
    if head is None:
        sys.exit(NOT_REVIEWED)
    Path(file).write_bytes(forge.plan(head))


def current(forge: Forge, file: str) -> None:
    """Refuse to apply what is not main, or a plan that somebody committed."""
    _refuse_old(forge)
    if git("ls-files", file):
        sys.exit(f"{file} is in git, so it may not be CI's: take it out (git rm {file})")


def _refuse_old(forge: Forge) -> None:
    """Refuse a commit that is not main: run once more, an old one undoes what came after it."""
    now = json.loads(ask(forge, "GET", forge.main))["commit"][forge.commit_id]
    if now != forge.commit:
        sys.exit(NOT_MAIN.format(now=now, this=forge.commit))


def drift(forge: Forge) -> None:
    """Tell in an issue what DNS has and the policies do not say."""
    diff = subprocess.run(["mailauth-dns", "diff"], stdout=subprocess.PIPE, check=False)
    said = diff.stdout.decode()
    print(said, end="")
    there = _ours(forge, every(forge, forge.open_issues), forge.text, DRIFT)
    if diff.returncode == 2:
        # Indented lines are code: nothing in them is markup, and nobody is called.
        lines = [f"    {line}\n" for line in said.splitlines()]
        fitting = sum(size <= FITS for size in accumulate(map(len, lines)))
        code = "".join(lines[:fitting])
        if missing := len(lines) - fitting:
            code += f"\n{missing} more lines are in the log of the job.\n"
        issue = {
            "title": "DNS is not what the policies say",
            forge.text: f"{DRIFT}\n`mailauth-dns diff` says:\n\n{code}",
        }
        _write(forge, forge.issue, "issues", there, issue)
    elif diff.returncode == 0 and there:
        ask(forge, forge.update, forge.issue.format(**there), forge.closed)
    elif diff.returncode:
        sys.exit(diff.returncode)  # what DNS has is unknown, and no issue says otherwise


def _ours(forge: Forge, items: list[Item], field: str, marker: str) -> Item | None:
    """Return what we wrote before; others may write the marker too."""
    who, name = forge.author
    for each in items:
        if each[who][name] == forge.me and (each[field] or "").startswith(marker):
            return each
    return None


def _write(forge: Forge, one: str, all_: str, there: Item | None, data: Item) -> None:
    if there:
        ask(forge, forge.update, one.format(**there), data)
    else:
        ask(forge, "POST", all_, data)


def _ref(head: str) -> str:
    return f"refs/mailauth/plan/{head}"


def git(*words: str) -> bytes:
    """Return what git prints."""
    return subprocess.run(["git", *words], check=True, stdout=subprocess.PIPE).stdout


def ask(forge: Forge, method: str, path: str, data: Item | None = None) -> bytes:
    """Return the forge's answer. Raises LookupError where it has no such thing."""
    return _answer(forge, method, path, data)[0]


def every(forge: Forge, path: str) -> list[Item]:
    """Return a list of the forge, all its pages."""
    found: list[Item] = []
    page: str | None = f"{path}{'&' if '?' in path else '?'}per_page=100"
    while page:
        body, link = _answer(forge, "GET", page, None)
        found += json.loads(body)
        following = re.search(r'<([^>]+)>; *rel="next"', link)
        page = following[1] if following else None
    return found


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow no redirect by itself: the token is for the forge alone."""


def _answer(forge: Forge, method: str, path: str, data: Item | None) -> tuple[bytes, str]:
    url = path if path.startswith(("https://", "http://")) else f"{forge.url}/{path}"
    headers = {"Accept": "application/json", "Content-Type": "application/json", **forge.token}
    body = None if data is None else json.dumps(data).encode()
    opener = build_opener(_Stay)
    try:
        with opener.open(Request(url, body, headers, method=method), timeout=60) as answer:
            return answer.read(), answer.headers.get("Link") or ""
    except HTTPError as error:
        if error.code == 302 and method == "GET":  # an artifact, at another server
            with opener.open(error.headers["Location"], timeout=60) as answer:
                return answer.read(), ""
        if error.code == 404:
            raise LookupError(f"{method} {url}: not found") from None
        sys.exit(f"{method} {url}: {error.code} {error.reason}: {error.read(500).decode()}")
    except OSError as error:
        sys.exit(f"{method} {url}: {error}")


FORGES: dict[str, Callable[[], Forge]] = {"github": GitHub, "gitlab": GitLab, "forgejo": Forgejo}
WITHOUT_FILE: dict[str, Callable[[Forge], None]] = {"merge": merge, "drift": drift}
WITH_FILE: dict[str, Callable[[Forge, str], None]] = {
    each.__name__: each for each in (comment, keep, reviewed, current)
}

if __name__ == "__main__":
    forge_name = os.environ.get("FORGE", "")
    try:
        match sys.argv[1:]:
            case [command] if command in WITHOUT_FILE and forge_name in FORGES:
                WITHOUT_FILE[command](FORGES[forge_name]())
            case [command, name] if command in WITH_FILE and forge_name in FORGES:
                WITH_FILE[command](FORGES[forge_name](), name)
            case _:
                sys.exit(__doc__)
    except KeyError as missing:
        sys.exit(f"{command}: {missing} is not in the environment or in the forge's answer")
    except (LookupError, OSError) as error:
        sys.exit(f"{command}: {error}")
    except subprocess.CalledProcessError as failed:
        sys.exit(f"{command}: {' '.join(failed.cmd)} failed")

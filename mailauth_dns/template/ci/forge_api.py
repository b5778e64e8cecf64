"""The APIs of GitHub, GitLab and Forgejo, as far as ci/forge.py asks them.

FORGE_TOKEN is the token; where that is not the job's own, FORGE_USER names its user. FORGE_HEAD is
the commit whose plan is meant. The rest is in the environment that each forge gives its jobs.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

Item = dict[str, Any]


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
        if not git("ls-remote", "origin", plan_ref(head)):
            raise LookupError(f"there is no {plan_ref(head)}")
        git("fetch", "--quiet", "origin", plan_ref(head))
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


def plan_ref(head: str) -> str:
    """Return the git ref that keeps the plan of a commit."""
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

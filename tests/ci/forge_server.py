"""A forge on loopback: the parts of three APIs that our files ask, as their documentation has them.

It records each request, wants a token, and lets only one that may write change anything.
"""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

Kind = Literal["github", "gitlab", "forgejo"]
Item = dict[str, Any]
WRITES, READS = "token-that-writes", "token-that-reads"
PAGE = 2  # entries on a page, so that a second page is asked for
ROBOT = {"github": "github-actions[bot]", "forgejo": "forgejo-actions", "gitlab": "project_7_bot"}


@dataclass
class Pull:
    """A pull request."""

    number: int
    head: str
    state: str = "open"
    merge_commit: str | None = None


@dataclass
class ForgeServer:
    """What the forge has."""

    kind: Kind
    main: str = "a" * 40  # its newest commit
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: dict[int, list[Item]] = field(default_factory=dict)  # by pull request
    issues: list[Item] = field(default_factory=list)
    artifacts: list[Item] = field(default_factory=list)  # the newest first, as GitLab lists them
    requests: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"forge": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def say(self, number: int, body: str, author: str) -> None:
        """Somebody comments."""
        self.comments.setdefault(number, []).append(self.written(body, author))

    def written(self, body: str, author: str) -> Item:
        id = 100 + sum(map(len, self.comments.values()))
        if self.kind == "gitlab":
            return {"id": id, "body": body, "author": {"username": author}}
        return {"id": id, "body": body, "user": {"login": author}}

    def issue(self, fields: Item) -> Item:
        number = len(self.issues) + 1
        who = ROBOT[self.kind]
        if self.kind == "gitlab":
            return {"iid": number, "state": "opened", "author": {"username": who}, **fields}
        return {"number": number, "state": "open", "user": {"login": who}, **fields}

    @property
    def open_issues(self) -> list[Item]:
        return [each for each in self.issues if each["state"] in ("open", "opened")]

    def keep(self, name: str, files: Mapping[str, bytes], head: str, *, fork: bool = False) -> None:
        """Keep an artifact of a job."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zipped:
            for path, data in files.items():
                zipped.writestr(path, data)
        run = {"repository_id": 1, "head_repository_id": 2 if fork else 1, "head_sha": head}
        id = len(self.artifacts) + 1
        made = f"2026-12-01T09:{id // 60:02}:{id % 60:02}Z"
        entry = {"id": id, "name": name, "expired": False, "workflow_run": run, "created_at": made}
        self.artifacts.insert(0, {**entry, "zip": archive.getvalue()})


class _Answer(Exception):
    def __init__(self, code: int, body: object = None, headers: Mapping[str, str] = {}) -> None:
        self.code, self.body, self.headers = code, body, headers


class _Handler(BaseHTTPRequestHandler):
    forge: ForgeServer

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        data = json.loads(self.rfile.read(size) or b"null")
        url = urlsplit(self.path)
        path = unquote(url.path)
        self.forge.requests.append(f"{self.command} {path}")
        try:
            self._refuse_strangers(path)
            for method, pattern, act in ROUTES[self.forge.kind]:
                found = re.fullmatch(pattern, path)
                if method == self.command and found:
                    act(self.forge, found, data, parse_qs(url.query))
            raise _Answer(404, {"message": "Not Found"})
        except _Answer as said:
            self._say(said, url.path, parse_qs(url.query))

    do_GET = do_POST = do_PATCH = do_PUT = answer

    def _refuse_strangers(self, path: str) -> None:
        said = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
        token = said.removeprefix("Bearer ")
        if path.startswith("/blobs/"):
            if token:
                raise _Answer(400, {"message": "the store of artifacts takes no token"})
        elif token not in (WRITES, READS):
            raise _Answer(401, {"message": "Requires authentication"})
        elif self.command != "GET" and token != WRITES:
            raise _Answer(403, {"message": "Resource not accessible by integration"})

    def _say(self, said: _Answer, path: str, query: Mapping[str, list[str]]) -> None:
        body, headers = said.body, dict(said.headers)
        if isinstance(body, list):
            page = int(query.get("page", ["1"])[0])
            begin = (page - 1) * PAGE
            if len(body) > begin + PAGE:
                kept = "&".join(f"{key}={each[0]}" for key, each in query.items() if key != "page")
                following = f"{self.forge.url}{path}?{kept}&page={page + 1}"
                headers["Link"] = f'<{following}>; rel="next", <{self.forge.url}>; rel="last"'
            body = body[begin : begin + PAGE]
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(said.code)
        for key, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)


Act = Callable[[ForgeServer, re.Match[str], Any, Mapping[str, list[str]]], None]
Route = tuple[str, str, Act]


def _list_comments(forge: ForgeServer, at: re.Match[str], *_: object) -> None:
    raise _Answer(200, forge.comments.get(int(at[1]), []))


def _comment(forge: ForgeServer, at: re.Match[str], data: Item, _: object) -> None:
    forge.say(int(at[1]), data["body"], ROBOT[forge.kind])
    raise _Answer(201, {})


def _edit_comment(forge: ForgeServer, at: re.Match[str], data: Item, _: object) -> None:
    found = [each for those in forge.comments.values() for each in those]
    next(each for each in found if each["id"] == int(at["id"])).update(data)
    raise _Answer(200, {})


def _list_issues(forge: ForgeServer, _at: object, _data: object, query: Any) -> None:
    assert query["state"] == ["opened" if forge.kind == "gitlab" else "open"]
    raise _Answer(200, forge.open_issues)


def _open_issue(forge: ForgeServer, _at: object, data: Item, _: object) -> None:
    forge.issues.append(forge.issue(data))
    raise _Answer(201, {})


def _edit_issue(forge: ForgeServer, at: re.Match[str], data: Item, _: object) -> None:
    issue = forge.issues[int(at["id"]) - 1]
    issue.update({key: each for key, each in data.items() if key != "state_event"})
    if data.get("state_event") == "close":
        issue["state"] = "closed"
    raise _Answer(200, {})


def _merged(forge: ForgeServer, sha: str) -> list[Pull]:
    return [each for each in forge.pulls.values() if each.merge_commit == sha]


def _github_pulls(forge: ForgeServer, at: re.Match[str], *_: object) -> None:
    found = [
        {"merged_at": "2026-12-01T09:00:00Z", "merge_commit_sha": at[1], "head": {"sha": each.head}}
        for each in _merged(forge, at[1])
    ]
    # A commit can also be in a pull request that is still open.
    others = {"merged_at": None, "merge_commit_sha": "f" * 40, "head": {"sha": "e" * 40}}
    raise _Answer(200, [others, *found])


def _forgejo_pull(forge: ForgeServer, at: re.Match[str], *_: object) -> None:
    for each in _merged(forge, at[1]):
        raise _Answer(200, {"merged": True, "head": {"sha": each.head}})


def _gitlab_pulls(forge: ForgeServer, at: re.Match[str], *_: object) -> None:
    merged = {"state": "merged", "target_branch": "main", "squash_commit_sha": None}
    found = [
        {**merged, "iid": each.number, "sha": each.head, "merge_commit_sha": at[1]}
        for each in _merged(forge, at[1])
    ]
    # A commit can also have come by a merge request of another branch, and into another one.
    earlier = {**merged, "iid": 90, "sha": "e" * 40, "merge_commit_sha": "f" * 40}
    other = {**earlier, "merge_commit_sha": at[1], "target_branch": "next"}
    raise _Answer(200, [earlier, other, *found])


def _pull(forge: ForgeServer, at: re.Match[str], *_: object) -> None:
    open_word = "opened" if forge.kind == "gitlab" else "open"
    state = forge.pulls[int(at[1])].state
    raise _Answer(200, {"state": open_word if state == "open" else state})


def _main(forge: ForgeServer, *_: object) -> None:
    raise _Answer(200, {"commit": {"sha" if forge.kind == "github" else "id": forge.main}})


def _list_artifacts(forge: ForgeServer, _at: object, _data: object, query: Any) -> None:
    found = [each for each in forge.artifacts if each["name"] == query["name"][0]]
    shown = [{key: each[key] for key in each if key != "zip"} for each in found]
    shown.sort(key=lambda each: each["id"])  # GitHub's documentation promises no order
    raise _Answer(200, {"total_count": len(found), "artifacts": shown})


def _artifact(forge: ForgeServer, at: re.Match[str], *_: object) -> None:
    raise _Answer(302, {}, {"Location": f"{forge.url}/blobs/{at[1]}"})


def _blob(forge: ForgeServer, at: re.Match[str], *_: object) -> None:
    raise _Answer(200, next(each["zip"] for each in forge.artifacts if each["id"] == int(at[1])))


def _pipelines(forge: ForgeServer, _at: object, _data: object, query: Any) -> None:
    """A pipeline of the tests is one job, and both have the id of its artifact."""
    assert query["source"] == ["merge_request_event"]
    found = [each for each in forge.artifacts if each["workflow_run"]["head_sha"] in query["sha"]]
    raise _Answer(200, [{"id": each["id"]} for each in found])


def _jobs(forge: ForgeServer, at: re.Match[str], _data: object, query: Any) -> None:
    assert query["scope"] == ["success"]
    found = [each for each in forge.artifacts if each["id"] == int(at[1])]
    raise _Answer(200, [{"id": each["id"], "name": each["name"]} for each in found])


def _raw_artifact(forge: ForgeServer, at: re.Match[str], *_: object) -> None:
    kept = next(each["zip"] for each in forge.artifacts if each["id"] == int(at[1]))
    raise _Answer(200, zipfile.ZipFile(io.BytesIO(kept)).read(at[2]))


def _user(forge: ForgeServer, *_: object) -> None:
    raise _Answer(200, {"username": ROBOT[forge.kind]})


_HUB: tuple[Route, ...] = (
    ("GET", "/api/repos/you/dns/issues/([0-9]+)/comments", _list_comments),
    ("POST", "/api/repos/you/dns/issues/([0-9]+)/comments", _comment),
    ("PATCH", "/api/repos/you/dns/issues/comments/(?P<id>[0-9]+)", _edit_comment),
    ("GET", "/api/repos/you/dns/pulls/([0-9]+)", _pull),
    ("GET", "/api/repos/you/dns/branches/main", _main),
    ("GET", "/api/repos/you/dns/issues", _list_issues),
    ("POST", "/api/repos/you/dns/issues", _open_issue),
    ("PATCH", "/api/repos/you/dns/issues/(?P<id>[0-9]+)", _edit_issue),
)
ROUTES: Mapping[Kind, tuple[Route, ...]] = {
    "github": (
        *_HUB,
        ("GET", "/api/repos/you/dns/commits/([0-9a-f]+)/pulls", _github_pulls),
        ("GET", "/api/repos/you/dns/actions/artifacts", _list_artifacts),
        ("GET", "/api/repos/you/dns/actions/artifacts/([0-9]+)/zip", _artifact),
        ("GET", "/blobs/([0-9]+)", _blob),
    ),
    "forgejo": (*_HUB, ("GET", "/api/repos/you/dns/commits/([0-9a-f]+)/pull", _forgejo_pull)),
    "gitlab": (
        ("GET", "/api/projects/7/merge_requests/([0-9]+)/notes", _list_comments),
        ("POST", "/api/projects/7/merge_requests/([0-9]+)/notes", _comment),
        ("PUT", "/api/projects/7/merge_requests/[0-9]+/notes/(?P<id>[0-9]+)", _edit_comment),
        ("GET", "/api/projects/7/issues", _list_issues),
        ("POST", "/api/projects/7/issues", _open_issue),
        ("PUT", "/api/projects/7/issues/(?P<id>[0-9]+)", _edit_issue),
        ("GET", "/api/projects/7/repository/commits/([0-9a-f]+)/merge_requests", _gitlab_pulls),
        ("GET", "/api/projects/7/merge_requests/([0-9]+)", _pull),
        ("GET", "/api/projects/7/repository/branches/main", _main),
        ("GET", "/api/projects/7/pipelines", _pipelines),
        ("GET", "/api/projects/7/pipelines/([0-9]+)/jobs", _jobs),
        ("GET", "/api/projects/7/jobs/([0-9]+)/artifacts/(.+)", _raw_artifact),
        ("GET", "/api/user", _user),
    ),
}

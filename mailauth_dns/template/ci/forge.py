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

import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

sys.dont_write_bytecode = True  # the checkout stays as it is

from forge_api import Forge, Forgejo, GitHub, GitLab, Item, ask, every, git, plan_ref  # noqa: E402

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
    git("push", "--quiet", "--force", "origin", f"{blob}:{plan_ref(os.environ['FORGE_HEAD'])}")


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

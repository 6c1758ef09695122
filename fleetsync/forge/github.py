"""Speak GitHub: comments of a pull request, what was approved in one, and pull requests of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from fleetsync.errors import ForgeError, RefusedError
from fleetsync.forge.marker import planned_digest, same_fleet
from fleetsync.forge.part import number_part, part, text_part
from fleetsync.forge.rest import Account
from fleetsync.forge.sticky import Thread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.forge.rest import Rest


_RUNS = 100
"""So many of the newest runs are looked through."""


class Proposal(NamedTuple):
    """What a pull request of ours says."""

    branch: str
    title: str
    body: str


def account(env: Mapping[str, str]) -> Account:
    """Read who asks GitHub from the environment of a job."""
    token = env.get("GITHUB_TOKEN", "")
    if not token:
        raise ForgeError(
            "GITHUB_TOKEN is not set: give the step `env: GITHUB_TOKEN: ${{ github.token }}`"
        )
    url = env.get("GITHUB_API_URL", "https://api.github.com")
    return Account(url, "Authorization", f"Bearer {token}")


def thread(repository: str, number: int, author: str) -> Thread:
    """Say where the comments of a pull request are, and whose are ours."""
    base = f"/repos/{repository}/issues"
    one = base + "/comments/{id}"
    return Thread(f"{base}/{number}/comments", one, "PATCH", ("user", "login"), author)


class Merge(NamedTuple):
    """A commit of a branch that may be the merge of a pull request into that branch."""

    repository: str
    sha: str
    branch: str


def approved_digest(rest: Rest, merge: Merge, *, like: str, author: str) -> str:
    """Give the digest that was shown in the pull request that was merged; RefusedError if none.

    ``like`` is the hidden line of the fleet. Only a comment of ``author`` counts: everybody else
    may write one that looks the same.
    """
    return rest.patiently(lambda: _approved(rest, merge, like, author))


def _approved(rest: Rest, merge: Merge, like: str, author: str) -> str:
    repository, sha, branch = merge
    pulls = rest.items(f"/repos/{repository}/commits/{quote(sha, safe='')}/pulls")
    merged = [each for each in pulls if _is_merge(each, merge)]
    if not merged:
        raise RefusedError(
            f"commit {sha} is not the merge of a pull request into {branch}, so nobody approved a "
            "plan of it: approve a plan by its digest, or make the change in a pull request"
        )
    number = number_part(merged[0], "number")
    where = thread(repository, number, author)
    ours = [each for each in rest.items(where.comments) if where.is_ours(each)]
    bodies = [text_part(each, "body") for each in ours]
    shown = {planned_digest(body) for body in bodies if same_fleet(body, like)} - {None}
    if len(shown) > 1:
        raise RefusedError(
            f"pull request {number} shows several plans of this fleet by {author}, so nobody knows "
            "which was approved: approve a plan by its digest"
        )
    for digest in shown:
        if digest is not None:
            return digest
    raise RefusedError(
        f"pull request {number} shows no plan of this fleet by {author}: approve a plan by its "
        "digest, or have the next pull request planned before it is merged"
    )


def _is_merge(pull: Any, merge: Merge) -> bool:  # noqa: ANN401 - whatever JSON the forge answers
    """Tell whether a pull request was merged as this commit, and into the branch it is pushed to.

    What a review into another branch asks for, and of whom, may be less.
    """
    repository, sha, branch = merge
    into = text_part(pull, "base", "repo", "full_name").lower(), text_part(pull, "base", "ref")
    was_merged = text_part(pull, "merged_at") and text_part(pull, "merge_commit_sha") == sha
    return bool(was_merged) and into == (repository.lower(), branch)


class Runs(NamedTuple):
    """The runs of a workflow on a branch."""

    repository: str
    workflow: str
    branch: str


def applied_revision(rest: Rest, runs: Runs) -> str:
    """Give the commit of the newest run that ended well; RefusedError if there is none.

    An apply that ends well has left the org as the manifests of its commit say.
    """
    repository, workflow, branch = (quote(each, safe="/") for each in runs)
    path = f"/repos/{repository}/actions/workflows/{workflow}/runs"
    wanted = f"{path}?branch={branch}&status=success&per_page={_RUNS}"
    answer = rest.patiently(lambda: rest.send("GET", wanted))
    found = part(answer, "workflow_runs")
    for run in found if isinstance(found, list) else ():
        if _is_of_branch(run, runs.repository):
            return text_part(run, "head_sha")
    raise RefusedError(
        f"no run of {runs.workflow} on {runs.branch} ended well yet, so nobody knows which "
        "revision was applied"
    )


def _is_of_branch(run: Any, repository: str) -> bool:  # noqa: ANN401 - whatever JSON the forge answers
    """Tell a run on our branch from one of a pull request, whose branch may have the same name.

    A pull request may change the workflow so that it runs for it.
    """
    ours = text_part(run, "head_repository", "full_name").lower() == repository.lower()
    return ours and not text_part(run, "event").startswith("pull_request")


def open_proposal(rest: Rest, repository: str, proposal: Proposal) -> str:
    """Open the pull request of a branch or bring it up to date; tell which."""
    return rest.patiently(lambda: _propose(rest, repository, proposal))


def _propose(rest: Rest, repository: str, proposal: Proposal) -> str:
    words = {"title": proposal.title, "body": proposal.body}
    found = _open_one(rest, repository, proposal.branch)
    if found is not None:
        rest.send("PATCH", f"/repos/{repository}/pulls/{number_part(found, 'number')}", words)
        return "updated"
    base = text_part(rest.send("GET", f"/repos/{repository}"), "default_branch")
    rest.send(
        "POST", f"/repos/{repository}/pulls", {**words, "head": proposal.branch, "base": base}
    )
    return "opened"


def close_proposal(rest: Rest, repository: str, branch: str) -> str:
    """Close the pull request of a branch, if one is open; tell what was done."""
    return rest.patiently(lambda: _withdraw(rest, repository, branch))


def _withdraw(rest: Rest, repository: str, branch: str) -> str:
    found = _open_one(rest, repository, branch)
    if found is None:
        return "none is open"
    rest.send(
        "PATCH", f"/repos/{repository}/pulls/{number_part(found, 'number')}", {"state": "closed"}
    )
    return "closed"


def _open_one(rest: Rest, repository: str, branch: str) -> Any | None:  # noqa: ANN401 - whatever JSON the forge answers
    owner = repository.partition("/")[0]
    head = quote(f"{owner}:{branch}", safe="")
    return next(rest.items(f"/repos/{repository}/pulls?state=open&head={head}"), None)

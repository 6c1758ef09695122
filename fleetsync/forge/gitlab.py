"""Speak GitLab: notes of a merge request, and the numbers in its widget."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from fleetsync.diff.change import Action
from fleetsync.errors import ForgeError
from fleetsync.forge.part import text_part
from fleetsync.forge.rest import Account
from fleetsync.forge.sticky import Thread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleetsync.forge.rest import Rest
    from fleetsync.plan.view import PlanView


def account(env: Mapping[str, str]) -> Account:
    """Read who asks GitLab from the environment of a job."""
    token = env.get("GITLAB_TOKEN", "")
    if not token:
        raise ForgeError(
            "GITLAB_TOKEN is not set: it must be a project access token with the scope api"
        )
    return Account(_needed(env, "CI_API_V4_URL"), "PRIVATE-TOKEN", token)


def thread(rest: Rest, env: Mapping[str, str]) -> Thread:
    """Say where the notes of the merge request of this pipeline are, and whose are ours."""
    project, number = _needed(env, "CI_PROJECT_ID"), _needed(env, "CI_MERGE_REQUEST_IID")
    notes = f"/projects/{quote(project, safe='')}/merge_requests/{quote(number, safe='')}/notes"
    author = text_part(rest.patiently(lambda: rest.send("GET", "/user")), "username")
    if not author:
        raise ForgeError("GitLab does not tell whose token GITLAB_TOKEN is: is its address right?")
    return Thread(notes, notes + "/{id}", "PUT", ("author", "username"), author)


def widget_counts(view: PlanView) -> dict[str, int]:
    """Count what a plan does, in the form of the report that GitLab shows numbers of."""
    return {
        action.value: sum(
            sum(sizes.values()) for (_, each), sizes in view.sizes.items() if each is action
        )
        for action in Action
    }


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise ForgeError(f"{name} is not set: this command is for a pipeline of a merge request")
    return value

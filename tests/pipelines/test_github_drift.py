"""Nights: what the org has that git did not say becomes one pull request, as long as it is so."""

from __future__ import annotations

import pytest

from tests.forge.fake import TOKEN, Forge
from tests.pipelines.hub import Remote
from tests.pipelines.org import Org
from tests.pipelines.owner import Owner
from tests.pipelines.test_github_apply import assert_nothing_secret_is_kept, log, results
from tests.pipelines.test_github_plan import PUMPS

BOTH = {"look": "success", "propose": "success"}
DRIFT = "fleetsync/drift"


@pytest.fixture
def applied(remote: Remote, owner: Owner) -> str:
    """A fleet whose org is as git says; the commit that was applied."""
    remote.variables["FLEET_RECIPIENT"] = owner.public
    remote.pull_request(remote.commit({"manifests/pumps.yaml": PUMPS}, "change"))
    sha = remote.merge("change")
    assert results(remote.push(sha)) == {"plan": "success", "apply": "success"}
    return sha


def paint(org: Org, floor: int) -> None:
    """Change a device as somebody does who does not know of git."""
    path = "/device/types/pump/devices/p-1"
    metadata = org.ask(path)["metadata"]
    org.send("PUT", path, {"metadata": {**metadata, "floor": floor}})


def proposed(remote: Remote) -> str:
    return remote.show(f"{DRIFT}:manifests/pumps.yaml")


def test_drift_becomes_one_pull_request_that_is_updated_and_closed(
    remote: Remote, applied: str, org: Org, forge: Forge
) -> None:
    assert results(remote.night()) == BOTH
    assert forge.pulls == []

    paint(org, 4)
    org.state.reset_calls()
    done = remote.night()
    assert results(done) == BOTH, log(done)
    assert proposed(remote) == PUMPS.replace("floor: 1", "floor: 4")
    (pull,) = forge.pulls
    assert (pull["head"], pull["base"], pull["state"]) == (DRIFT, "main", "open")
    assert "p-1" in pull["body"]
    head = remote.show(DRIFT)

    assert results(remote.night()) == BOTH
    assert remote.show(DRIFT) == head, "what is said already is not pushed again"

    paint(org, 5)
    assert results(remote.night()) == BOTH
    assert proposed(remote) == PUMPS.replace("floor: 1", "floor: 5")

    paint(org, 1)
    assert results(remote.night()) == BOTH
    assert [each["state"] for each in forge.pulls] == ["closed"]
    by_hand = "PUT /device/types/{typeId}/devices/{deviceId}"
    assert (org.writes, org.state.calls[by_hand]) == ([by_hand], 2)
    assert_nothing_secret_is_kept(remote, [TOKEN])


def test_what_git_has_and_the_org_not_yet_is_not_taken_back(
    remote: Remote, applied: str, org: Org, forge: Forge
) -> None:
    remote.commit({"manifests/pumps.yaml": PUMPS.replace("floor: 1", "floor: 2")})
    assert results(remote.night()) == BOTH
    assert forge.pulls == []


def test_a_device_that_somebody_registered_is_proposed(
    remote: Remote, applied: str, org: Org, forge: Forge
) -> None:
    org.send("POST", "/device/types/pump/devices", {"deviceId": "p-9", "metadata": {"a": "::b"}})
    done = remote.night()
    assert results(done) == BOTH, log(done)
    assert proposed(remote) == PUMPS + '  - {typeId: pump, deviceId: p-9, metadata: {a: "::b"}}\n'
    assert forge.pulls[0]["body"].startswith("<!-- fleetsync-drift: fleet=emea ")


def test_what_cannot_be_written_fails_the_night_and_is_told(
    remote: Remote, owner: Owner, org: Org, forge: Forge
) -> None:
    remote.variables["FLEET_RECIPIENT"] = owner.public
    pumps = 'deviceTypes: [{id: pump}]\ndeviceSets: [{typeId: pump, deviceIds: ["p-{1..5}"]}]\n'
    remote.pull_request(remote.commit({"manifests/pumps.yaml": pumps}, "change"))
    remote.push(remote.merge("change"))
    org.send("DELETE", "/device/types/pump/devices/p-3", None)
    done = remote.night()
    assert results(done) == {"look": "success", "propose": "failure"}
    assert "p-3" in done["look"].summary
    assert "What the org has cannot be written into the manifests" in done["propose"].log
    assert forge.pulls == []


def test_before_the_first_apply_nobody_can_tell_who_moved(
    remote: Remote, org: Org, forge: Forge
) -> None:
    remote.commit({"manifests/pumps.yaml": PUMPS})
    done = remote.night()
    assert results(done) == BOTH, log(done)
    assert [each.words for each in done["look"].commands] == [
        "Nothing was applied yet, so nobody can tell who moved."
    ]
    assert forge.pulls == []
    assert org.writes == []

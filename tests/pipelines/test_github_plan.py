"""Pull requests: what their workflow does, from its caller's file down to each line of shell."""

from __future__ import annotations

from tests.pipelines.hub import Remote
from tests.pipelines.org import Org

PUMPS = """\
deviceTypes:
  - id: pump
devices:
  - {typeId: pump, deviceId: p-1, metadata: {floor: 1}}
  - {typeId: pump, deviceId: p-2}
"""


def test_a_fork_is_validated_without_a_key_and_told_why(remote: Remote, org: Org) -> None:
    sha = remote.commit({"manifests/pumps.yaml": PUMPS}, "change")
    done = remote.pull_request(sha, head="stranger/emea")
    assert (done["validate"].result, done["plan"].result) == ("success", "skipped")
    assert "emea is valid: 1 device type, 2 devices." in done["validate"].log
    assert "This pull request comes from a fork" in done["validate"].summary
    assert dict(org.state.calls) == {}


def test_invalid_manifests_end_it_before_the_org_is_asked(remote: Remote, org: Org) -> None:
    sha = remote.commit({"manifests/pumps.yaml": "devcies: []\n"}, "change")
    done = remote.pull_request(sha)
    assert (done["validate"].result, done["plan"].result) == ("failure", "skipped")
    assert 'manifests/pumps.yaml:1:1: unknown key "devcies"' in done["validate"].log
    assert dict(org.state.calls) == {}


def test_the_action_installs_fleetsync_from_its_own_commit(remote: Remote) -> None:
    """The only test that lets it: the others find fleetsync where the action would put it."""
    sha = remote.commit({"manifests/pumps.yaml": PUMPS}, "change")
    remote.preinstalled = False
    done = remote.pull_request(sha, head="stranger/emea")
    assert done["validate"].result == "success", done["validate"].log
    assert "emea is valid: 1 device type, 2 devices." in done["validate"].log

"""Lint: the code, and the shell and YAML that pipelines run."""

from __future__ import annotations

import subprocess
from tempfile import NamedTemporaryFile

from workshop import TOP, prepare, run

WORKFLOWS = sorted(TOP.glob(".github/workflows/*.yml"))
ACTIONS = sorted(TOP.glob(".github/actions/*/action.yml"))
CALLERS = sorted(TOP.glob("examples/ci/github/*.yml"))
SCRIPTS = sorted(
    path
    for pattern in (".ci/run", ".github/actions/*/*.sh", "examples/ci/plain/*.sh")
    for path in TOP.glob(pattern)
)
GITLAB_SHELL = TOP / ".ci" / "gitlab_shell.py"
OTHERS = {"gitlab-ci": "gitlab/.gitlab-ci.yml", "azure-pipelines": "plain/azure-pipelines.yml"}


def main() -> None:
    """Run each linter in turn; the first that finds anything ends it."""
    tools = prepare("[dev,lint]")
    run([tools / "ruff", "check", "."])
    run([tools / "ruff", "format", "--check", "."])
    run([tools / "mypy"])
    run([tools / "shellcheck", *SCRIPTS])
    with NamedTemporaryFile("w", suffix=".sh") as script:
        subprocess.run([tools / "python", GITLAB_SHELL], stdout=script, check=True)
        # Each script is a subshell there: in a pipeline too, what one exports is lost to the next.
        # And a function that only a trap calls is called.
        run([tools / "shellcheck", "--exclude=SC2030,SC2031,SC2329", script.name])
    # It covers the checks of actionlint, whose fork it is, and knows actions and `uses: $/...` too.
    actionlint = [tools / "jactionlint", "--strict-exit", "--no-online", "--no-hints"]
    run([*actionlint, f"--shellcheck={tools / 'shellcheck'}", *WORKFLOWS, *ACTIONS, *CALLERS])
    zizmor = [tools / "zizmor", "--offline", "--quiet", "--persona=pedantic", "--strict-collection"]
    run([*zizmor, *WORKFLOWS, *ACTIONS, *CALLERS])
    schema = [tools / "check-jsonschema", "--regex-variant=nonunicode"]
    for name, file in OTHERS.items():
        form = [f"--builtin-schema=vendor.{name}", f"--data-transform={name}"]
        run([*schema, *form, TOP / "examples" / "ci" / file])
    print("All linters are content.")


if __name__ == "__main__":
    main()

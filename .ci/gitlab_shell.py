"""Print the shell code of the GitLab example, job by job, for a linter of shell code."""

from __future__ import annotations

from pathlib import Path

import yaml

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "ci" / "gitlab" / ".gitlab-ci.yml"


def main() -> None:
    """Print each script as a function: what one exports is not seen by the next."""
    print("#!/bin/bash\nset -eo pipefail")
    for name, job in yaml.safe_load(EXAMPLE.read_text("utf-8")).items():
        for key in ("before_script", "script", "after_script"):
            if isinstance(job, dict) and key in job:
                print(f"{name.lstrip('.')}_{key}() (", *job[key], ")", sep="\n")
                print(f"{name.lstrip('.')}_{key}")


if __name__ == "__main__":
    main()

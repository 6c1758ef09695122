"""Show the main job: a fleet of YAML becomes a live org, in the org embedded in fleetsync."""

from __future__ import annotations

from workshop import TOP, prepare, run

EXAMPLE = "examples/quickstart"


def main() -> None:
    """Validate, plan, apply, and plan again, each shown."""
    fleetsync = prepare() / "fleetsync"
    for words in (["validate"], ["plan"], ["apply", "--yes"], ["plan"]):
        print(f"\n$ fleetsync -C {EXAMPLE} {' '.join(words)}", flush=True)
        run([fleetsync, "-C", EXAMPLE, *words])
    print(f"\nThe tokens of the new devices are in {EXAMPLE}/secrets/tokens.jsonl (mode 0600).")
    print(f"Now edit {TOP.name}/{EXAMPLE}/manifests and run: .venv/bin/fleetsync -C {EXAMPLE} plan")


if __name__ == "__main__":
    main()

#!/usr/bin/env bash
# Run one command of fleetsync in a step of GitHub Actions, and tell the next steps how it ended.
set -euo pipefail

work=$RUNNER_TEMP/fleetsync

# What fleetsync prints holds text of the org and of the manifests. While it speaks, the runner
# takes no line for a command; only a word that nobody can guess ends that.
quietly() {
  local word code=0
  word=$(python -I -c 'import secrets; print(secrets.token_hex(20))')
  echo "::stop-commands::$word"
  "$@" 2>&1 || code=$?
  echo "::$word::"
  return "$code"
}

tell() {
  printf '%s=%s\n' "$1" "$2" >> "$GITHUB_OUTPUT"
}

summarise() {
  if [ -s "$1" ]; then
    cat "$1" >> "$GITHUB_STEP_SUMMARY"
  fi
}

code=0
case $COMMAND in
  validate)
    quietly fleetsync -C "$FOLDER" validate || code=$?
    ;;
  plan)
    quietly fleetsync -C "$FOLDER" plan --exit-code --out "$work/plan.json" || code=$?
    case $code in
      0 | 3 | 4)
        tell plan-file "$work/plan.json"
        tell keep "$work/plan.json"
        tell exit-code "$code"
        exit 0
        ;;
    esac
    ;;
  apply)
    how=(--yes)
    if [ -n "$PLAN_DIGEST" ]; then
      how+=(--plan-digest "$PLAN_DIGEST")
    fi
    quietly fleetsync -C "$FOLDER" apply "${how[@]}" --allow-deletes "$ALLOW_DELETES" \
      --output "markdown=$work/applied.md" --output "json=$work/applied.json" || code=$?
    summarise "$work/applied.md"
    if [ -s "$work/applied.json" ]; then
      tell keep "$work/applied.json"
    fi
    ;;
  drift)
    how=()
    if [ "$WRITE" = true ]; then
      how+=(--write)
    fi
    if [ -n "$SINCE" ]; then
      how+=(--since "$SINCE")
    fi
    quietly fleetsync -C "$FOLDER" drift --exit-code "${how[@]}" \
      --output "markdown=$work/drift.md" --output "json=$work/drift.json" || code=$?
    case $code in
      0 | 3)
        if [ "$WRITE" = true ]; then
          git add --intent-to-add -- "$FOLDER"
          git diff --binary > "$work/drift.patch"
        fi
        summarise "$work/drift.md"
        tell keep "$work/drift.*"
        tell exit-code "$code"
        exit 0
        ;;
    esac
    ;;
  *)
    echo "::error::There is no command of that name here: it must be validate, plan, apply or drift."
    code=2
    ;;
esac
tell exit-code "$code"
exit "$code"

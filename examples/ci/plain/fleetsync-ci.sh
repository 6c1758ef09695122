#!/bin/sh
# Run fleetsync in a pipeline of any kind: Jenkins, Azure Pipelines, cron.
#
#   fleetsync-ci.sh plan     what would change: $OUT/plan.json, plan.txt, plan.md, digest
#   fleetsync-ci.sh apply    carry out the plan with the digest $PLAN_DIGEST, and no other
#   fleetsync-ci.sh drift    what the org has that git did not say: $OUT/drift.md; exit code 3 if any
#
# The exit codes are those of fleetsync, but that plan ends with 0 if there are changes.
#
#   WIOTP_AUTH_KEY, WIOTP_AUTH_TOKEN   a read-only key for plan and drift, the write key for apply
#   FLEET               the folder of fleet.yaml; by default the current one
#   OUT                 where results go; by default fleetsync-out
#   FLEET_SINCE         for drift, the git revision that was applied last; by default HEAD
#   FLEETSYNC_VERSION   the release to install, unless fleetsync is on the path already
#   FLEET_RECIPIENT     file with an OpenPGP public key: apply writes $OUT/tokens.tar.gpg
#   FLEET_KEEP_COMMAND  command that carries $FLEETSYNC_SECRETS_FILE and $FLEETSYNC_JOURNAL away
#
# The machine may be thrown away after the job, and the org never shows a token again. So apply
# does nothing unless the tokens have a place to go: FLEET_RECIPIENT, FLEET_KEEP_COMMAND or both.
set -eu
umask 077

FLEET=${FLEET:-.}
OUT=${OUT:-fleetsync-out}
FLEET_SINCE=${FLEET_SINCE-HEAD}
FLEET_RECIPIENT=${FLEET_RECIPIENT:-}
FLEET_KEEP_COMMAND=${FLEET_KEEP_COMMAND:-}

refuse() {
  echo "fleetsync-ci.sh: $1" >&2
  exit "${2:-2}"
}

install_fleetsync() {
  if ! command -v fleetsync > /dev/null; then
    : "${FLEETSYNC_VERSION:?set it to the release to install}"
    venv=$(mktemp -d)
    python3 -m venv "$venv"
    # The credentials are no business of what an installation runs.
    env -u WIOTP_AUTH_KEY -u WIOTP_AUTH_TOKEN "$venv/bin/python" -m pip install --quiet \
      --disable-pip-version-check "fleetsync==$FLEETSYNC_VERSION"
    PATH=$venv/bin:$PATH
  fi
}

ask() {
  python3 -I -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

plan() {
  code=0
  fleetsync -C "$FLEET" plan --exit-code --out "$OUT/plan.json" \
    --output "text=$OUT/plan.txt" --output "markdown=$OUT/plan.md" || code=$?
  case $code in
    0 | 3 | 4) ask digest < "$OUT/plan.json" > "$OUT/digest" ;;
  esac
  case $code in
    3) code=0 ;;
  esac
  return "$code"
}

encrypt() {
  home=$(mktemp -d)
  code=0
  gpg --batch --quiet --homedir "$home" --no-autostart --trust-model always \
    --recipient-file "$FLEET_RECIPIENT" --encrypt --output - || code=$?
  rm -rf "$home"
  return "$code"
}

check_place() {
  [ -n "$FLEET_RECIPIENT$FLEET_KEEP_COMMAND" ] ||
    refuse "nothing was applied: set FLEET_RECIPIENT or FLEET_KEEP_COMMAND, or the tokens of new devices are lost with this machine"
  if [ -n "$FLEET_RECIPIENT" ]; then
    encrypt < /dev/null > /dev/null ||
      refuse "nothing was applied: gpg cannot encrypt for $FLEET_RECIPIENT"
  fi
  file=$(fleetsync -C "$FLEET" validate --format json | ask secretsFile)
  FLEETSYNC_SECRETS_FILE=$(realpath -m -- "$file")
  FLEETSYNC_JOURNAL=$(realpath -m -- "$FLEET/.fleetsync")
  export FLEETSYNC_SECRETS_FILE FLEETSYNC_JOURNAL
}

# Whatever became of the apply: the tokens that it made are carried away.
keep() {
  ended=$?
  trap - EXIT HUP INT TERM
  set --
  for path in "$FLEETSYNC_SECRETS_FILE" "$FLEETSYNC_JOURNAL"; do
    if [ -e "$path" ]; then
      set -- "$@" -C "$(dirname -- "$path")" "./$(basename -- "$path")"
    fi
  done
  kept=0
  if [ $# -gt 0 ] && [ -n "$FLEET_RECIPIENT" ]; then
    broken=$OUT/not-whole
    { tar -cf - "$@" || : > "$broken"; } | encrypt > "$OUT/tokens.tar.gpg" || kept=1
    if [ -e "$broken" ]; then
      rm "$broken"
      kept=1
    fi
  fi
  if [ $# -gt 0 ] && [ -n "$FLEET_KEEP_COMMAND" ]; then
    sh -euc "$FLEET_KEEP_COMMAND" || kept=1
  fi
  if [ "$kept" -ne 0 ]; then
    refuse "the tokens could not be carried away: they are in $FLEETSYNC_SECRETS_FILE, on this machine alone" 1
  fi
  exit "$ended"
}

apply() {
  : "${PLAN_DIGEST:?set it to the digest that was approved, sha256:...}"
  check_place
  trap keep EXIT
  trap 'exit 130' HUP INT TERM
  fleetsync -C "$FLEET" apply --plan-digest "$PLAN_DIGEST" \
    --output "markdown=$OUT/applied.md" --output "json=$OUT/applied.json"
}

drift() {
  fleetsync -C "$FLEET" drift ${FLEET_SINCE:+--since "$FLEET_SINCE"} --exit-code \
    --output "markdown=$OUT/drift.md" --output "json=$OUT/drift.json"
}

case ${1:-} in
  plan | apply | drift) ;;
  *) refuse "say what to do: plan, apply or drift" ;;
esac
mkdir -p "$OUT"
install_fleetsync
"$1"

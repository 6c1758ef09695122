#!/usr/bin/env bash
# Carry the secrets file and the journal away from a machine that is thrown away after its job.
#
# check  before anything is written to the org: is there a place to go, and does encrypting work?
# seal   encrypt both for the owner of $RECIPIENT, whose private key is not here
set -euo pipefail
umask 077

work=$RUNNER_TEMP/fleetsync
mkdir -p "$work"

encrypt() {
  local home code=0
  home=$(mktemp -d)
  printf '%s\n' "$RECIPIENT" > "$home/recipient.asc"
  gpg --batch --quiet --homedir "$home" --no-autostart --trust-model always \
    --recipient-file "$home/recipient.asc" --encrypt --output - || code=$?
  rm -rf "$home"
  return "$code"
}

refuse() {
  echo "::error::Nothing was applied: $1"
  exit 1
}

# Where fleet.yaml wants the secrets file, and where the journal is.
find_places() {
  local valid secrets
  valid=$(fleetsync -C "$FOLDER" validate --format json)
  secrets=$(python -I -c 'import json, sys; print(json.loads(sys.argv[1])["secretsFile"])' "$valid")
  secrets_file=$(realpath -m -- "$secrets")
  journal=$(realpath -m -- "$FOLDER/.fleetsync")
}

check() {
  if [ -z "$RECIPIENT$KEEP" ]; then
    refuse "the tokens of new devices would be lost with this machine. Give the workflow a recipient or a keep-command."
  fi
  if [ -n "$RECIPIENT" ] && ! encrypt < /dev/null > /dev/null; then
    refuse "gpg cannot encrypt for the recipient, which must be an armored OpenPGP public key that can encrypt and has not expired."
  fi
  printf '%s=%s\n' secrets-file "$secrets_file" journal "$journal" >> "$GITHUB_OUTPUT"
}

seal() {
  local found=() path
  for path in "$secrets_file" "$journal"; do
    if [ -e "$path" ]; then
      found+=(-C "$(dirname -- "$path")" "./$(basename -- "$path")")
    fi
  done
  if [ ${#found[@]} -eq 0 ]; then
    echo "There are neither tokens nor a journal: nothing to keep."
    return
  fi
  # From one process to the next: nothing that can be read is written on the way.
  tar -cf - "${found[@]}" | encrypt > "$work/tokens.tar.gpg"
  echo "file=$work/tokens.tar.gpg" >> "$GITHUB_OUTPUT"
}

find_places
case $1 in
  check | seal) "$1" ;;
  *) refuse "keep-tokens can check and seal." ;;
esac

#!/bin/bash
# Installs the Debian packages that are missing of those named: packages.sh NAME...
# Says what it does; does nothing when all are there.
set -eu -o pipefail

missing=()
for name in "$@"; do
    if command -v dpkg-query >/dev/null; then
        state=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)
        [ "$state" = installed ] || missing+=("$name")
    fi
done
if ! command -v dpkg-query >/dev/null; then
    echo "This is not Debian; these packages, by Debian's names, must be there: $*"
    exit 0
fi
[ ${#missing[@]} -gt 0 ] || exit 0

run=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Missing packages. As root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    run=(sudo)
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { "${run[@]}" apt-get update && "${run[@]}" apt-get install -y \
        --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt-get failed; as root: apt-get update && apt-get install ${missing[*]}" >&2
    exit 1
fi

# shellcheck shell=bash
# What the run.sh files of e2e/ share: Debian packages, a Tokenhouse of their own on free ports with a temporary data
# folder, counting, and stopping (by process id) whatever was started. Sourced; not for anything that one folder alone
# needs.
#
#   . "$(dirname "$0")/../lib.sh"
#   need python3-openstackclient        install Debian packages that are missing (as root)
#   start_tokenhouse [FLAGS]            sets TH_URL (ends in /v3), TH_ROOT, TH_PID, TH_DATA, TH_PASSWORD
#   check NAME WANT GOT                 one line per check
#   finish                              prints `N passed, N failed`; its status is the script's
set -u -o pipefail

E2E=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(dirname "$E2E")
# Python packages come from Debian, so Debian's Python has to be first; Node stays wherever it was found.
NODE=$(command -v node || true)
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH PYTHONWARNINGS=ignore PYTHONDONTWRITEBYTECODE=1
unset PYTHONPATH PYTHONHOME OS_CLOUD OS_AUTH_URL 2> /dev/null || true
for name in $(compgen -e TOKENHOUSE_ || true); do unset "$name"; done

WORK=$(mktemp -d "${TMPDIR:-/tmp}/e2e-$(basename "$(dirname "$0")").XXXXXX")
chmod 755 "$WORK"
declare -a STARTED=()
PASSED=0
FAILED=0

# The children of what was started too: a server behind a launcher is not the launcher.
tree() { local child; echo "$1"; for child in $(ps -o pid= --ppid "$1" 2> /dev/null); do tree "$child"; done; }
# stop PID [SIGNAL]: ends a process and its children and waits for them.
stop() {
  local pids pid; pids=$(tree "$1")
  # shellcheck disable=SC2086
  kill -"${2:-TERM}" $pids 2> /dev/null
  for _ in $(seq 100); do
    # shellcheck disable=SC2086
    kill -0 $pids 2> /dev/null || return 0
    for pid in $pids; do wait "$pid" 2> /dev/null; done
    sleep 0.1
  done
  # shellcheck disable=SC2086
  kill -KILL $pids 2> /dev/null
}
stop_all() {
  local index
  for ((index = ${#STARTED[@]} - 1; index >= 0; index--)); do stop "${STARTED[index]}"; done
  [ -n "${KEEP:-}" ] || rm -rf "$WORK"
}
trap stop_all EXIT
trap 'exit 130' INT TERM

# need PACKAGE...: installs what is missing; services that a package would start stay off.
need() {
  local package missing=() made=""
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    echo "Debian packages are missing: ${missing[*]} (install them, or run as root)"
    exit 1
  fi
  echo "installing ${missing[*]}"
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    made=1
  fi
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "${missing[@]}" \
    > "$WORK/apt.log" 2>&1 || { tail -5 "$WORK/apt.log"; exit 1; }
  [ -z "$made" ] || rm -f /usr/sbin/policy-rc.d
}

# A port of 127.0.0.1 that was free a moment ago.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# start_tokenhouse [FLAGS]: on $TH_DATA (made when unset); a second call restarts on the same data and port. With
# E2E_URL and E2E_PASSWORD set it takes that endpoint instead: how the checks themselves are checked on a real Keystone.
TH_PASSWORD=${E2E_PASSWORD:-e2e-password}
use_endpoint() {
  TH_URL=$E2E_URL
  TH_ROOT=${TH_URL%/v3}
  mkdir -p "$TH_DATA"
  cat > "$TH_DATA/clouds.yaml" << CLOUDS
clouds:
  tokenhouse:
    auth: {auth_url: $TH_URL, username: admin, password: $TH_PASSWORD, project_name: admin, user_domain_name: Default, project_domain_name: Default}
    identity_api_version: "3"
CLOUDS
}
start_tokenhouse() {
  TH_DATA=${TH_DATA:-$WORK/tokenhouse}
  if [ -n "${E2E_URL:-}" ]; then use_endpoint; return; fi
  TH_PORT=${TH_PORT:-$(free_port)}
  : > "$WORK/tokenhouse.out"
  "$NODE" "$REPO/bin/tokenhouse.mjs" serve --data-dir "$TH_DATA" --port "$TH_PORT" --admin-password "$TH_PASSWORD" \
    --huawei-port off --alibaba-port off --engine-port off --admin-port off --log-file "$WORK/tokenhouse.log" "$@" \
    > "$WORK/tokenhouse.out" 2> "$WORK/tokenhouse.err" < /dev/null &
  TH_PID=$!
  STARTED+=("$TH_PID")
  for _ in $(seq 1200); do
    TH_URL=$(sed -n 's/^ready //p' "$WORK/tokenhouse.out")
    [ -z "$TH_URL" ] || break
    kill -0 "$TH_PID" 2> /dev/null || break
    sleep 0.1
  done
  TH_ROOT=${TH_URL%/v3}
  [ -n "$TH_URL" ] || { echo "tokenhouse did not start:"; tail -20 "$WORK/tokenhouse.err"; exit 1; }
}
stop_tokenhouse() { stop "$TH_PID" "${1:-TERM}"; }
# tokenhouse ARGUMENTS: one command on the same data folder.
tokenhouse() { "$NODE" "$REPO/bin/tokenhouse.mjs" "$@" --data-dir "$TH_DATA"; }

# check NAME WANT GOT
check() {
  if [ "$2" = "$3" ]; then
    PASSED=$((PASSED + 1))
    echo "ok: $1"
  else
    FAILED=$((FAILED + 1))
    echo "FAILED: $1: want $2, got $3"
  fi
}
# attempt NAME COMMAND...: passes when the command succeeds; shows its output when it fails.
attempt() {
  local name=$1; shift
  if "$@" > "$WORK/attempt.out" 2>&1; then
    PASSED=$((PASSED + 1))
    echo "ok: $name"
  else
    FAILED=$((FAILED + 1))
    echo "FAILED: $name"
    tail -5 "$WORK/attempt.out" | sed 's/^/    /'
  fi
}
finish() {
  echo "$PASSED passed, $FAILED failed"
  [ "$FAILED" = 0 ] && [ "$PASSED" -gt 0 ]
}

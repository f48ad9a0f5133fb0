#!/usr/bin/env bash
# From nothing to a running swarm: installs what is missing, builds, boots five hosts on this machine, and shows
# a service that grows and changes its image while it is asked without a pause. Leaves the swarm running.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

REQUESTS_AT_LEAST=2000
ADDRESSES='10.99.0.11 10.99.0.12 10.99.0.13 10.99.0.14 10.99.0.15'
IMAGE=10.99.0.5:5000/demo/web
traffic_dir=$(mktemp -d)
traffic_pid=

finish() {
    touch "$traffic_dir/stop" 2>/dev/null || true
    [ -z "$traffic_pid" ] || wait "$traffic_pid" || true
    rm -rf "$traffic_dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() {
    echo "quickstart: $*" >&2
    echo "quickstart: the hosts go on for you to look: ./lab status, ./lab logs n1; ./lab down ends them" >&2
    exit 1
}

step() { printf '\n\033[1m%s\033[0m\n' "== $*" | { [ -t 1 ] && cat || sed 's/\x1b\[[0-9;]*m//g'; }; }

swarm() {
    echo "\$ swarmctl $*"
    ./lab ctl n1 "$@"
}

at_least() { [ "$(scripts/traffic.sh count "$traffic_dir")" -ge "$1" ]; }

# until_requests N SECONDS
until_requests() {
    local until=$((SECONDS + $2))
    until at_least "$1"; do
        [ $SECONDS -lt $until ] || fail "only $(scripts/traffic.sh count "$traffic_dir") requests after $2 s"
        sleep 0.2
    done
}

[ "$(id -u)" = 0 ] || { echo "quickstart: needs root: sudo ./quickstart.sh" >&2; exit 1; }

step "Installing what is missing, building"
scripts/install-deps.sh
scripts/build.sh

step "Five hosts, three of them managers"
./lab down --any
./lab up --managers 3 --workers 2

step "A service of five tasks, published on port 8080 of every node"
swarm service create --name web --replicas 5 --publish 8080:80 $IMAGE:1 || fail "the service did not converge"
for address in $ADDRESSES; do
    printf '%s answers: ' "$address"
    curl -sS --noproxy '*' -m 5 "http://$address:8080/" || fail "$address does not answer"
done

step "Eight tasks"
swarm service scale web=8 || fail "the service did not scale"

step "A new image, while all five nodes are asked without a pause"
# shellcheck disable=SC2086
scripts/traffic.sh run "$traffic_dir" 8080 $ADDRESSES &
traffic_pid=$!
until_requests 200 60
swarm service update --image $IMAGE:2 --update-parallelism 2 --update-delay 1s web || fail "the update did not converge"
until_requests $((REQUESTS_AT_LEAST + 200)) 120
touch "$traffic_dir/stop"
wait $traffic_pid || true
traffic_pid=

step "The nodes"
swarm node ls
step "The tasks and their history"
swarm service ps web
step "The requests"
scripts/traffic.sh tally "$traffic_dir" || fail "requests failed"

cat <<'TEXT'

The swarm goes on running. Try:
  ./lab ctl n1 service ls                     swarmctl on host n1
  curl http://10.99.0.14:8080/                any node answers for every task
  ./lab crash n5; ./lab ctl n1 service ps web a power cut, and its tasks elsewhere
  ./lab kill n1; ./lab ctl n2 service scale web=3
  ./lab help                                  what else the lab can do
  ./lab down                                  the end of it all
TEXT

#!/usr/bin/env bash
# Requests with a new connection each, and a strict count of them.
#   traffic.sh run DIR PORT ADDRESS…   four workers ask the addresses in turn until DIR/stop exists
#   traffic.sh count DIR               requests finished so far
#   traffic.sh tally DIR               prints requests, failures, versions and tasks seen; exit 1 on any failure
# A request counts as failed on anything but a complete answer with status 200 within 5 seconds.
set -euo pipefail

WORKERS=4
MAX_SECONDS=5
# Requests of one curl process; a process for each request would measure the start of processes.
BATCH=5

worker() {
    local log=$1 dir=$2 port=$3 urls=() address
    shift 3
    for address in "$@"; do urls+=("http://$address:$port/?[1-$BATCH]"); done
    while [ ! -e "$dir/stop" ]; do
        # Each answer is one line of the server and one of curl: "#status curl-exit-code url error".
        curl -sS --noproxy '*' --no-keepalive -H 'Connection: close' -m $MAX_SECONDS \
            -w '#%{http_code} %{exitcode} %{url_effective} %{errormsg}\n' "${urls[@]}" >>"$log" 2>/dev/null || true
        # Leaves the machine some time for what is being asked: it is the same machine.
        sleep 0.02
    done
}

run() {
    local dir=$1 port=$2 n pids=()
    shift 2
    mkdir -p "$dir"
    rm -f "$dir"/*.log "$dir/stop"
    for n in $(seq $WORKERS); do
        worker "$dir/$n.log" "$dir" "$port" "$@" &
        pids+=($!)
    done
    wait "${pids[@]}"
}

count() { cat "$1"/*.log 2>/dev/null | grep -c '^#' || true; }

# An answer is good when curl is content and the line before it came whole from the demo server.
failures() {
    awk '/^#/ { if ($1 != "#200" || $2 != 0 || body !~ /^version=[^ ]+ hostname=[^ ]+ task=[^ ]+$/) print; body = ""; next }
         { body = $0 }' "$1"/*.log
}

tally() {
    local dir=$1 failed
    failed=$(failures "$dir" | wc -l)
    echo "requests: $(count "$dir")"
    echo "failed:   $failed"
    echo "versions: $(seen "$dir" 1 | tr '\n' ' ')"
    echo "tasks:    $(seen "$dir" 3 | wc -l) different ones answered"
    [ "$failed" = 0 ] || {
        failures "$dir" | awk 'NR <= 10'
        return 1
    }
}

# The different values of a field of the answers, with how often each came.
seen() {
    grep -h '^version=' "$1"/*.log | awk -v field="$2" '{ n[$field]++ } END { for (v in n) print v "(" n[v] "×)" }' |
        sed 's/^[a-z]*=//' | sort
}

case ${1:-} in
    run | count | tally) "$@" ;;
    *) sed -n '2,6p' "$0"; exit 2 ;;
esac

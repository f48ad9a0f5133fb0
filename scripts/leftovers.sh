#!/usr/bin/env bash
# What tests may leave behind on a machine.
#   leftovers.sh snapshot FILE     notes mounts, namespaces, control groups and links
#   leftovers.sh compare FILE RUN  prints what is new since, and processes with SWARM_TEST_RUN=RUN in their
#                                  environment, one thing a line; exit 1 when there is something
set -euo pipefail

snapshot() {
    {
        # `ip netns add` makes /run/netns a mount of itself, once for the machine's life.
        awk '$5 != "/run/netns" { print "mount " $5 " (" $3 ")" }' /proc/self/mountinfo
        # Namespaces that processes of root hold; other users' programs come and go.
        lsns -n -o NS,TYPE,USER 2>/dev/null |
            awk '($2 == "net" || $2 == "pid") && $3 == "root" { print "namespace " $2 " " $1 }'
        ls /run/netns /var/run/netns 2>/dev/null | grep -v ':$' | sed 's/^./namespace name &/' || true
        find /sys/fs/cgroup -maxdepth 2 -type d -name '*swarm*' 2>/dev/null | sed 's/^/cgroup /'
        ls /sys/class/net | sed 's/^/link /'
    } | sort -u
}

processes_of_run() {
    local proc own=$$ command
    for proc in /proc/[0-9]*; do
        [ "${proc#/proc/}" != "$own" ] && [ "${proc#/proc/}" != "$PPID" ] || continue
        grep -qazxF "SWARM_TEST_RUN=$1" "$proc/environ" 2>/dev/null || continue
        is_ancestor "${proc#/proc/}" && continue
        # Empty for a zombie, and for this script's own pipe when it has ended meanwhile.
        command=$(tr '\0' ' ' <"$proc/cmdline" 2>/dev/null) || continue
        [ -n "$command" ] || continue
        [[ $command != *leftovers.sh* ]] || continue
        echo "process ${proc#/proc/} ${command:0:150}"
    done
}

is_ancestor() {
    local pid=$$
    while [ "$pid" -gt 1 ]; do
        [ "$pid" != "$1" ] || return 0
        pid=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null || echo 1)
    done
    return 1
}

compare() {
    local new
    new=$(
        comm -13 "$1" <(snapshot)
        processes_of_run "$2"
    )
    [ -n "$new" ] || return 0
    echo "$new"
    return 1
}

case ${1:-} in
    snapshot) snapshot >"$2" ;;
    compare) compare "$2" "$3" ;;
    *) sed -n '2,5p' "$0"; exit 2 ;;
esac

# shellcheck shell=bash
# Paths, messages, the lock, and how running parts of the lab are found. Sourced by ./lab.

LAB_DIR=${LAB_DIR:-$REPO/.lab}
LAB_SWARMD=${LAB_SWARMD:-$REPO/artifacts/bin/swarmd}
LAB_SWARMCTL=${LAB_SWARMCTL:-$REPO/artifacts/bin/swarmctl}
# Path of the daemon's socket as the host itself sees it; /run is private to each host.
HOST_SOCKET=/run/swarm/swarm.sock
# Where the control groups of the hosts lie. A second lab on the machine, in a network namespace of its own, needs
# another name here.
LAB_CGROUPS=${LAB_CGROUPS:-swarm-lab}
REGISTRY=10.99.0.5:5000
# The same images, for those who know the password (joe, canary-of-the-locked-registry-6174).
LOCKED_REGISTRY=10.99.0.5:5001
MAX_HOSTS=200

die() {
    echo "lab: $*" >&2
    exit 1
}

say() { echo "lab: $*" >&2; }

need_root() {
    [ "$(id -u)" = 0 ] || die "needs root (namespaces, mounts, cgroups): try 'sudo $0 …'"
}

# One change at a time. Long-lived children must not inherit the descriptor: start them with 9>&-.
lock() {
    exec 9<"$REPO/lab"
    flock -w 300 9 || die "another ./lab of this directory has been at work for 5 minutes"
}

# Polls until the command given succeeds: wait_for SECONDS CMD…
wait_for() {
    local until=$((SECONDS + $1))
    shift
    while ! "$@"; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.05
    done
}

check_host_name() {
    [[ ${1:-} =~ ^n([1-9][0-9]*)$ ]] && [ "${BASH_REMATCH[1]}" -le $MAX_HOSTS ] ||
        die "'${1:-}' is not a host name: hosts are n1 … n$MAX_HOSTS"
}

host_address() { echo "10.99.0.$((10 + ${1#n}))"; }

# Hosts that this lab knows, on or off, in order of their number.
known_hosts() {
    local dir
    for dir in "$LAB_DIR"/n[0-9]*; do
        [ ! -d "$dir" ] || basename "$dir"
    done | sort -V
}

need_known_host() {
    check_host_name "${1:-}"
    [ -d "$LAB_DIR/$1" ] || die "no host $1 here: ./lab status shows those there are, ./lab add $1 boots it"
}

# Every part of the lab (host, registry, switch) is the init of a pid namespace whose argv[0] is
# "swlab-init NAME DIR". Killing that init ends the part; nothing else has to be remembered.
part_title() { echo "swlab-init $1 $LAB_DIR"; }

# The argv[0] of a process, empty when it is gone.
title_of() {
    local title=
    { IFS= read -r -d '' title <"/proc/$1/cmdline"; } 2>/dev/null || true
    echo "$title"
}

# Prints the pid (as this machine sees it) of the init of a part; fails when it does not run.
part_pid() {
    local pid
    pid=$(cat "$LAB_DIR/$1/init.pid" 2>/dev/null) || return 1
    [ -n "$pid" ] && [ "$(title_of "$pid")" = "$(part_title "$1")" ] || return 1
    echo "$pid"
}

is_on() { part_pid "$1" >/dev/null; }

need_on() {
    need_known_host "$1"
    is_on "$1" || die "$1 is off (crashed): ./lab start $1 boots it again"
}

# Pids of all inits of labs: of this one, or with --any of every lab on the machine.
all_inits() {
    local any=${1:-} proc title
    for proc in /proc/[0-9]*; do
        title=$(title_of "${proc#/proc/}")
        case $title in
            "swlab-init "*" $LAB_DIR") echo "${proc#/proc/}" ;;
            "swlab-init "*) [ "$any" = --any ] && echo "${proc#/proc/}" ;;
        esac
    done
    return 0
}

# Kills an init of a part and waits until the kernel has ended everything inside.
end_init() {
    kill -9 "$1" 2>/dev/null || return 0
    wait_for 20 is_gone "$1" || die "process $1 does not end after kill -9"
}

# A zombie counts as gone: its namespace is empty already, its parent has yet to look.
is_gone() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    [[ ${stat##*) } == Z* ]]
}

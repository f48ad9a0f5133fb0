# shellcheck shell=bash
# One host: its namespaces, its daemon, and the ways in which both end.

# boot_part NAME ADDRESS [CMD…]: new network, mount, uts, ipc and pid namespaces with an init.
boot_part() {
    local name=$1 address=$2 dir=$LAB_DIR/$1
    shift 2
    mkdir -p "$dir/etc" "$dir/tmp"
    rm -f "$dir/init.pid"
    echo "$name" >"$dir/etc/hostname"
    write_hosts_file "$dir/etc/hosts" "$name"
    [ -e /etc/hostname ] || hostname >/etc/hostname
    setsid unshare --net --mount --uts --ipc --pid --fork --propagation private \
        "$REPO/scripts/lab/boot.sh" "$name" "$dir" "$(part_title "$name")" "$@" \
        >>"$dir/init.log" 2>&1 </dev/null 9>&- &
    disown
    wait_for 20 is_on "$name" || {
        cat "$dir/init.log" >&2
        die "$name did not boot: see above"
    }
    [ -z "$address" ] || plug "$name" "$address"
}

write_hosts_file() {
    local n
    {
        echo "127.0.0.1 localhost"
        echo "10.99.0.5 registry"
        for n in $(seq 1 20); do echo "10.99.0.$((10 + n)) n$n"; done
        [ "${2#n}" -le 20 ] 2>/dev/null || echo "127.0.1.1 $2"
    } >"$1"
}

boot_host() {
    boot_part "$1" "$(host_address "$1")"
    start_daemon "$1"
}

# Runs a command in all namespaces of a part, in the caller's directory.
in_host() {
    local pid
    pid=$(part_pid "$1") || die "$1 is off"
    shift
    PATH=$(dirname "$LAB_SWARMCTL"):$PATH nsenter -t "$pid" -n -m -u -i -p --wd="$PWD" -- "$@"
}

# The daemon becomes a child of the host's init, as a service of a real host would be.
start_daemon() {
    local host=$1 dir=$LAB_DIR/$1
    mkdir -p -m 700 "$dir/data"
    [ -x "$LAB_SWARMD" ] || die "no daemon at $LAB_SWARMD: scripts/build.sh builds it"
    echo "--- $(date '+%F %T') swarmd starts on $host" >>"$dir/swarmd.log"
    # Without diagnostics, because its sockets in /tmp would outlive a kill -9.
    DOTNET_EnableDiagnostics=0 TMPDIR=$dir/tmp in_host "$host" bash -c '
        log=$1 pid_file=$2
        shift 2
        setsid "$@" >>"$log" 2>&1 </dev/null 9>&- &
        echo $! >"$pid_file"' \
        start-daemon "$dir/swarmd.log" "$dir/swarmd.pid" \
        "$LAB_SWARMD" --data-dir "$dir/data" --socket "$HOST_SOCKET" --hostname "$host" \
        --insecure-registry "$REGISTRY" --insecure-registry "$LOCKED_REGISTRY" --cgroup-parent "/$LAB_CGROUPS-$host"
    wait_for 30 daemon_settled "$host"
    daemon_listens "$host" || {
        tail -n 20 "$dir/swarmd.log" >&2
        die "the daemon of $host did not open its socket: the end of ./lab logs $host is above"
    }
}

# The pid of the daemon inside its host; fails when it does not run.
daemon_pid() {
    local pid
    pid=$(cat "$LAB_DIR/$1/swarmd.pid" 2>/dev/null) || return 1
    # A pid file of before a crash may name another process now: compare the command line too. It reads as
    # empty for a moment while a program starts, so one look is not enough.
    nsenter -t "$(part_pid "$1")" -m -p -- bash -c '
        for look in 1 2 3 4 5; do
            grep -qazF -- "$2" "/proc/$1/cmdline" && exit 0
            [ -d "/proc/$1" ] || exit 1
            sleep 0.02
        done
        exit 1' daemon-pid "$pid" "/$LAB_CGROUPS-$1" 2>/dev/null || return 1
    echo "$pid"
}

# A stale socket file stays after kill -9, so ask the kernel who listens (flag 00010000).
daemon_listens() {
    local pid
    pid=$(part_pid "$1") || return 1
    grep -q " 00010000 .* $HOST_SOCKET\$" "/proc/$pid/net/unix" 2>/dev/null
}

daemon_settled() { daemon_listens "$1" || ! daemon_pid "$1" >/dev/null; }

daemon_gone() { ! daemon_pid "$1" >/dev/null; }

# end_daemon HOST SIGNAL: returns when the process is gone, not when it has said its last word, so that a start after
# it does not take what ends for what runs.
end_daemon() {
    need_on "${1:-}"
    local pid
    pid=$(daemon_pid "$1") || die "no daemon runs on $1: ./lab start $1"
    nsenter -t "$(part_pid "$1")" -m -p -- kill "-$2" "$pid"
    wait_for 30 daemon_gone "$1" || die "the daemon of $1 does not end after signal $2"
}

lab_stop() {
    end_daemon "${1:-}" TERM
    say "daemon of $1 stopped; its containers go on"
}

lab_kill() {
    end_daemon "${1:-}" KILL
    say "daemon of $1 killed; its containers go on"
}

lab_crash() {
    need_on "${1:-}"
    unplug "$1"
    end_init "$(part_pid "$1")"
    rm -f "$LAB_DIR/$1/init.pid" "$LAB_DIR/$1/swarmd.pid"
    rm -rf --one-file-system "${LAB_DIR:?}/$1/tmp"
    remove_cgroups "$LAB_CGROUPS-$1"
    say "$1 has lost power"
}

lab_start() {
    need_known_host "${1:-}"
    need_up
    if ! is_on "$1"; then
        boot_host "$1"
    elif daemon_pid "$1" >/dev/null; then
        say "$1 runs already"
        return 0
    else
        start_daemon "$1"
    fi
    say "$1 started"
}

lab_sh() {
    need_on "${1:-}"
    local host=$1
    shift
    [ $# -gt 0 ] || set -- bash
    in_host "$host" "$@"
}

lab_logs() {
    need_known_host "${1:-}"
    if [ "${2:-}" = -f ]; then
        exec tail -n 50 -F "$LAB_DIR/$1/swarmd.log"
    fi
    cat "$LAB_DIR/$1/swarmd.log"
}

# The client runs outside and reaches the socket through the host's root, so files and terminal are the caller's.
lab_ctl() {
    need_on "${1:-}"
    [ -x "$LAB_SWARMCTL" ] || die "no swarmctl at $LAB_SWARMCTL: scripts/build.sh builds it"
    local pid
    pid=$(part_pid "$1")
    shift
    # shellcheck disable=SC2086
    exec ${CTL_SECONDS:+timeout $CTL_SECONDS} "$LAB_SWARMCTL" --host "unix:///proc/$pid/root$HOST_SOCKET" "$@"
}

lab_socket() {
    need_on "${1:-}"
    echo "/proc/$(part_pid "$1")/root$HOST_SOCKET"
}

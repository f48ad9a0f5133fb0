# shellcheck shell=bash
# The switch between the hosts: a bridge in a namespace of its own, so that neither the packet filter nor the
# routes of this machine matter. Each host has one port, sw-NAME. A partition is a second bridge: the hosts of
# one `cut` stay connected with each other and with nobody else.

MACHINE_PORT=swlab0
MAIN_BRIDGE=br-main

in_switch() { nsenter -t "$(part_pid switch)" -n -- "$@"; }

# Whose lab has the addresses on this machine: the alias of the machine's port carries its directory.
network_owner() { cat "/sys/class/net/$MACHINE_PORT/ifalias" 2>/dev/null; }

start_switch() {
    boot_part switch "" || return 1
    ip -batch - <<BATCH
link add $MACHINE_PORT type veth peer name sw-machine netns $(part_pid switch)
link set $MACHINE_PORT alias $LAB_DIR
addr add 10.99.0.1/24 dev $MACHINE_PORT
link set $MACHINE_PORT up
BATCH
    in_switch ip -batch - <<BATCH
link set lo up
link add $MAIN_BRIDGE type bridge stp_state 0 forward_delay 0
link set $MAIN_BRIDGE up
link set sw-machine master $MAIN_BRIDGE
link set sw-machine up
BATCH
}

# plug NAME ADDRESS: a cable from the switch to eth0 of the part.
plug() {
    local name=$1 address=$2 bridge
    bridge=$(cat "$LAB_DIR/$name/bridge" 2>/dev/null || echo $MAIN_BRIDGE)
    unplug "$name"
    ensure_bridge "$bridge"
    in_switch ip -batch - <<BATCH
link add sw-$name type veth peer name eth0 netns $(part_pid "$name")
link set sw-$name master $bridge
link set sw-$name up
BATCH
    nsenter -t "$(part_pid "$name")" -n -- ip -batch - <<BATCH
link set lo up
addr add $address/24 dev eth0
link set eth0 up
BATCH
}

unplug() { in_switch ip link del "sw-$1" 2>/dev/null || true; }

ensure_bridge() {
    in_switch ip link show "$1" >/dev/null 2>&1 && return 0
    in_switch ip -batch - <<BATCH
link add $1 type bridge stp_state 0 forward_delay 0
link set $1 up
BATCH
}

# Moves the cable of a host; a host that is off finds its place when it boots.
move_to_bridge() {
    echo "$2" >"$LAB_DIR/$1/bridge"
    ! is_on "$1" || in_switch ip link set "sw-$1" master "$2"
}

lab_cut() {
    [ $# -gt 0 ] || die "cut which hosts? ./lab cut HOST…"
    need_up
    local host
    for host in "$@"; do need_known_host "$host"; done
    ensure_bridge "br-$1"
    for host in "$@"; do move_to_bridge "$host" "br-$1"; done
    say "$* cut off from all others"
}

lab_heal() {
    need_up
    local host bridge
    for host in $(known_hosts); do
        [ "$(cat "$LAB_DIR/$host/bridge" 2>/dev/null || echo $MAIN_BRIDGE)" = $MAIN_BRIDGE ] ||
            move_to_bridge "$host" $MAIN_BRIDGE
    done
    for bridge in $(in_switch ls /sys/class/net 2>/dev/null | grep '^br-n' || true); do
        in_switch ip link del "$bridge"
    done
    say "one network again"
}

need_up() { is_on switch || die "the lab is down: ./lab up"; }

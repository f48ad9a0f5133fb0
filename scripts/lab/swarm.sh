# shellcheck shell=bash
# From hosts to a swarm: init on n1, everyone else joins, and the table of what runs.

lab_up() {
    local managers=3 workers=2
    while [ $# -gt 0 ]; do
        case $1 in
            --managers) managers=${2:-}; shift 2 || die "--managers needs a number" ;;
            --managers=*) managers=${1#*=}; shift ;;
            --workers) workers=${2:-}; shift 2 || die "--workers needs a number" ;;
            --workers=*) workers=${1#*=}; shift ;;
            *) die "up does not know '$1': up [--managers N] [--workers N]" ;;
        esac
    done
    check_counts "$managers" "$workers"
    if is_on switch; then
        say "the lab is up already; ./lab down ends it"
        lab_status
        return 0
    fi
    clear_way
    # Nothing of a lab that ended badly may reach into the new one.
    remove_everything
    mkdir -p "$LAB_DIR"
    "$REPO/scripts/install-deps.sh"
    [ "$LAB_SWARMD" != "$REPO/artifacts/bin/swarmd" ] || "$REPO/scripts/build.sh"
    start_switch
    start_registry
    load_images
    form_swarm "$managers" "$workers"
    lab_status
}

check_counts() {
    local value
    for value in "$1" "$2"; do
        [[ $value =~ ^[0-9]{1,3}$ ]] || die "'$value' is not a number of hosts"
    done
    [ "$1" -ge 1 ] || die "a swarm needs at least one manager"
    [ $(($1 + $2)) -le $MAX_HOSTS ] || die "$(($1 + $2)) hosts are more than $MAX_HOSTS"
}

# The addresses of the lab exist once on a machine. A lab whose directory is gone is cleared away.
clear_way() {
    local owner
    owner=$(network_owner) || return 0
    [ -n "$owner" ] && [ "$owner" != "$LAB_DIR" ] && [ -d "$owner" ] || return 0
    die "the lab of $owner runs on this machine: end it with $(dirname "$owner")/lab down (or ./lab down --any)"
}

form_swarm() {
    local managers=$1 workers=$2 n pids=() pid
    for n in $(seq 1 $((managers + workers))); do
        (boot_host "n$n") &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || die "not all hosts booted"; done
    ctl n1 swarm init --advertise-addr "$(host_address n1)" >/dev/null || die "swarm init failed on n1"
    # Managers one after the other: each join is a change of the group that decides.
    for n in $(seq 2 "$managers"); do join_host "n$n" manager n1; done
    pids=()
    for n in $(seq $((managers + 1)) $((managers + workers))); do
        (join_host "n$n" worker n1) &
        pids+=($!)
    done
    for pid in "${pids[@]+"${pids[@]}"}"; do wait "$pid" || die "not all workers joined"; done
    wait_for 60 all_ready n1 "$managers" $((managers + workers)) || {
        ctl n1 node ls >&2 || true
        die "not all nodes are Ready and Active after 60 s: ./lab logs HOST tells more"
    }
}

# What the lab itself asks of swarmctl: a daemon that hangs must not hang the lab.
ctl() (CTL_SECONDS=60 lab_ctl "$@" 9>&-)
ask() (CTL_SECONDS=5 lab_ctl "$@" 9>&- 2>/dev/null)

# join_host HOST ROLE VIA
join_host() {
    local token
    token=$(ctl "$3" swarm join-token -q "$2") || die "no $2 token from $3"
    ctl "$1" swarm join --token "$token" --advertise-addr "$(host_address "$1")" "$(host_address "$3"):2377" \
        >/dev/null || die "$1 could not join as $2"
}

# all_ready VIA MANAGERS NODES
all_ready() {
    local list
    list=$(ask "$1" node ls --format json) || return 1
    jq -se --argjson managers "$2" --argjson nodes "$3" '
        length == $nodes
        and all(.Status == "Ready" and .Availability == "Active")
        and (map(select(.ManagerStatus == "Leader" or .ManagerStatus == "Reachable")) | length) == $managers
        and (map(select(.ManagerStatus == "Leader")) | length) == 1' <<<"$list" >/dev/null 2>&1
}

# A host whose daemon answers as a manager; fails when there is none.
any_manager() {
    local host
    for host in $(known_hosts); do
        is_on "$host" && ask "$host" node ls -q >/dev/null && echo "$host" && return 0
    done
    return 1
}

lab_add() {
    local role=worker host='' via join=1
    while [ $# -gt 0 ]; do
        case $1 in
            --manager) role=manager ;;
            --worker) role=worker ;;
            --no-join) join= ;;
            -*) die "add does not know '$1': add HOST [--manager] [--no-join]" ;;
            *) host=$1 ;;
        esac
        shift
    done
    check_host_name "$host"
    need_up
    [ ! -d "$LAB_DIR/$host" ] || die "$host exists already: ./lab start $host starts it"
    if [ -z "$join" ]; then
        boot_host "$host"
        say "$host runs and belongs to no swarm yet"
        return 0
    fi
    via=$(any_manager) || die "no manager answers, so nobody can join"
    boot_host "$host"
    join_host "$host" $role "$via"
    wait_for 30 node_ready "$via" "$host" || die "$host has joined, but is not Ready after 30 s: ./lab logs $host"
    say "$host has joined as $role"
}

node_ready() {
    ask "$1" node ls --format json |
        jq -se --arg host "$2" 'any(.Hostname == $host and .Status == "Ready")' >/dev/null 2>&1
}

lab_status() {
    if ! is_on switch; then
        echo "the lab is down"
        return 0
    fi
    local host power daemon bridge via
    printf '%-6s %-13s %-6s %-8s %s\n' HOST ADDRESS POWER DAEMON NETWORK
    for host in $(known_hosts); do
        power=off daemon=-
        if is_on "$host"; then
            power=on daemon=stopped
            ! daemon_pid "$host" >/dev/null || daemon=runs
        fi
        bridge=$(cat "$LAB_DIR/$host/bridge" 2>/dev/null || echo $MAIN_BRIDGE)
        [ "$bridge" = $MAIN_BRIDGE ] && bridge=main || bridge="cut (${bridge#br-})"
        printf '%-6s %-13s %-6s %-8s %s\n' "$host" "$(host_address "$host")" "$power" "$daemon" "$bridge"
    done
    is_on registry && registry=$REGISTRY || registry=off
    printf '\nregistry: %s (demo/web:1, demo/web:2)\n' "$registry"
    if via=$(any_manager); then
        printf '\nnodes, as %s knows them:\n' "$via"
        ask "$via" node ls || true
    fi
}

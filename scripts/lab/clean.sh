# shellcheck shell=bash
# The end of the lab, and the search for what should not be left of one.

# Ends processes first: namespaces, mounts, cables and addresses go with the inits that hold them.
remove_everything() {
    local pid
    for pid in $(all_inits "${1:-}"); do end_init "$pid"; done
    ip link del $MACHINE_PORT 2>/dev/null || true
    remove_cgroups "$LAB_CGROUPS-*"
    rm -rf --one-file-system "$LAB_DIR"
}

lab_down() {
    local any=${1:-} owner
    # A lab of a clone that was deleted has nobody else to end it.
    owner=$(network_owner) || owner=
    [ -z "$owner" ] || [ -d "$owner" ] || any=--any
    if [ -n "$owner" ] && [ "$owner" != "$LAB_DIR" ] && [ "$any" != --any ]; then
        say "the lab of $owner is another one and stays; ./lab down --any ends it too"
        return 0
    fi
    remove_everything "$any"
    [ "$any" != --any ] || [ -z "$owner" ] || [ "$owner" = "$LAB_DIR" ] || rm -rf --one-file-system "$owner"
    say "all gone"
}

cgroup_dirs() {
    local root
    for root in /sys/fs/cgroup /sys/fs/cgroup/*; do
        [ -d "$root" ] && find "$root" -maxdepth 1 -type d -name "$1" 2>/dev/null
    done
    return 0
}

# Processes inside are dead already; the kernel may need a moment to know.
remove_cgroups() {
    local pattern=$1
    wait_for 10 cgroups_removed "$pattern" || die "control groups stay busy: $(cgroup_dirs "$pattern" | tr '\n' ' ')"
}

cgroups_removed() {
    local dir
    for dir in $(cgroup_dirs "$1"); do
        find "$dir" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
    [ -z "$(cgroup_dirs "$1")" ]
}

# Prints what exists of any lab on this machine, one thing a line; fails when there is something.
lab_leftovers() {
    local found
    found=$(
        all_inits --any | sed 's/^/process /'
        ip -br link show $MACHINE_PORT 2>/dev/null | sed 's/^/link /'
        cgroup_dirs "$LAB_CGROUPS-*" | sed 's/^/cgroup /'
        grep -F " $LAB_DIR/" /proc/self/mountinfo | sed 's/^/mount /' || true
        [ ! -d "$LAB_DIR" ] || echo "directory $LAB_DIR"
    )
    [ -n "$found" ] || return 0
    echo "$found"
    return 1
}

# shellcheck shell=bash
# Disks that fail on demand under the raft log of a host. They are mounts inside the host only, so a crash takes them
# along. The daemon must be stopped when its log moves.
#   loop: an ext4 image on a tmpfs. Once the tmpfs is full, writes through the page cache go well and the next sync fails;
#     what goes past it fails at once. But of a write of several pages of which the first still has a place, a loop device
#     says that it went well: blocks as long as pages keep at least the copy whole that the log has of each such write.
#   small: a tmpfs of its own. Once it is full, writes fail.

LOOP_TMPFS=96m
LOOP_IMAGE=256M

lab_disk() {
    need_on "${1:-}"
    local host=$1 what=${2:-} log=$LAB_DIR/$1/data/raft dir=$LAB_DIR/$1/disk
    case $what in
        loop | small) need_stopped "$host"; disk_mount "$host" "$what" "${3:-64}" ;;
        fill) in_host "$host" bash -c "$(declare -f disk_fill); disk_fill '$dir'" ;;
        free) in_host "$host" rm -f "$dir/filler" ;;
        back) need_stopped "$host"; disk_back "$host" ;;
        *) die "disk HOST loop|small [MiB]|fill|free|back" ;;
    esac
    say "$host: disk $what"
}

need_stopped() { ! daemon_pid "$1" >/dev/null || die "the daemon of $1 runs: ./lab kill $1"; }

disk_mount() {
    local host=$1 kind=$2 size=$3 dir=$LAB_DIR/$1/disk log=$LAB_DIR/$1/data/raft
    [ ! -e "$dir/fs" ] || die "$host has such a disk already: ./lab disk $host back"
    mkdir -p "$dir"
    in_host "$host" bash -ec '
        kind=$1 size=$2 dir=$3 log=$4 tmpfs=$5 image=$6
        if [ "$kind" = loop ]; then
            mount -t tmpfs -o size="$tmpfs" swlab-disk "$dir"
            truncate -s "$image" "$dir/img"
            mkfs.ext4 -q -F -b 4096 -O ^has_journal -m 0 "$dir/img"
            mkdir "$dir/fs"
            mount -o loop "$dir/img" "$dir/fs"
        else
            mount -t tmpfs -o size="${size}m" swlab-disk "$dir"
            mkdir "$dir/fs"
        fi
        cp -a "$log" "$dir/fs/raft"
        mount --bind "$dir/fs/raft" "$log"' disk-mount "$kind" "$size" "$dir" "$log" "$LOOP_TMPFS" "$LOOP_IMAGE"
}

# What is allocated but zero goes back to the tmpfs first: writing it again needs space that is not there. Nobody writes
# meanwhile: what is written between the look at a page and its removal would be lost although it was synced.
disk_fill() {
    sync -f "$1/fs"
    if [ -e "$1/img" ]; then
        fsfreeze -f "$1/fs"
        local dug=0
        fallocate --dig-holes "$1/img" || dug=$?
        fsfreeze -u "$1/fs"
        [ "$dug" -eq 0 ] || return "$dug"
    fi
    dd if=/dev/zero of="$1/filler" bs=1M 2>/dev/null
    dd if=/dev/zero of="$1/filler" bs=4k oflag=append conv=notrunc 2>/dev/null
    [ "$(df --output=avail "$1" | tail -n 1)" -eq 0 ]
}

# The log goes back to where it was, with all that was written meanwhile.
disk_back() {
    local host=$1 dir=$LAB_DIR/$1/disk log=$LAB_DIR/$1/data/raft
    in_host "$host" bash -ec '
        dir=$1 log=$2
        rm -f "$dir/filler"
        umount "$log"
        rm -rf "$log.back"
        cp -a "$dir/fs/raft" "$log.back"
        rm -rf "$log"
        mv "$log.back" "$log"
        ! mountpoint -q "$dir/fs" || umount "$dir/fs"
        umount "$dir"' disk-back "$dir" "$log"
}

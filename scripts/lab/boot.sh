#!/usr/bin/env bash
# First process of a part of the lab, already inside its new namespaces: gives the part its own /proc, /sys,
# /run and names, tells its pid, and becomes its init. Arguments: NAME DIR TITLE [CMD…]; without CMD it idles.
set -euo pipefail
name=$1 dir=$2 title=$3
shift 3

# /proc is still the machine's here, so this is the pid that the machine knows us by.
read -r outer_pid _ </proc/self/stat

hostname "$name"
resolv=$(cat /etc/resolv.conf 2>/dev/null || true)
resolv_path=$(readlink -f /etc/resolv.conf || true)

mount -t tmpfs -o mode=755,size=64m tmpfs /run
mkdir -p /run/lock /run/swarm /run/swlab-cgroup
chmod 700 /run/swarm
# A link of /etc/resolv.conf into the old /run must go on giving the same answer.
if [ -n "$resolv_path" ] && [ ! -e "$resolv_path" ]; then
    mkdir -p "$(dirname "$resolv_path")"
    printf '%s\n' "$resolv" >"$resolv_path"
fi

# A new sysfs shows the devices of this network namespace; the cgroup tree stays the machine's.
mount --rbind /sys/fs/cgroup /run/swlab-cgroup
mount -t sysfs sysfs /sys
mount --rbind /run/swlab-cgroup /sys/fs/cgroup
umount -l /run/swlab-cgroup
rmdir /run/swlab-cgroup

mount -t proc proc /proc
# A reboot is a new boot id: the kernel's own one does not change by a namespace ending.
cat /proc/sys/kernel/random/uuid >/run/boot_id
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
# Bridged frames inside a host are not for its packet filter; new network namespaces say otherwise.
for switch in /proc/sys/net/bridge/bridge-nf-call-*; do
    [ ! -e "$switch" ] || echo 0 >"$switch"
done

for file in hostname hosts; do
    [ -e "/etc/$file" ] || continue
    mount --bind "$dir/etc/$file" "/etc/$file"
done

echo "$outer_pid" >"$dir/init.pid.new"
mv "$dir/init.pid.new" "$dir/init.pid"
[ $# -gt 0 ] || set -- sleep infinity
exec -a "$title" tini -s -- "$@"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts/boot on one lane, as TAP: boot.sh LANE
#
# The slow lane does everything that is not common to both in one boot.

. "$(dirname "$0")/tap.sh"
lane=$1
work=$(mktemp -d -p "$CACHE/tmp")
trap 'rm -rf "$work"' EXIT

boot() { "$scripts/boot" "$lane" --timeout 300 "$@"; }
says() { boot -- sh -c "$2" | grep -qx "$1"; }
printk() { boot "${@:2}" -- sh -c "echo '$1' > /dev/kmsg"; }

writes_out() {
	boot --out "$work" -- sh -c "echo written > $work/file" && [ "$(cat "$work/file")" = written ]
}

sees_disk() {
	truncate -s 16M "$work/disk"
	mke2fs -q -F -t ext4 "$work/disk"
	boot --disk "$work/disk" -- sh -c \
		'mkdir /tmp/disk && mount $DISKS /tmp/disk && echo kept > /tmp/disk/f && umount /tmp/disk' &&
		[ "$(debugfs -R 'cat /f' "$work/disk" 2> /dev/null)" = kept ]
}

hides_tmp() {	# the host's temporary folders, but for the one the command runs in
	local here
	here=$(mktemp -d)
	echo here > "$here/file"
	(cd "$here" && boot -- sh -c '[ "$(cat file)" = here ] && [ "$(ls /tmp)" = '"${here##*/}"' ] &&
		touch /tmp/x /run/x /var/tmp/x /dev/shm/x && ! touch /etc/x 2> /dev/null')
	local status=$?
	rm -rf "$here"
	return $status
}

mounted='for m in /proc /sys /dev /dev/shm /dev/pts /tmp /run /var/tmp /sys/kernel/debug \
	/sys/fs/cgroup; do mountpoint -q $m || exit 1; done; [ ! -d /sys/kernel/tracing ] ||
	mountpoint -q /sys/kernel/tracing'
warning='WARNING: CPU: 0 PID: 1 at planted by a test'

lane_specific() {	# machine, mounts, --out, --disk and a status, in one boot
	truncate -s 16M "$work/disk"
	mke2fs -q -F -t ext4 "$work/disk"
	exits 7 boot --smp 4 --numa 2 --out "$work" --disk "$work/disk" -- sh -c "
		($mounted) && [ \$(nproc) = 4 ] && [ -d /sys/devices/system/node/node1/cpu2 ] &&
		mkdir /tmp/disk && mount \$DISKS /tmp/disk && echo kept > /tmp/disk/f &&
		umount /tmp/disk && echo written > $work/file && exit 7" &&
		[ "$(cat "$work/file")" = written ] &&
		[ "$(debugfs -R 'cat /f' "$work/disk" 2> /dev/null)" = kept ]
}

if [ "$lane" = uml ]; then
	ok "$lane: status 0" exits 0 boot -- true
	ok "$lane: status 7" exits 7 boot -- sh -c 'exit 7'
	ok "$lane: output of the command" says "lane $lane" 'echo lane $LANE'
	ok "$lane: mounts" exits 0 boot -- sh -c "$mounted"
	ok "$lane: --out" writes_out
	ok "$lane: --disk" sees_disk
	ok "$lane: /tmp" hides_tmp
	ok "$lane: a guest that dies" exits 125 boot -- sh -c 'echo o > /proc/sysrq-trigger; sleep 100'
	ok "$lane: a splat that is declared" exits 0 printk "$warning" --splat 'planted by'
	ok "$lane: a declared splat that does not come" exits 123 boot --splat 'planted by' -- true
else
	ok "$lane: CPUs, nodes, mounts, --out, --disk, status 7" lane_specific
	ok "$lane: a breakpoint that is not in memory" exits 122 boot -- sh -c '
		echo "Oops: int3: 0000" > /dev/kmsg; echo "Code: 66 0f <1f> 44" > /dev/kmsg
		echo c > /proc/sysrq-trigger'
fi
ok "$lane: a time limit" exits 124 boot --timeout 5 -- sleep 1000
ok "$lane: a splat" exits 123 printk "$warning"
plan

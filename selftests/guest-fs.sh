# SPDX-License-Identifier: GPL-2.0
# What the guests of selftests/run and of scripts/regress both do.

vmstat() {	# merge or break
	sed -n "s/^page_wp_$1 //p" /proc/vmstat
}

# Is what was on a device consistent?  Its type is $fs.
check_fs() {	# device
	case $fs in
	ext[24] | overlay) e2fsck -fn "$1" ;;
	xfs) xfs_repair -n "$1" ;;
	btrfs) btrfs check "$1" ;;
	f2fs) fsck.f2fs --dry-run "$1" ;;
	vfat) fsck.vfat -n "$1" ;;
	esac > /tmp/fsck 2>&1 && return
	sed 's/^/# /' /tmp/fsck
	return 1
}

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scripts/kbuild on one lane, as TAP: build.sh LANE

. "$(dirname "$0")/tap.sh"
lane=$1
build=$CACHE/build/$lane
case $lane in
uml) image=$build/linux ;;
qemu) image=$build/arch/x86/boot/bzImage ;;
esac

unknown_option() {
	local output
	output=$("$scripts/kbuild" "$lane" --set CONFIG_PAGE_WP_NO_SUCH_OPTION=y 2>&1) && return 1
	grep -q 'CONFIG_PAGE_WP_NO_SUCH_OPTION: asked for y, got n' <<< "$output"
}

rebuild() {
	local before
	before=$(stat -c %Y "$image")
	"$scripts/kbuild" "$lane" && [ "$(stat -c %Y "$image")" = "$before" ]
}

ok "$lane: the committed series builds" "$scripts/kbuild" "$lane"
ok "$lane: an option that does not stick is an error" unknown_option
ok "$lane: building again changes nothing" rebuild
plan

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# TAP for the stages in scripts/checks/ that are written in shell.

scripts=$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")
CACHE=$(realpath -m "${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/page-wp}")
export CACHE
mkdir -p "$CACHE/tmp"
tap_count=0

# ok DESCRIPTION COMMAND...: the command has to succeed
ok() {
	local description=$1 output status=0
	shift
	tap_count=$((tap_count + 1))
	output=$("$@" 2>&1) || status=$?
	if [ "$status" -eq 0 ]; then
		echo "ok $tap_count - $description"
	else
		echo "not ok $tap_count - $description"
		echo "# exit status $status of: $*"
		tail -n 60 <<< "$output" | sed 's/^/# /'
	fi
}

# skip DESCRIPTION REASON
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

plan() {
	echo "1..$tap_count"
}

# exits STATUS COMMAND...: the command has to exit with that status
exits() {
	local want=$1 got=0
	shift
	"$@" || got=$?
	[ "$got" -eq "$want" ] || { echo "exit status $got, not $want"; return 1; }
}

# refuses REGEX COMMAND...: the command has to fail and to say why in one line
refuses() {
	local regex=$1 output
	shift
	if output=$("$@" 2>&1 > /dev/null); then
		echo "$output"
		echo "succeeded"
		return 1
	fi
	echo "$output"
	[ "$(wc -l <<< "$output")" -eq 1 ] && grep -qE -- "$regex" <<< "$output"
}

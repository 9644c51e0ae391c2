#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Fixtures of scripts/splat, as TAP.  A fixture begins with its verdicts, one a
# line: "# pass" or "# fail", with the options that lead to it.

cd "$(dirname "$0")" || exit 1
total=0
while IFS=: read -r log verdict; do
	total=$((total + 1))
	verdict=${verdict#\# }
	# The options are quoted as for a shell.
	eval "options=(${verdict:4})"
	if output=$(../splat "${options[@]}" "$log" 2>&1); then got=pass; else got=fail; fi
	if [ "$got" = "${verdict:0:4}" ]; then
		echo "ok $total - $log: $verdict"
	else
		echo "not ok $total - $log: $verdict, got $got"
		sed 's/^/# /' <<< "$output"
	fi
done < <(grep -E '^# (pass|fail)( |$)' splat/*.log)
echo "1..$total"

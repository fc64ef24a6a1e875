# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Cgroups of a test. Sourced after lib.sh.

# remove_cgroup DIR: whoever is in it, frozen or not, goes one up.
remove_cgroup() {
	local i pid
	for ((i = 0; i < 100; i++)); do
		rmdir "$1" 2>/dev/null && return
		[ ! -e "$1/cgroup.freeze" ] || echo 0 >"$1/cgroup.freeze"
		while read -r pid; do
			echo "$pid" >"${1%/*}/cgroup.procs"
		done <"$1/cgroup.procs"
		sleep 0.05
	done
}

# make_cgroup DIR...: new ones, removed at the end.
make_cgroup() {
	local dir
	for dir in "$@"; do
		mkdir "$dir" || fail "no cgroup $dir"
		defer remove_cgroup "$dir"
	done
}

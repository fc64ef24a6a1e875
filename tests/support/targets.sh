# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Starts targets of every kind. Each start_* sets TARGET, the host's PID of the process that a test
# is to look at, and arranges for its end. Sourced by lib.sh.

# make_root DIR: a root that holds a static program, the container program unless PROGRAM is another, as
# /bin/app and nothing else.
make_root() {
	mkdir -p "$1"/{bin,proc,sys,dev,tmp,etc,run,usr}
	cp "${PROGRAM:-$FIXTURES/container}" "$1/bin/app"
}

# add_busybox DIR: and a static busybox, with no link to it: there is no shell by name.
add_busybox() {
	need_tool busybox
	cp "$(command -v busybox)" "$1/bin/busybox"
}

# The only child of process $1, once it is there.
has_child() {
	CHILD=$(pgrep -P "$1" | head -n 1)
	[ -n "$CHILD" ]
}

await_child() {
	retry 10 has_child "$1" || fail "process $1 never had a child"
}

# await_command PID [NAME]: CHILD is the command of nspeek PID, once it has become the program NAME
# (app). Its parent is the stub, a child of nspeek.
has_command() {
	CHILD=$(pgrep -P "$1" | while read -r stub; do pgrep -P "$stub" -x "${2:-app}"; done | head -n 1)
	[ -n "$CHILD" ]
}

await_command() {
	retry 10 has_command "$@" || fail "the command of nspeek $1 never ran"
}

# runs_program PID NAME: PID has become the program NAME.
runs_program() {
	[ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ]
}

await_program() {
	retry 10 runs_program "$1" "$2" ||
		fail "process $1 never became $2: $(cat "/proc/$1/comm" 2>&1)"
}

# start_demo [VERB ARG...]: the project's own container of all namespace types.
start_demo() {
	need_root
	start demo "$FIXTURES/container" run-demo "$@"
	# A kernel, or a container around us, that allows no such namespaces.
	retry 10 contains_line "$WORK/demo.out" '^(PID|READY)' || skip "$(cat "$WORK/demo.err")"
	await_line "$WORK/demo.out" '^PID '
	TARGET=$(awk '/^PID/ { print $2 }' "$WORK/demo.out")
	await_program "$TARGET" app
	[ $# -gt 0 ] || await_line "$WORK/demo.out" '^READY'
}

# start_unshare OPTION... -- COMMAND...: below unshare(1), which must have been told to fork; the
# container program says READY in the end.
start_unshare() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	start unshare unshare "${options[@]}" --kill-child "$@"
	await_line "$WORK/unshare.out" '^READY'
	await_child "$STARTED"
	TARGET=$CHILD
	# A change of ids makes it outlive unshare(1).
	defer kill -KILL "$TARGET"
}

# write_bundle DIR COMMAND...: an OCI bundle whose root is read-only and holds one static program.
# BUNDLE_FILTER, for jq, changes its configuration.
write_bundle() {
	local dir=$1 args
	shift
	make_root "$dir/rootfs"
	args=$(printf '%s\n' "$@" | jq -R . | jq -s .)
	(cd "$dir" && runc spec) || fail "runc spec"
	jq --argjson args "$args" '.process.args = $args | .process.terminal = false
		| .root.readonly = true | .hostname = "boxed"
		| .process.env = ["PATH=/bin", "WHERE=container"]
		| .mounts |= map(select(.destination == "/proc" or .destination == "/dev"))
		| del(.process.rlimits) | del(.linux.resources)
		| '"${BUNDLE_FILTER:-.}" "$dir/config.json" >"$dir/config.new" &&
		mv "$dir/config.new" "$dir/config.json" || fail "writing the bundle"
}

# start_runc COMMAND...
start_runc() {
	need_root
	need_tool runc jq
	local id="nspeek-test-$$"
	write_bundle "$WORK/bundle" "$@"
	defer runc --root "$WORK/runc" delete -f "$id"
	runc --root "$WORK/runc" run -d -b "$WORK/bundle" "$id" </dev/null >"$WORK/runc.out" \
		2>"$WORK/runc.err" || skip "a runc container: $(tail -n 1 "$WORK/runc.err")"
	TARGET=$(runc --root "$WORK/runc" state "$id" | jq .pid)
	await_program "$TARGET" app
}

# crun wants a pure cgroup v2 tree: it gets one in a mount namespace of its own.
in_pure_v2() {
	if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
		"$@"
		return
	fi
	# shellcheck disable=SC2016
	unshare -m --propagation private sh -c \
		'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh "$@"
}

# start_crun COMMAND...
start_crun() {
	need_root
	need_tool crun runc jq
	local id="nspeek-test-$$"
	write_bundle "$WORK/bundle" "$@"
	defer in_pure_v2 crun --root "$WORK/crun" delete -f "$id"
	in_pure_v2 crun --root "$WORK/crun" run -d -b "$WORK/bundle" "$id" </dev/null \
		>"$WORK/crun.out" 2>"$WORK/crun.err" ||
		skip "a crun container: $(tail -n 1 "$WORK/crun.err")"
	TARGET=$(in_pure_v2 crun --root "$WORK/crun" state "$id" | jq .pid)
	await_program "$TARGET" app
}

# start_bwrap [as USER] COMMAND...: bubblewrap with everything unshared, in a root of one program.
start_bwrap() {
	need_tool bwrap jq
	local as=()
	if [ "$1" = as ]; then
		as=("${AS_USER[@]}")
		shift 2
	fi
	local info
	make_root "$WORK/bwrap-root"
	info=$(mktemp "$WORK/info.XXXXXX") && chmod 666 "$info"
	# shellcheck disable=SC2016
	start bwrap "${as[@]}" bash -c 'exec 9>"$0"; exec "$@"' "$info" \
		bwrap --unshare-all --unshare-user --hostname wrapped --as-pid-1 --die-with-parent \
		--info-fd 9 --clearenv --setenv PATH /bin --ro-bind "$WORK/bwrap-root" / \
		--proc /proc --dev /dev "$@"
	retry 10 test -s "$info" || skip "bubblewrap: $(cat "$WORK/bwrap.err")"
	TARGET=$(jq '.["child-pid"]' "$info")
	defer kill -KILL "$TARGET"
	await_program "$TARGET" app
}

# remove_user NAME: and all that still runs as it, which may take its reaper a moment.
remove_user() {
	local i
	pkill -KILL -u "$1"
	for ((i = 0; i < 40; i++)); do
		! userdel -r "$1" || return 0
		sleep 0.1
	done
}

# make_user: an ordinary user. TEST_USER is its name; AS_USER the words that run a command as it.
make_user() {
	need_root
	need_tool useradd userdel setpriv pkill
	TEST_USER="nspeek-t$$"
	defer remove_user "$TEST_USER"
	useradd -m -s /bin/sh "$TEST_USER" || fail "useradd"
	TEST_UID=$(id -u "$TEST_USER")
	TEST_GID=$(id -g "$TEST_USER")
	AS_USER=(setpriv --reuid "$TEST_UID" --regid "$TEST_GID" --clear-groups
		env -u XDG_RUNTIME_DIR "HOME=/home/$TEST_USER")
}

# need_user_namespaces: that an ordinary user may make one (after make_user).
need_user_namespaces() {
	need_that "user namespaces for ordinary users" "${AS_USER[@]}" unshare -Ur true
}

# expect_same_view PID [TYPE...]: the last run was the verb `ns`, and it was in PID's namespaces of
# all, or of the given, types.
expect_same_view() {
	local pid=$1 type inode types
	shift
	types=("$@")
	[ $# -gt 0 ] || types=(cgroup ipc mnt net pid time user uts)
	for type in "${types[@]}"; do
		inode=$(stat -Lc %i "/proc/$pid/ns/$type") || fail "no namespace $type of $pid"
		assert_contains "$OUT"$'\n' "$type $inode"$'\n'
	done
}

# expect_our_view TYPE...: and in ours of these types.
expect_our_view() {
	expect_same_view self "$@"
}

# state_of PID: the letter.
state_of() {
	awk '/^State:/ { print $2 }' "/proc/$1/status" 2>/dev/null
}

has_state() {
	[ "$(state_of "$1")" = "$2" ]
}

await_state() {
	retry 10 has_state "$1" "$2" || fail "process $1 is in state $(state_of "$1"), not $2"
}

dead_pid() {
	true &
	DEAD_PID=$!
	wait "$DEAD_PID"
}

# A kernel thread's PID, or nothing where none can be seen (inside a PID namespace).
kernel_thread() {
	local stat line flags
	for stat in /proc/[0-9]*/stat; do
		# Processes come and go: one that is gone is none of the kernel's.
		{ read -r line <"$stat"; } 2>/dev/null || continue
		read -r _ _ _ _ _ _ flags _ <<<"${line##*) }"
		if ((flags & 0x200000)); then
			printf '%s\n' "${line%% *}"
			return
		fi
	done
}

# check_inside APP [TYPE...]: what holds for every target: a command in TARGET, where the container
# program is APP, is in TARGET's namespaces (TYPE...: is only in these, in ours for all others),
# sees the processes that it sees, and its status comes out.
check_inside() {
	local app=$1 pid_one
	shift
	target_before "$TARGET"
	expect_status 0 "$NSPEEK" "$TARGET" -- "$app" ns
	assert_eq "$ERR" "" "stderr"
	expect_same_view "$TARGET"
	if [ "$(readlink "/proc/$TARGET/ns/pid")" != "$(readlink /proc/self/ns/pid)" ]; then
		pid_one=$(processes_beside "$TARGET" | wc -l)
		expect_status 0 "$NSPEEK" --all "$TARGET" -- "$app" ps
		assert_matches "$OUT" "^1 "
		# PID 1, what it has beside it, the stub and the command: nothing of the host.
		assert_eq "$(printf '%s\n' "$OUT" | wc -l)" $((pid_one + 2)) "processes seen inside"
	fi
	expect_status 3 "$NSPEEK" "$TARGET" "$app" exit 3
	expect_status 127 "$NSPEEK" "$TARGET" -- /does/not/exist
	assert_one_error "/does/not/exist"
	target_after "$TARGET"
}

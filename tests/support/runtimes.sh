# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016
# Boxes: containers that real runtimes make of a root that the test builds. Nothing is pulled from
# anywhere, and nothing that the machine has of these runtimes is used or changed. Sourced after
# lib.sh.
#
# Theory of operation. A test that starts boxes opens a lab first: a mount namespace in which the
# places where runtimes keep state are empty (LAB_HIDES), and a cgroup. Daemons, shims and boxes all
# live there: what they mount is in nobody else's view, and the cgroup knows each of their processes,
# whoever its parent has become. Ending the lab is killing what is in the cgroup. The test does that
# when it ends or gets a signal; when it is killed, the janitor does, a process outside of the test's
# tree and session that waits for its end.

# The runtimes: NAME and the programs that it needs. tests/system/CMakeLists.txt reads the names from
# here. Each row has two functions:
#  start_box_NAME BOX ROOT COMMAND...  starts a container whose PID 1 is COMMAND, with BOX_ENV in its
#                                      environment, BOX as its host name and without a network; sets
#                                      TARGET; calls no_box when the machine cannot do it
#  stop_box_NAME BOX                   ends it and removes it
runtimes=(
	"bwrap bwrap jq"
	"containerd containerd ctr runc"
	"crun crun jq"
	"docker dockerd docker containerd runc"
	"lxc lxc-start lxc-info lxc-stop"
	"nspawn systemd-nspawn"
	"podman podman conmon runc"
	"podman_rootless podman conmon runc newuidmap newgidmap"
	"runc runc jq"
	"unshare unshare chroot"
)

BOX_ENV="WHERE=two words"
# RUNC_ROOT, CRUN_ROOT, CONTAINERD_STATE: where these keep state, in the lab; default: below $WORK.
LAB_HIDES=(/run /var/lib /opt /dev/shm /etc/docker /etc/cni)

# cgroup_mounts CONDITION: where those cgroup trees are mounted for which awk finds it true.
cgroup_mounts() {
	awk "$1"' { print $2 }' /proc/self/mounts
}

# lab_open: LAB_RUN are the words that run a command in the lab LAB.
lab_open() {
	local root
	need_root
	need_tool unshare nsenter setsid tail
	LAB=$(basename "$WORK")
	start_janitor
	defer lab_end "$LAB"
	# Trees without controllers, which every machine has: there no limit is touched.
	LAB_CGROUPS=()
	for root in $(cgroup_mounts '$3 == "cgroup2" || $4 ~ /name=systemd/'); do
		mkdir -p "$root/$LAB"/{tools,nspeek} && LAB_CGROUPS+=("$root/$LAB")
	done 2>"$WORK/cgroup.err"
	[ ${#LAB_CGROUPS[@]} -gt 0 ] ||
		skip "a cgroup tree that can be written:" \
			"$(grep -m 1 . "$WORK/cgroup.err" || echo "none is mounted")"
	local join='while [ "$1" != -- ]; do
			echo $$ >"$1/tools/cgroup.procs" || exit 125
			shift
		done
		shift'
	start lab sh -c "$join; "'exec unshare --mount --propagation private sh -c "$@"' sh \
		"${LAB_CGROUPS[@]}" -- '
		for dir in "$@"; do
			[ ! -d "$dir" ] ||
				mount -t tmpfs -o "mode=$(stat -c %a "$dir")" lab "$dir" || exit 1
		done
		echo READY
		exec sleep infinity' sh "${LAB_HIDES[@]}"
	retry 10 contains_line "$WORK/lab.out" '^READY' ||
		skip "a mount namespace with mounts of its own: $(tail -n 1 "$WORK/lab.err")"
	LAB_RUN=(sh -c "$join; "'exec nsenter "$@"' sh "${LAB_CGROUPS[@]}" --
		--mount="/proc/$STARTED/ns/mnt" --)
	count_nspeek
}

# count_nspeek: NSPEEK becomes a script that runs it in a cgroup of the lab: what nspeek leaves
# behind is found there, whatever it is called and whoever its parent is.
count_nspeek() {
	cat >"$WORK/counted" <<-EOT
		#!/bin/sh
		echo \$\$ >"${LAB_CGROUPS[0]}/nspeek/cgroup.procs" || exit 125
		exec "$NSPEEK" "\$@"
	EOT
	chmod 755 "$WORK/counted"
	NSPEEK=$WORK/counted
}

# lab_cgroups LAB: its cgroups in all trees. Some runtimes make theirs below the one in which the
# machine's PID 1 is.
lab_cgroups() {
	local roots
	mapfile -t roots < <(cgroup_mounts '$3 ~ /^cgroup2?$/')
	find "${roots[@]}" -type d -name "$1" -prune | sort -u
}

# lab_is_empty LAB: nothing runs in its cgroups; what does is killed, for a later look.
lab_is_empty() {
	local cgroup pids=()
	for cgroup in $(lab_cgroups "$1"); do
		mapfile -t -O ${#pids[@]} pids \
			< <(find "$cgroup" -name cgroup.procs -exec cat {} + | grep -vx 0)
	done
	[ ${#pids[@]} = 0 ] || ! kill -KILL "${pids[@]}"
}

lab_has_no_cgroup() {
	local cgroup
	for cgroup in $(lab_cgroups "$1"); do
		find "$cgroup" -depth -type d -exec rmdir {} \;
	done
	[ -z "$(lab_cgroups "$1")" ]
}

# lab_end LAB: kills all that runs in it and removes its cgroups. Its mounts end with its processes.
lab_end() {
	retry 10 lab_is_empty "$1"
	retry 10 lab_has_no_cgroup "$1"
}

# janitor PID WORK USER: waits for the end of the test PID. When WORK is still there then, the test
# could not clean up.
janitor() {
	tail -s 0.2 --pid="$1" -f /dev/null
	[ -d "$2" ] || return 0
	lab_end "$(basename "$2")"
	! id -u "$3" || remove_user "$3"
	rm -rf --one-file-system "$2"
}

start_janitor() (
	export -f janitor lab_end lab_is_empty lab_has_no_cgroup lab_cgroups cgroup_mounts retry \
		remove_user
	# The user is the one that make_user makes.
	exec setsid --fork bash -c 'janitor "$@"' janitor $$ "$WORK" "nspeek-t$$" </dev/null \
		>/dev/null 2>&1
)

# no_box BOX: the test cannot run here, for what the runtime said.
no_box() {
	local why
	why=$(tr -d '\0' <"$WORK/$1.err" | grep -iE 'error|fail|denied|permitted|cannot' | tail -n 1)
	[ -n "$why" ] || why=$(tail -n 1 "$WORK/$1.err")
	skip "a container of $RUNTIME: $why"
}

# box_root BOX: ROOT is a new root for it: the container program as /bin/app, a static busybox and
# the names of it that tests use, and a user.
box_root() {
	local applet
	ROOT=$WORK/roots/$1
	make_root "$ROOT"
	add_busybox "$ROOT"
	for applet in cat echo env hostname readlink sh sleep stat stty tty; do
		ln -s busybox "$ROOT/bin/$applet"
	done
	mkdir "$ROOT/root"
	printf 'root:x:0:0:root:/root:/bin/sh\n' >"$ROOT/etc/passwd"
	printf 'root:x:0:\n' >"$ROOT/etc/group"
	printf 'the root of %s\n' "$1" >"$ROOT/etc/box"
}

# add_dynamic ROOT FILE NAME: puts a program in as /bin/NAME, with its loader and its libraries where
# the host has them.
add_dynamic() {
	local library
	cp "$2" "$1/bin/$3"
	ldd "$2" | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$1$(dirname "$library")"
		cp -L "$library" "$1$library"
	done
}

# start_box RUNTIME BOX PROGRAM COMMAND...: a container in ROOT (see box_root) whose PID 1 is COMMAND,
# which becomes PROGRAM. TARGET is its PID. A second box is started after the first one was stopped.
start_box() {
	local row box=$2
	RUNTIME=$1
	BOX_PROGRAM=$3
	shift 3
	for row in "${runtimes[@]}" ""; do
		[ "${row%% *}" != "$RUNTIME" ] || break
	done
	[ -n "$row" ] || fail "no row for the runtime $RUNTIME"
	# shellcheck disable=SC2086
	need_tool ${row#* }
	defer "stop_box_$RUNTIME" "$box"
	"start_box_$RUNTIME" "$box" "$ROOT" "$@"
	[[ $TARGET =~ ^[1-9][0-9]*$ ]] || no_box "$box"
	await_program "$TARGET" "$BOX_PROGRAM"
}

# stop_box BOX: the box and its processes are gone.
stop_box() {
	"stop_box_$RUNTIME" "$1" >"$WORK/$1.stop" 2>&1
	retry 5 is_dead "$TARGET" || fail "the box $1 lives on: $(tail -n 1 "$WORK/$1.stop")"
}

# Reaped or not yet, which is up to its parent.
is_dead() {
	[ ! -e "/proc/$1" ] || has_state "$1" Z
}

# box_command BOX COMMAND...: runs one of a runtime's commands; no_box when it fails.
box_command() {
	local box=$1
	shift
	timeout -k 2 60 "${LAB_RUN[@]}" "$@" </dev/null >"$WORK/$box.out" 2>"$WORK/$box.err" ||
		no_box "$box"
}

# start_box_below BOX COMMAND...: starts a runtime that stays the parent of the box.
start_box_below() {
	local box=$1
	shift
	start "$box" "${LAB_RUN[@]}" "$@"
	retry 10 box_is_below "$STARTED" || no_box "$box"
}

box_is_below() {
	TARGET=$(pgrep -P "$1" -x "$BOX_PROGRAM") || ! kill -0 "$1"
}

kill_box() {
	kill -KILL "$TARGET"
}

start_box_unshare() {
	local box=$1 root=$2
	shift 2
	start_box_below "$box" unshare --mount --uts --ipc --net --pid --cgroup --fork --kill-child \
		sh -ec 'chroot=$(command -v chroot) env=$1
			hostname "$2"
			cd "$3"
			shift 3
			mount -t proc proc proc
			mount -t sysfs -o ro sys sys
			mount -t tmpfs -o mode=755 dev dev
			mknod -m 666 dev/null c 1 3
			mknod -m 666 dev/tty c 5 0
			mkdir dev/pts
			mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
			ln -s pts/ptmx dev/ptmx
			exec env -i PATH=/bin "$env" "$chroot" . "$@"' sh "$BOX_ENV" "$box" "$root" "$@"
}

stop_box_unshare() {
	kill_box
}

start_box_bwrap() {
	local box=$1 root=$2
	shift 2
	start_box_below "$box" bwrap --unshare-all --unshare-user --hostname "$box" --as-pid-1 \
		--die-with-parent --clearenv --setenv PATH /bin --setenv "${BOX_ENV%%=*}" "${BOX_ENV#*=}" \
		--bind "$root" / --proc /proc --dev /dev "$@"
}

stop_box_bwrap() {
	kill_box
}

start_box_nspawn() {
	local box=$1 root=$2
	shift 2
	start_box_below "$box" systemd-nspawn --quiet --directory="$root" --machine="$LAB-$box" \
		--hostname="$box" --register=no --keep-unit --private-network --resolv-conf=off \
		--timezone=off --link-journal=no --console=pipe --setenv="$BOX_ENV" "$@"
}

stop_box_nspawn() {
	kill_box
}

# write_box_bundle BOX ROOT RUNTIME COMMAND...: an OCI bundle with the runtime's own defaults, but for
# limits, which a root without CAP_SYS_RESOURCE may not set (crun needs it for the rules on devices).
write_box_bundle() {
	local box=$1 root=$2 runtime=$3 dir=$WORK/bundles/$1
	shift 3
	mkdir -p "$dir"
	(cd "$dir" && "$runtime" spec) || fail "$runtime spec"
	mv "$dir/config.json" "$dir/spec.json"
	jq --arg runtime "$runtime" --arg box "$box" --arg root "$root" --arg cgroup "/$LAB/$box" \
		--arg env "$BOX_ENV" '.process.args = $ARGS.positional | .process.terminal = false
		| .process.env += [$env] | .root = {path: $root} | .hostname = $box
		| .linux.cgroupsPath = $cgroup | del(.process.rlimits)
		| if $runtime == "crun" then del(.linux.resources) else . end' \
		--args -- "$@" <"$dir/spec.json" >"$dir/config.json" || fail "writing the bundle"
}

start_box_runc() {
	write_box_bundle "$1" "$2" runc "${@:3}"
	box_command "$1" runc --root "${RUNC_ROOT:-$WORK/runc}" run --detach --bundle "$WORK/bundles/$1" \
		--pid-file "$WORK/$1.pid" "$1"
	TARGET=$(cat "$WORK/$1.pid")
}

stop_box_runc() {
	"${LAB_RUN[@]}" runc --root "${RUNC_ROOT:-$WORK/runc}" delete --force "$1"
}

# crun takes a pure cgroup v2 tree, or pure v1, but not both: in the lab it gets v2.
start_box_crun() {
	[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] || [ -e "$WORK/crun" ] ||
		box_command "$1" sh -c \
			'umount --recursive /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup'
	write_box_bundle "$1" "$2" crun "${@:3}"
	box_command "$1" crun --root "${CRUN_ROOT:-$WORK/crun}" run --detach --bundle "$WORK/bundles/$1" \
		--pid-file "$WORK/$1.pid" "$1"
	TARGET=$(cat "$WORK/$1.pid")
}

stop_box_crun() {
	"${LAB_RUN[@]}" crun --root "${CRUN_ROOT:-$WORK/crun}" delete --force "$1"
}

start_box_lxc() {
	local box=$1
	mkdir -p "$WORK/lxc"
	cat >"$WORK/$box.lxc" <<-EOT
		lxc.rootfs.path = dir:$2
		lxc.uts.name = $box
		lxc.net.0.type = empty
		lxc.pty.max = 1024
		lxc.mount.auto = proc:mixed sys:ro
		lxc.cgroup.dir = $LAB
		lxc.environment = $BOX_ENV
	EOT
	shift 2
	box_command "$box" lxc-start --lxcpath="$WORK/lxc" --name="$box" --rcfile="$WORK/$box.lxc" \
		-- "$@"
	TARGET=$("${LAB_RUN[@]}" lxc-info --lxcpath="$WORK/lxc" --name="$box" --pid --no-humanize)
}

stop_box_lxc() {
	"${LAB_RUN[@]}" lxc-stop --lxcpath="$WORK/lxc" --name="$1" --kill
}

# start_daemon NAME CHECK... -- COMMAND...: once; it is up when CHECK succeeds in the lab.
start_daemon() {
	local name=$1 check=()
	shift
	[ ! -e "$WORK/$name.out" ] || return 0
	while [ "$1" != -- ]; do
		check+=("$1")
		shift
	done
	shift
	start "$name" "${LAB_RUN[@]}" "$@"
	retry 20 "${LAB_RUN[@]}" "${check[@]}" >"$WORK/$name.check" 2>&1 || no_box "$name"
}

# docker_words: DOCKER are the words that talk to the test's own daemon.
docker_words() {
	DOCKER=(docker --config "$WORK/docker" --host "unix://$WORK/docker/socket")
}

start_box_docker() {
	local box=$1 root=$2 dir=$WORK/docker
	shift 2
	docker_words
	mkdir -p "$dir"
	printf '{}\n' >"$dir/daemon.json"
	start_daemon dockerd "${DOCKER[@]}" version -- dockerd --config-file "$dir/daemon.json" \
		--data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" \
		--host "unix://$dir/socket" --storage-driver vfs --cgroup-parent "/$LAB" --bridge=none \
		--iptables=false --ip6tables=false --ip-forward=false --ip-masq=false
	tar -C "$root" -c . >"$WORK/$box.tar"
	box_command "$box" "${DOCKER[@]}" import "$WORK/$box.tar" "$box"
	box_command "$box" "${DOCKER[@]}" run --detach --network none --name "$box" --hostname "$box" \
		--env "$BOX_ENV" "$box" "$@"
	TARGET=$("${LAB_RUN[@]}" "${DOCKER[@]}" inspect --format '{{.State.Pid}}' "$box")
}

stop_box_docker() {
	docker_words
	"${LAB_RUN[@]}" "${DOCKER[@]}" rm --force "$1"
}

start_box_containerd() {
	local box=$1 root=$2 dir=$WORK/containerd
	shift 2
	mkdir -p "$dir"
	printf 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' >"$dir/config.toml"
	start_daemon containerd ctr --address "$dir/socket" version -- containerd \
		--config "$dir/config.toml" --root "$dir/root" --state "${CONTAINERD_STATE:-$dir/state}" \
		--address "$dir/socket"
	box_command "$box" ctr --address "$dir/socket" run --detach --null-io --rootfs \
		--cgroup "/$LAB/$box" --env "$BOX_ENV" --pid-file "$WORK/$box.pid" "$root" "$box" "$@"
	TARGET=$(cat "$WORK/$box.pid")
	# ctr knows no option for that.
	nsenter --target "$TARGET" --uts hostname "$box"
}

stop_box_containerd() {
	local ctr=(ctr --address "$WORK/containerd/socket")
	"${LAB_RUN[@]}" "${ctr[@]}" task delete --force "$1"
	"${LAB_RUN[@]}" "${ctr[@]}" container delete "$1"
}

# podman_words DIR [WORD...]: PODMAN are the words that run podman, with all of its state below DIR;
# WORDs run it as somebody else.
podman_words() {
	local dir=$1
	shift
	mkdir -p "$dir"/{run,tmp}
	chmod 700 "$dir/run"
	cat >"$dir/containers.conf" <<-EOT
		[containers]
		log_driver = "k8s-file"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		lock_type = "file"
		runtime = "runc"
		static_dir = "$dir/static"
		tmp_dir = "$dir/tmp/libpod"
		volume_path = "$dir/volumes"
	EOT
	PODMAN=("$@" env "CONTAINERS_CONF=$dir/containers.conf" "XDG_RUNTIME_DIR=$dir/run"
		"TMPDIR=$dir/tmp" podman --root "$dir/storage" --runroot "$dir/run/storage"
		--storage-driver vfs)
}

# start_box_of_podman BOX ROOT OPTION... -- COMMAND...: by the podman that podman_words chose.
start_box_of_podman() {
	local box=$1 root=$2 options=()
	shift 2
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	tar -C "$root" -c . >"$WORK/$box.tar"
	box_command "$box" "${PODMAN[@]}" import "$WORK/$box.tar" "$box"
	box_command "$box" "${PODMAN[@]}" run --detach --network none --name "$box" --hostname "$box" \
		--env "$BOX_ENV" "${options[@]}" "$box" "$@"
	TARGET=$("${LAB_RUN[@]}" "${PODMAN[@]}" inspect --format '{{.State.Pid}}' "$box")
}

start_box_podman() {
	podman_words "$WORK/podman"
	# Its default limits are above what a root without CAP_SYS_RESOURCE may set.
	start_box_of_podman "$1" "$2" --cgroup-parent "/$LAB" --ulimit nofile=1024:1024 \
		--ulimit nproc=1000:1000 -- "${@:3}"
}

stop_box_podman() {
	"${LAB_RUN[@]}" "${PODMAN[@]}" rm --force --time 0 "$1"
}

start_box_podman_rootless() {
	if [ -z "${TEST_USER:-}" ]; then
		make_user
		need_user_namespaces
		need_that "subordinate ids for a new user" grep "^$TEST_USER:" /etc/subuid
		podman_words "/home/$TEST_USER/podman" "${AS_USER[@]}"
		chown -R "$TEST_USER:" "/home/$TEST_USER"
	fi
	start_box_of_podman "$1" "$2" --ulimit host -- "${@:3}"
}

stop_box_podman_rootless() {
	stop_box_podman "$1"
}

# What a command inside may not change: all that facts_of looks at, and the box's processes, their
# states and those of the host that share a namespace with it, its sockets, its files and its limits.
box_facts() {
	local pid=$1 type
	facts_of "$pid"
	printf 'namespaces: %s\n' "$(find "/proc/$pid/ns" -type l -printf '%f %l\n' | sort)"
	for type in cgroup ipc mnt net pid time user uts; do
		[ "$(readlink "/proc/$pid/ns/$type")" = "$(readlink "/proc/self/ns/$type")" ] ||
			printf 'in its %s namespace: %s\n' "$type" "$(processes_sharing "$pid" "$type")"
	done
	[ "$(readlink "/proc/$pid/ns/net")" = "$(readlink /proc/self/ns/net)" ] ||
		printf 'sockets: %s\n' \
			"$(sort "/proc/$pid"/net/{unix,tcp,tcp6,udp,udp6,raw,raw6,netlink})"
	printf 'files: %s\n' "$(box_files "$pid")"
	printf 'settings: %s\n' "$(cat "/proc/$pid"/{cgroup,limits,oom_score_adj,timerslack_ns,environ} |
		tr '\0' '\n')"
}

# processes_sharing PID TYPE: those in PID's namespace of that type: number, name and state. Zombies
# count in a PID namespace: there they are a matter of the box.
processes_sharing() {
	local namespace
	namespace=$(readlink "/proc/$1/ns/$2")
	find /proc/[0-9]*/ns/"$2" -maxdepth 0 -lname "${namespace//[/\\[}" 2>/dev/null |
		sed 's|/ns/.*|/stat|' | xargs sed -E 's/^([0-9]+ \(.*\) .) .*/\1/' 2>/dev/null |
		if [ "$2" = pid ]; then sort; else grep -v ' Z$' | sort; fi
}

# box_files PID: each file of its root but those of /proc and /sys: kind, mode, owner, inode, name and,
# but for devices, size, times and where a link leads.
box_files() {
	find "/proc/$1/root/" \( -path "/proc/$1/root/proc/*" -o -path "/proc/$1/root/sys/*" \) -prune \
		-o -printf '%y %m %U:%G %i %P\t%s %T@ %C@ %l\n' | sed -E 's/^([bc] [^\t]*)\t.*/\1/' | sort
}

# box_before PID, box_after PID: around what a test does to a box. After it, what box_facts looks at
# is what it was, nothing that nspeek started lives, and no zombie is left.
box_before() {
	box_facts "$1" >"$WORK/box.after" 2>&1
	# Runtimes may still be about something, of this box or of one before.
	retry 10 box_is_quiet "$1" || fail "the box does not come to rest"
}

box_is_quiet() {
	mv "$WORK/box.after" "$WORK/box.before"
	sleep 0.1
	box_is_as_before "$1"
}

box_is_as_before() {
	box_facts "$1" >"$WORK/box.after" 2>&1
	cmp -s "$WORK/box.before" "$WORK/box.after"
}

box_after() {
	kill -0 "$1" || fail "the box's PID 1 is dead"
	retry 3 box_is_as_before "$1" ||
		fail "the box is not as before:"$'\n'"$(diff "$WORK/box.before" "$WORK/box.after")"
	retry 3 nspeek_left_nothing || fail "nspeek left: $(nspeek_leaves)"
	retry 3 no_nspeek_left || fail "nspeek is left: $(nspeek_processes)"
}

nspeek_left_nothing() {
	[ -z "$(cat "${LAB_CGROUPS[0]}/nspeek/cgroup.procs")" ]
}

# nspeek_leaves: what still runs that nspeek started, one line each.
nspeek_leaves() {
	local pid
	while read -r pid; do
		printf '%s %s\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline")"
	done <"${LAB_CGROUPS[0]}/nspeek/cgroup.procs"
}

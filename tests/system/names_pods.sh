#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Pods, laid out as Kubernetes' plugin for containerd does: the annotations, the cgroups, one shim for
# a pod, a sandbox whose PID namespace the containers share.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/runtimes.sh"
need_tool jq runc containerd ctr

lab_open
LAB_PID=$STARTED
CONTAINERD_STATE=/run/containerd
box_root box

in_lab() {
	local status=$1
	shift
	expect_status "$status" nsenter --mount="/proc/$LAB_PID/ns/mnt" -- "$WORK/nspeek" "$@"
}

id_of() {
	printf '%s' "$1" | sha256sum | cut -d ' ' -f 1
}

# start_container POD NAME FILTER ARG...: of the pod in the namespace default; NAME is POD for the
# sandbox. CONTAINER is its PID.
start_container() {
	local pod=$1 name=$2 filter=$3 id
	shift 3
	id=$(id_of "$pod/$name")
	write_box_bundle "$pod-$name" "$ROOT" runc "$@"
	jq --arg pod "$pod" --arg name "$name" --arg sandbox "$(id_of "$pod/POD")" --arg \
		cgroup "/$LAB/kubepods/burstable/pod-$pod/$id" '.linux.cgroupsPath = $cgroup
		| .hostname = $name | .annotations = {
			"io.kubernetes.cri.container-type": (if $name == "POD" then "sandbox" else "container" end),
			"io.kubernetes.cri.sandbox-id": $sandbox,
			"io.kubernetes.cri.sandbox-namespace": "default",
			"io.kubernetes.cri.sandbox-name": $pod}
		| if $name != "POD" then .annotations["io.kubernetes.cri.container-name"] = $name else . end
		| '"$filter" "$WORK/bundles/$pod-$name/config.json" >"$WORK/$pod-$name.json" ||
		fail "writing a configuration"
	box_command box ctr --address "$WORK/containerd/socket" --namespace k8s.io run --detach --null-io \
		--config "$WORK/$pod-$name.json" --pid-file "$WORK/$pod-$name.pid" "$id"
	CONTAINER=$(cat "$WORK/$pod-$name.pid")
	await_program "$CONTAINER" app
}

# The daemon, by a box of its own.
start_box containerd box app /bin/app init
box=$TARGET
start_container web POD . /bin/app init
web_pod=$CONTAINER
share="(.linux.namespaces[] | select(.type == \"pid\")).path = \"/proc/$web_pod/ns/pid\""
start_container web app "$share" /bin/app init
web_app=$CONTAINER
start_container web helper "$share" /bin/app threads 2
web_helper=$CONTAINER
start_container lone POD . /bin/app init
start_container lone app . /bin/app init
lone=$CONTAINER
assert_eq "$(readlink "/proc/$web_app/ns/pid")" "$(readlink "/proc/$web_pod/ns/pid")" "the namespace"

# pods_are_found: the whole of what is to be found.
pods_are_found() {
	local wanted
	in_lab 0 list --json
	assert_eq "$ERR" "" stderr
	wanted=$(jq -nc --argjson pod "$web_pod" --argjson app "$web_app" --argjson helper "$web_helper" \
		'[[$app, "k8s", "containerd", "default/web/app", false, 1],
		[$helper, "k8s", "containerd", "default/web/helper", false, 1],
		[$pod, "k8s", "containerd", "default/web", true, 1]] | sort')
	assert_eq "$(jq -c '[.containers[] | select(.name // "" | startswith("default/web"))
		| [.pid, .runtime, .engine, .name, .sandbox, .processes]] | sort' "$WORK/run.out")" "$wanted" \
		"the pod's rows"

	in_lab 0 k8s:default/web/app -- /bin/app hostname
	assert_eq "$OUT" app
	in_lab 0 default/web/helper -- /bin/app hostname
	assert_eq "$OUT" helper
	in_lab 0 "containerd:$(id_of web/app)" -- /bin/app hostname
	assert_eq "$OUT" app
	in_lab 0 "$(id_of web/app | cut -c 1-12)" -- /bin/app hostname
	assert_eq "$OUT" app
	# A pod with one container is that one; with two it is none to enter.
	in_lab 0 k8s:default/lone -- /bin/app hostname
	assert_eq "$OUT" app
	in_lab 0 lone -- /bin/app hostname
	assert_eq "$OUT" app
	in_lab 125 k8s:default/web -- /bin/app hostname
	assert_one_error "k8s:default/web is a pod of 2 containers: " \
		"default/web/app ($web_app)" "default/web/helper ($web_helper)"
	# The stacks of a container are its own, though its PID namespace is the pod's; those of a pod are
	# of its containers, without the sandbox.
	in_lab 0 stack --json k8s:default/web/helper
	assert_eq "$(jq -c '[.processes[] | [.pid, .container.name]]' "$WORK/run.out")" \
		"[[$web_helper,\"default/web/helper\"]]" "the processes of a container"
	in_lab 0 stack --json web
	assert_eq "$(jq -c '[.processes[] | [.pid, .container.runtime, .container.name]] | sort' \
		"$WORK/run.out")" "$(jq -nc --argjson app "$web_app" --argjson helper "$web_helper" \
		'[[$app, "k8s", "default/web/app"], [$helper, "k8s", "default/web/helper"]] | sort')" \
		"the processes of a pod"
	# By a number, too.
	in_lab 0 stack --json "$web_app"
	assert_eq "$(jq -r '.processes[].container.name' "$WORK/run.out")" default/web/app
	in_lab 0 stack --json "$box"
	assert_eq "$(jq -c '.processes[].container' "$WORK/run.out")" \
		'{"runtime":"containerd","id":"box","name":"box"}' "the container of a number"
	in_lab 0 stack --json $$
	assert_eq "$(jq -c '.processes[].container' "$WORK/run.out")" null "the container of ours"
	# A process inside, by its number there.
	in_lab 0 "default/web/helper/$(awk '/^NSpid/ { print $NF }' "/proc/$web_helper/status")" \
		-- /bin/app hostname
	assert_eq "$OUT" helper
	in_lab 125 default/web/helper/1 -- /bin/app hostname
	assert_one_error "there is no process 1 inside"
	in_lab 125 other/web -- /bin/app hostname
	assert_one_error "no container is called other/web"
}

# kill_all PROGRAM: those of the lab.
kill_all() {
	local pid
	for pid in $(pgrep -x "$1"); do
		[ "$(readlink "/proc/$pid/ns/mnt")" != "$(readlink "/proc/$LAB_PID/ns/mnt")" ] ||
			kill -KILL "$pid"
	done
}

none_lives() {
	kill_all "$1"
	! pgrep -x "$1" --ns "$LAB_PID" --nslist mnt >/dev/null
}

for pid in "$web_pod" "$web_app" "$web_helper" "$lone"; do
	target_before "$pid"
done
pods_are_found
retry 10 none_lives containerd || fail "containerd lives"
pods_are_found
retry 10 none_lives containerd-shim || fail "a shim lives"
pods_are_found
for pid in "$web_pod" "$web_app" "$web_helper" "$lone"; do
	kill -0 "$pid" || fail "a container has ended"
done
retry 4 no_nspeek_left || fail "nspeek is left"
passed

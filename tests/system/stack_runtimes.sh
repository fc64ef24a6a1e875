#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `stack_runtimes.sh LANGUAGE`: a program of LANGUAGE in a container of runc that has the host's
# programs and libraries, and a /tmp of its own: the names of its functions, in chains that are
# complete.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool runc jq
SOURCES=$TREE/tests/fixtures/runtimes
BOX=$WORK/box
mkdir "$BOX"
cp "$SOURCES"/* "$BOX"

# start_box COMMAND...: in the container; $BOX is its /box. What it prints is in $WORK/box.out.
start_box() {
	local id="nspeek-test-$$" dir mounts='[]'
	for dir in /usr /lib /lib64 /etc /bin /root/.pyenv; do
		[ ! -d "$dir" ] || mounts=$(jq --arg dir "$dir" '. + [{destination: $dir, type: "bind",
			source: $dir, options: ["rbind", "ro"]}]' <<<"$mounts")
	done
	BUNDLE_FILTER='.mounts += '"$mounts"' + [{destination: "/tmp", type: "tmpfs", source: "tmpfs"},
		{destination: "/box", type: "bind", source: "'"$BOX"'", options: ["rbind", "ro"]}]
		| .process.env = ["PATH=/usr/bin:/bin", "HOME=/tmp"]'
	write_bundle "$WORK/bundle" "$@"
	defer runc --root "$WORK/runc" delete -f "$id"
	runc --root "$WORK/runc" run -d -b "$WORK/bundle" "$id" </dev/null >"$WORK/box.out" \
		2>"$WORK/box.err" || skip "a runc container: $(tail -n 1 "$WORK/box.err")"
	TARGET=$(runc --root "$WORK/runc" state "$id" | jq .pid)
}

# await_ready: the program has come to where it waits.
await_ready() {
	await_line "$WORK/box.out" '^READY'
	retry 10 has_blocked || fail "the program does not wait"
}

has_blocked() {
	! grep -l '^running' /proc/"$TARGET"/task/*/syscall 2>/dev/null | grep -q .
}

# take STATUS [OPTION...]: its stacks into $WORK/json; ALL are all names, a line each, of the thread
# or threads; nothing of the target is changed. On a busy machine it may take its time.
take() {
	local status=$1
	shift
	target_before "$TARGET"
	expect_status "$status" "$NSPEEK" stack --timeout 40 --json --no-unique "$@" "$TARGET"
	cp "$WORK/run.out" "$WORK/json"
	target_after "$TARGET"
}

# chain_has NAME...: one thread has frames whose names contain the NAMEs, innermost first, and is
# complete.
chain_has() {
	local wanted
	wanted=$(printf '%s\n' "$@" | jq -R . | jq -cs .)
	# shellcheck disable=SC2016
	jq -e --argjson wanted "$wanted" '[.processes[0].threads[] | select(.status == "complete")
		| reduce .frames[] as $frame ($wanted; if length > 0 and (.[0] as $name
			| $frame.symbol // "" | contains($name)) then .[1:] else . end)
		| length] | min == 0' "$WORK/json" >/dev/null ||
		fail "no complete chain with $wanted: $(jq -c '.processes[0].threads[]
			| [.reason, .frames[].symbol]' "$WORK/json")"
}

# goroutine_has WAIT NAME...: the same of a goroutine that waits for WAIT.
goroutine_has() {
	local wait=$1 wanted
	shift
	wanted=$(printf '%s\n' "$@" | jq -R . | jq -cs .)
	# shellcheck disable=SC2016
	jq -e --arg wait "$wait" --argjson wanted "$wanted" '[.processes[0].goroutines.stacks[]
		| select(.status == "complete" and .wait == $wait and .state == "waiting")
		| reduce .frames[] as $frame ($wanted; if length > 0 and (.[0] as $name
			| $frame.symbol // "" | contains($name)) then .[1:] else . end)
		| length] | min == 0' "$WORK/json" >/dev/null ||
		fail "no goroutine in $wait with $wanted: $(jq -c '.processes[0].goroutines.stacks[]
			| [.wait, .reason, .frames[].symbol]' "$WORK/json")"
}

all_are_complete() {
	jq -e '[.processes[0].threads[].status] | unique == ["complete"]' "$WORK/json" >/dev/null ||
		fail "$(jq -c '.processes[0].threads[] | select(.status != "complete")
			| [.name, .reason, .frames[].symbol]' "$WORK/json")"
}

# BUSY is the process of the container that runs, if there is one.
finds_busy() {
	BUSY=$(runc --root "$WORK/runc" ps -f json "nspeek-test-$$" | jq ".[] | select(. != $TARGET)")
	[ -n "$BUSY" ] && grep -q '(node) R' "/proc/$BUSY/stat"
}

# The stack of the target's first thread, whole, into $WORK/json.
takes_whole() {
	run "$NSPEEK" stack --timeout 40 --json --no-unique --thread "$TARGET" "$TARGET"
	cp "$WORK/run.out" "$WORK/json"
	[ "$STATUS" = 0 ]
}

# Its first thread waits for the one that runs main, which sleeps.
java_sleeps() {
	run "$NSPEEK" stack "$TARGET"
	[[ $OUT == *JVM_Sleep* ]]
}

case $1 in
cc)
	need_tool g++
	g++ -O2 -pthread -o "$BOX/waits" "$BOX/waits.cc" || fail "g++ does not build the fixture"
	start_box /box/waits
	await_ready
	take 0
	chain_has pause 'example::Waiter<std::__cxx11::basic_string<char' start_thread
	chain_has 'std::thread::join()' main __libc_start_main
	;;
rust)
	need_tool rustc
	rustc -O -o "$BOX/waits" "$BOX/waits.rs" || fail "rustc does not build the fixture"
	start_box /box/waits
	await_ready
	take 0
	chain_has nanosleep sleep 'Waits>::wait_long' start_thread
	chain_has join waits::main __libc_start_main
	;;
go)
	need_tool go
	export GOCACHE="$WORK/cache" GOPATH="$WORK/path" GOPROXY=off GOTOOLCHAIN=local CGO_ENABLED=0
	go build -ldflags '-s -w' -o "$BOX/waits" "$BOX/waits.go" || fail "go does not build the fixture"
	start_box /box/waits
	await_line "$WORK/box.out" '^READY'
	take 0
	chain_has main.spin main.busy runtime.goexit
	goroutine_has 'chan receive' main.receive main.main.func runtime.goexit
	goroutine_has 'chan send' main.send main.main.func runtime.goexit
	goroutine_has semacquire 'sync.(*Mutex).lockSlow' main.lock main.main.func runtime.goexit
	goroutine_has sleep time.Sleep main.sleep main.main.func runtime.goexit
	goroutine_has select main.choose main.main.func runtime.goexit
	goroutine_has semacquire 'sync.(*WaitGroup).Wait' main.main runtime.main runtime.goexit
	assert_eq "$(jq '.processes[0].goroutines | [.parked == (.stacks | length), .reason]' -c \
		"$WORK/json")" '[true,null]' "how many goroutines there are"
	expect_status 0 "$NSPEEK" stack "$TARGET"
	assert_matches "$OUT" 'goroutine [0-9]+ \[chan receive\]'
	# They are not asked for.
	take 0 --thread "$TARGET"
	assert_eq "$(jq '.processes[0].goroutines' "$WORK/json")" null "goroutines"
	;;
python)
	need_tool python3
	start_box /usr/bin/python3 /box/waits.py
	await_ready
	take 0
	all_are_complete
	chain_has clock_nanosleep _PyEval_EvalFrameDefault PyEval_EvalCode Py_RunMain __libc_start_main
	chain_has clock_nanosleep _PyEval_EvalFrameDefault start_thread
	;;
node)
	need_tool node
	# Each function is compiled as it stands: none is inlined, none is interpreted.
	options=(--perf-basic-prof --always-sparkplug --no-opt)
	start_box "$(readlink -f "$(command -v node)")" "${options[@]}" /box/waits.js
	await_ready
	take 0
	all_are_complete
	chain_has 'v8::internal::FutexEmulation::Wait' inner_function middle_function outer_function \
		v8::Function::Call node::Start __libc_start_main
	# Its perf map is its own: in its /tmp, by its PID inside.
	[ ! -e "/tmp/perf-$TARGET.map" ] || fail "there is a perf map on the host"
	test -s "/proc/$TARGET/root/tmp/perf-1.map" || fail "there is none in the container"
	# What was kept has the names, too.
	expect_status 0 "$NSPEEK" stack --save "$WORK/kept" "$TARGET"
	expect_status 0 "$NSPEEK" stack --json --no-unique --load "$WORK/kept"
	cp "$WORK/run.out" "$WORK/json"
	chain_has inner_function middle_function outer_function v8::Function::Call node::Start
	# One that runs is stopped for it, wherever it is.
	runc --root "$WORK/runc" exec -d "nspeek-test-$$" "$(readlink -f "$(command -v node)")" \
		"${options[@]}" /box/waits.js busy </dev/null >/dev/null 2>&1 || fail "runc exec"
	retry 10 finds_busy || fail "the second node does not run"
	TARGET=$BUSY
	sleep 0.5
	target_before "$TARGET"
	# There are moments in which its frame is not known: it is taken in another, then.
	retry 30 takes_whole || fail "no chain of the second node is complete: $OUT"
	target_after "$TARGET"
	chain_has inner_function middle_function outer_function v8::Function::Call node::Start
	;;
java)
	need_tool java
	need_tool python3
	# One method of each is compiled; what else is on the stacks is interpreted.
	start_box "$(readlink -f "$(command -v java)")" -Xcomp -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
		-XX:CompileCommand=quiet \
		-XX:CompileCommand=compileonly,sun.rmi.registry.RegistryImpl::main \
		-XX:CompileCommand=compileonly,java.lang.Thread::sleep \
		-m java.rmi/sun.rmi.registry.RegistryImpl
	retry 20 java_sleeps || fail "java does not come to where it waits: $ERR"
	python3 "$SUPPORT/java_perfmap.py" "$TARGET" || fail "java writes no perf map"
	take 0
	all_are_complete
	chain_has JavaThread::sleep 'java.lang.Thread.sleep(long)' 'RegistryImpl.main(' StubRoutines \
		JavaCalls::call_helper JavaMain start_thread
	chain_has JVM_WaitForReferencePendingList Interpreter Interpreter StubRoutines start_thread
	;;
esac
passed

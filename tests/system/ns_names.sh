#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Names of namespaces: those in /run/netns, links there, files mounted elsewhere; hostile ones; and no
# name that another mount hides.
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=/dev/null
. "$SUPPORT/ns.sh"

need_root
need_tool ip jq
NAME=nspeek-t$$
need_that "network namespaces" ip netns add "$NAME"
defer ip netns delete "$NAME"

# named: in a network namespace with that name.
start named ip netns exec "$NAME" "$FIXTURES/container" init
await_line "$WORK/named.out" '^READY'
TARGET=$STARTED
target_before "$TARGET"
expect_status 0 "$NSPEEK" ns "$TARGET"
assert_matches "$OUT" $'\n'"named +net is $NAME"$'\n'
expect_status 0 "$NSPEEK" ns --json "$TARGET"
expect_field '.targets[0].namespaces.net | [.name, .same]' "[\"$NAME\",false]"
expect_field '.self.net.name' null
expect_status 0 "$NSPEEK" ns -o type,name --noheadings "$TARGET"
assert_matches "$OUT" $'\n'"net +$NAME"$'\n'
# The names of others do not stick to it.
expect_status 0 "$NSPEEK" ns --json $$
expect_field '[.targets[0].namespaces[].name] | unique' '[null]'
target_after "$TARGET"

# Everything from here on in a mount namespace of our own.
cat >"$WORK/elsewhere.sh" <<'EOF'
set -e
work=$1 nspeek=$2 pid=$3 name=$4
touch "$work/uts" "$work/hidden" "$work/over"
mount --bind "/proc/$pid/ns/uts" "$work/uts"
"$nspeek" ns --json "$pid" | jq -c '.targets[0].namespaces | [.uts.name, .net.name, .ipc.name]'
# The name in the directory counts more than a path.
mount --bind "/proc/$pid/ns/net" "$work/over"
"$nspeek" ns --json "$pid" | jq -c '.targets[0].namespaces.net.name'
umount "$work/uts"
# What another mount is over is no way to the namespace.
mount --bind "/proc/$pid/ns/uts" "$work/hidden"
mount --bind /proc/self/ns/uts "$work/hidden"
"$nspeek" ns --json "$pid" | jq -c '.targets[0].namespaces.uts.name'
# Without the name: the path; a link in the directory: its name. Neither can bring a line of its own.
umount -l "/run/netns/$name"
"$nspeek" ns --json "$pid" | jq -c '.targets[0].namespaces.net.name'
umount "$work/over"
ln -s "/proc/$pid/ns/net" "/run/netns/$name.link"
"$nspeek" ns --json "$pid" | jq -c '.targets[0].namespaces.net.name'
mv "/run/netns/$name.link" "/run/netns/$(printf '%s\nevil \033[31m' "$name")"
"$nspeek" ns "$pid" | grep '^named'
EOF
defer sh -c 'rm -f /run/netns/"$1".link /run/netns/"$1"*evil*' sh "$NAME"
start apart unshare --uts "$FIXTURES/container" init
await_line "$WORK/apart.out" '^READY'
# One process in the named network namespace and a UTS namespace of its own.
start both ip netns exec "$NAME" unshare --uts "$FIXTURES/container" init
await_line "$WORK/both.out" '^READY'
run unshare --mount --propagation private sh "$WORK/elsewhere.sh" "$WORK" "$NSPEEK" "$STARTED" "$NAME"
assert_eq "$ERR" "" stderr
assert_eq "$OUT" "[\"$WORK/uts\",\"$NAME\",null]
\"$NAME\"
null
\"$WORK/over\"
\"$NAME.link\"
named              net is $NAME\\x0aevil \\x1b[31m"
passed

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command's variables: where they begin, and what is changed in which order.
. "$(dirname "$0")/../support/lib.sh"

start_runc /bin/app init
ETC=$WORK/bundle/rootfs/etc
printf 'root:x:0:0::/root:/bin/app\napp:x:1000:1001::/srv/app:\n' >"$ETC/passwd"
target_before "$TARGET"
OURS=(env -i PATH=/ours:/bin TERM=our-term LANG=our-lang HOME=/our-home USER=us SECRET=ours)
DEFAULT_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# variables_are WANTED OPTION...: the words of WANTED are the command's variables.
variables_are() {
	local wanted=$1
	shift
	expect_status 0 "${OURS[@]}" "$NSPEEK" "$@" "$TARGET" -- "${APP:-/bin/app}" printenv
	assert_eq "$ERR" "" "stderr"
	assert_eq "$(sort <<<"$OUT")" "$(tr ' ' '\n' <<<"$wanted" | sort)" "the variables with $*"
}

refused() {
	local part=$1
	shift
	expect_status 125 "$NSPEEK" "$@" "$TARGET" -- "${APP:-/bin/app}" printenv
	assert_one_error "$part"
}

ROOT="HOME=/root USER=root LOGNAME=root SHELL=/bin/app"
BASE="PATH=/bin WHERE=container TERM=our-term"
variables_are "$BASE $ROOT"
variables_are "$BASE $ROOT" --env=target
variables_are "TERM=our-term PATH=$DEFAULT_PATH $ROOT" --env=clean
variables_are "PATH=/ours:/bin TERM=our-term LANG=our-lang SECRET=ours $ROOT" --env=host
# Whoever the user is, its variables are.
APPS="HOME=/srv/app USER=app LOGNAME=app SHELL=/bin/sh"
for option in "-S 1000" "--as app"; do
	# shellcheck disable=SC2086
	variables_are "$BASE $APPS" $option
	# shellcheck disable=SC2086
	variables_are "TERM=our-term PATH=$DEFAULT_PATH $APPS" --env=clean $option
	# shellcheck disable=SC2086
	variables_are "PATH=/ours:/bin TERM=our-term LANG=our-lang SECRET=ours $APPS" \
		--env=host $option
done

# Changes come after that, one after the other.
variables_are "$BASE $ROOT A=2" --setenv A=1 --setenv A=2
variables_are "$BASE $ROOT A=1" --unsetenv A --setenv A=1
variables_are "$BASE $ROOT" --setenv A=1 --unsetenv A
variables_are "$BASE $ROOT A=b=c E=" --setenv=A=b=c --setenv E= --unsetenv=NOT_THERE
variables_are "PATH=/bin HOME=/asked USER=root SHELL=x TERM=dumb" --unsetenv WHERE \
	--setenv HOME=/asked --unsetenv LOGNAME --setenv SHELL=x --setenv TERM=dumb
variables_are "A=1" --env=clean --setenv A=1 --unsetenv HOME --unsetenv USER --unsetenv LOGNAME \
	--unsetenv SHELL --unsetenv TERM --unsetenv PATH
expect_status 0 "$NSPEEK" --setenv "A=two words" "$TARGET" app printenv A
assert_eq "$OUT" "two words" A

# The PATH that results is the one by which the command is searched for.
expect_status 127 "$NSPEEK" --setenv PATH=/nowhere "$TARGET" app
assert_one_error "searched /nowhere"
expect_status 0 "$NSPEEK" --setenv PATH=/nowhere:/bin "$TARGET" app exit 0
expect_status 0 "$NSPEEK" --unsetenv PATH "$TARGET" app printenv HOME
assert_eq "$OUT" /root HOME

# A file of ours.
FILE=$WORK/variables
printf '# a comment\n\n  A=1 # of it\nB="quoted"\nSECRET\nNOT_SET\nWHERE=file\r\nC=' >"$FILE"
expect_status 0 "${OURS[@]}" "$NSPEEK" --env-file "$FILE" "$TARGET" app printenv
assert_contains "$OUT"$'\n' $'A=1 # of it\n'
assert_contains "$OUT"$'\n' $'B="quoted"\n'
assert_contains "$OUT"$'\n' $'SECRET=ours\n'
assert_contains "$OUT"$'\n' $'WHERE=file\n'
assert_contains "$OUT"$'\n' $'C=\n'
assert_lacks "$OUT" NOT_SET
assert_lacks "$OUT" comment
# In its place among the others.
printf 'A=file\nB=file\n' >"$FILE"
variables_are "$BASE $ROOT A=file B=after" --setenv A=before --env-file="$FILE" --setenv B=after
variables_are "$BASE $ROOT B=file" --env-file="$FILE" --unsetenv A
printf 'C=3\n' >"$WORK/more"
variables_are "$BASE $ROOT A=file B=file C=3" --env-file "$FILE" --env-file "$WORK/more"
: >"$FILE"
variables_are "$BASE $ROOT" --env-file "$FILE"
# Also one that is no regular file.
# shellcheck disable=SC2016
expect_status 0 bash -c '"$0" --env-file <(echo A=piped) "$1" app printenv A' "$NSPEEK" "$TARGET"
assert_eq "$OUT" piped A

refused "No such file" --env-file "$WORK/none"
refused "Is a directory" --env-file "$WORK"
printf 'A=1\n\n#\nA B=1\n' >"$FILE"
refused "--env-file $FILE, line 4: there is a blank in the name" --env-file "$FILE"
printf 'A=1\n=2\n' >"$FILE"
refused "--env-file $FILE, line 2: there is no name" --env-file "$FILE"
printf 'A=1\nB=\0\n' >"$FILE"
refused "--env-file $FILE, line 2: it holds a NUL" --env-file "$FILE"
head -c 1048577 /dev/zero | tr '\0' x >"$FILE"
refused "File too large" --env-file "$FILE"
refused "File too large" --env-file /dev/zero
for word in "" NAME =x; do
	refused "--setenv: '$word' is not NAME=VALUE" --setenv "$word"
done
for word in "" A=1 =; do
	refused "--unsetenv: '$word' is no name" --unsetenv "$word"
done
for word in "" ours all; do
	refused "--env: '$word' is none of" --env="$word"
done
expect_status 0 "$NSPEEK" -v --env=clean --setenv A=1 --unsetenv B "$TARGET" app exit 0
assert_contains "$ERR" "environment: a clean one, for user root, 2 changes"
target_after "$TARGET"

# A program of the host has ours, and nothing that the container wrote.
APP=$FIXTURES/container
OURSELVES="PATH=/ours:/bin TERM=our-term LANG=our-lang HOME=/our-home USER=us SECRET=ours"
variables_are "$OURSELVES" -n
variables_are "$OURSELVES" -n --env=host
variables_are "$OURSELVES" -n -S 1000
variables_are "PATH=/ours:/bin TERM=our-term LANG=our-lang HOME=/our-home" -n --env=clean
variables_are "$OURSELVES A=1" -n --setenv A=1
variables_are "PATH=/ours:/bin TERM=our-term LANG=our-lang HOME=/our-home USER=us" -n --unsetenv SECRET
refused "the mount namespace is not joined" -n --env=target
target_after "$TARGET"

# Of a target without variables, a few are there all the same.
start_unshare --mount --pid --fork -- env -i "$(command -v chroot)" "$WORK/bundle/rootfs" /bin/app init
unset APP
variables_are "TERM=our-term PATH=$DEFAULT_PATH $ROOT"
passed

# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Installing what a script needs on Debian; sourced by the scripts beside it.

# What nspeek is built from, and what its tests need beside.
BUILD_PACKAGES=(build-essential cmake pkg-config libunwind-dev libdw-dev libelf-dev libcapstone-dev libjansson-dev
	libseccomp-dev libiberty-dev liblzma-dev libbz2-dev zlib1g-dev libzstd-dev musl-tools clang bpftool libbpf-dev)
TEST_PACKAGES=(libcriterion-dev libcap-dev libcap2-bin clang-format universal-ctags busybox-static crun runc bubblewrap
	iproute2 netcat-openbsd jq uidmap util-linux bsdutils procps strace
	podman lxc systemd-container containerd docker.io gdb python3 curl debuginfod vim-tiny binutils xz-utils golang-go rustc dwz llvm
	nodejs openjdk-17-jre-headless zsh fish)

# without_services COMMAND...: what COMMAND installs starts no service, by Debian's hook for that. The
# tests start daemons of their own, and in a container nobody would end those.
without_services() (
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		trap 'rm -f "$policy"' EXIT
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	"$@"
)

# is_installed PACKAGE[:ARCHITECTURE]: for our own architecture, or for that one.
is_installed() {
	local architecture=${1#*:}
	[ "$architecture" != "$1" ] || architecture=$(dpkg --print-architecture)
	# shellcheck disable=SC2016
	dpkg-query -W -f '${Architecture} ${db:Status-Status}\n' "$1" 2>/dev/null |
		grep -qxE "($architecture|all) installed"
}

# install_packages PACKAGE...: those that are not installed yet; asks nothing.
install_packages() {
	local package missing=()
	for package in "$@"; do
		is_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if ! command -v apt-get >/dev/null; then
		printf 'these Debian packages are needed, and there is no apt-get: %s\n' "${missing[*]}" >&2
		return 1
	fi
	if [ "$(id -u)" != 0 ]; then
		printf 'root is needed to install: %s\n' "${missing[*]}" >&2
		return 1
	fi
	printf '== installing %s\n' "${missing[*]}"
	DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
		DEBIAN_FRONTEND=noninteractive without_services apt-get install -y -qq \
			--no-install-recommends "${missing[@]}" >/dev/null
}

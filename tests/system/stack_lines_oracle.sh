#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Inlined functions, files and lines at hundreds of addresses of programs in C, C++ and Rust are those
# of addr2line -fi. That of binutils 2.40 errs in names of files of DWARF 5, so C++ is asked of LLVM's.
. "$(dirname "$0")/../support/lib.sh"

need_tool gcc clang g++ python3 nm addr2line llvm-addr2line
export PATH="$FIXTURES/../unit:$PATH"

# same_as ORACLE COUNT PROGRAM
same_as() {
	python3 "$SUPPORT/positions.py" "$WORK/$3" "$1" "$2" || fail "$3"
}

cat >"$WORK/program.cc" <<'END'
#include <algorithm>
#include <map>
#include <string>
#include <vector>
namespace app {
struct thing {
	int number;
	std::string name;
	bool operator<(const thing &other) const { return number < other.number || name < other.name; }
};
template <class T> struct box {
	std::vector<T> items;
	void add(T item)
	{
		items.push_back(std::move(item));
		std::sort(items.begin(), items.end());
	}
};
}
int main(int argc, char **argv)
{
	app::box<app::thing> box;
	std::map<std::string, int> counts;
	for (int i = 0; i < argc; i++) {
		box.add({i, argv[i]});
		counts[argv[i]]++;
	}
	return (int)counts.size();
}
END
cp "$TREE/tests/fixtures/inlined.c" "$WORK"
cd "$WORK" || exit 1
for compiler in gcc clang; do
	"$compiler" -O2 -g -gdwarf-4 -o "c_$compiler" inlined.c || fail "$compiler does not build"
	same_as addr2line 200 "c_$compiler"
done
g++ -O2 -g -fdebug-types-section -gz=zlib -o cc program.cc || fail "g++ does not build"
same_as llvm-addr2line 1000 cc
if command -v rustc >/dev/null; then
	rustc -A warnings -O -g -o rust "$TREE/tests/fixtures/chain.rs" || fail "rustc does not build"
	same_as llvm-addr2line 1000 rust
fi
passed

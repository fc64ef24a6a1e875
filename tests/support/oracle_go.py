# SPDX-License-Identifier: GPL-2.0-or-later
"""Go programs of the oracle: fixtures/chain_go, without C and with it."""
import os, re, shutil, struct, subprocess

import oracle_c

# Flags of the Go compiler, and of the C compiler.
LEVELS = {'default': ('', '-O2'), 'N': ('-N -l', '-O0'), 'framed': ('', '-O2 -fno-omit-frame-pointer'),
          'bare': ('', '-Os -fno-asynchronous-unwind-tables -fno-unwind-tables')}
# C in it, options of the linker, what else.
FORMS = {'static': (False, '', []), 'stripped': (False, '-s -w', []),
         'headless': (False, '-s -w', []),  # without section headers
         'pie': (False, '', ['-buildmode=pie']), 'pie-stripped': (False, '-s -w', ['-buildmode=pie']),
         'c': (True, '', []), 'c-stripped': (True, '-s -w', []),
         'c-static': (True, '-linkmode external -extldflags -static', []),
         'c-pie-stripped': (True, '-s -w', ['-buildmode=pie'])}


def drop_section_headers(path):
    with open(path, 'r+b') as file:
        file.seek(40)
        file.write(struct.pack('<Q', 0))  # e_shoff
        file.seek(60)
        file.write(struct.pack('<HH', 0, 0))  # e_shnum, e_shstrndx


class Language(oracle_c.Base):
    # A spinning goroutine stays on its thread.
    environment = {'GODEBUG': 'asyncpreemptoff=1', 'GOGC': 'off'}

    def programs(self):
        return [(level, form) for level in LEVELS for form in FORMS
                # The levels of C are nothing to a program without; what is slow to build is built once.
                if level == 'default' or FORMS[form][0] and form in ('c', 'c-stripped')
                or level == 'N' and form in ('static', 'stripped', 'c-static')]

    def prepare(self, pool):
        for level, (_, c) in LEVELS.items():
            where = f'{self.work}/source-{level}'
            shutil.copytree(f'{self.sources}/chain_go', where)
            with open(where + '/flags.go', 'w') as file:
                file.write(f'package main\n\n// #cgo CFLAGS: {c}\nimport "C"\n')

    def build(self, program, path):
        level, form = program
        with_c, link, options = FORMS[form]
        environment = {**os.environ, 'CGO_ENABLED': str(int(with_c)), 'GOCACHE': self.work + '/cache',
                       'GOPATH': self.work + '/path', 'GOFLAGS': '-mod=mod',
                       'GOPROXY': 'off', 'GOTOOLCHAIN': 'local', 'CGO_CFLAGS_ALLOW': '.*'}
        subprocess.run(['go', 'build', *options, '-gcflags', LEVELS[level][0], '-ldflags', link, '-o', path, '.'],
                       cwd=f'{self.work}/source-{level}', env=environment, check=True)
        if form == 'headless':
            drop_section_headers(path)

    def via(self, program):
        return {'gopclntab'}

    def is_named(self, program):
        return True

    def same_name(self, symbol, name):
        # C functions of a stripped program have none.
        return re.sub(r'\.abi(0|internal)$', '', symbol) == name or not symbol and not re.match(r'(main|runtime)\.', name)

    def is_idle(self, name):
        # Threads of Go's runtime have the program's name.
        return any(name == form[:15] or name.startswith(level) for form in FORMS for level in LEVELS)

    def has_moved(self, thread):
        return any(self.same_name(f['symbol'] or '', name) for f in thread['frames'] for name in ('runtime.mcall', 'runtime.morestack'))

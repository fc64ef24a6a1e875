# SPDX-License-Identifier: GPL-2.0-or-later
"""Rust programs of the oracle: fixtures/chain.rs."""
import re, shutil, subprocess

import oracle_c

LEVELS = {'O0': ['opt-level=0'], 'O2': ['opt-level=2'], 'Os': ['opt-level=s'],
          'O2-framed': ['opt-level=2', 'force-frame-pointers=yes']}
# How the program's own functions can be unwound; the library always has .eh_frame. With -C debuginfo the
# compiler would write .eh_frame again.
TABLES = {'eh': [], 'none': ['panic=abort', 'force-unwind-tables=no']}
FORMS = {'dynamic': [], 'static': ['target-feature=+crt-static', 'relocation-model=static'],
         'static-pie': ['target-feature=+crt-static'], 'stripped': [],
         'static-stripped': ['target-feature=+crt-static', 'relocation-model=static']}


class Language(oracle_c.Base):
    frames_above = 20  # generic ones of the library

    def __init__(self, compiler, sources, work):
        super().__init__(compiler, sources, work)
        self.environment = {'TMPDIR': work}

    def programs(self):
        return [(level, tables, form) for level in LEVELS for tables in TABLES for form in FORMS
                if level in ('O0', 'O2') or form in ('dynamic', 'static-stripped')]

    def compiled(self, program):
        """What PROGRAM is before it is stripped."""
        level, tables, form = program
        linked = {'stripped': 'dynamic', 'static-stripped': 'static'}.get(form, form)
        return f'{self.work}/{level}-{tables}-{linked}.base'

    def prepare(self, pool):
        list(pool.map(self.compile_one, {self.compiled(p): p for p in self.programs()}.values()))

    def compile_one(self, program):
        level, tables, form = program
        options = [o for option in LEVELS[level] + TABLES[tables] + FORMS[form] for o in ('-C', option)]
        subprocess.run([self.compiler, '--edition=2021', '--crate-name=chain', '-A', 'warnings', *options,
                        '-o', self.compiled(program), f'{self.sources}/chain.rs'], check=True)

    def build(self, program, path):
        shutil.copy(self.compiled(program), path)
        if 'stripped' in program[2]:
            subprocess.run(['strip', '--strip-all', path], check=True)

    def via(self, program):
        return ({'forward'} if program[1] == 'none' else set()) | {'sigreturn'}

    def same_name(self, symbol, name):
        return re.sub('::h[0-9a-f]{16}$', '', symbol) == name or symbol.startswith(name + '::<')

    def is_idle(self, name):
        return name == 'idle'

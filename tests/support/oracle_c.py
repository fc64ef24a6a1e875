# SPDX-License-Identifier: GPL-2.0-or-later
"""C programs of the oracle: fixtures/chain*.c by gcc, clang or musl-gcc."""
import hashlib, os, platform, re, subprocess

SOURCES = ['chain.c', 'chain_calls.c', 'chain_main.c']
LEVELS = {'O0': '-O0', 'O2': '-O2', 'Os': '-Os', 'O0-unframed': '-O0 -fomit-frame-pointer',
          'O2-framed': '-O2 -fno-omit-frame-pointer'}
# How the program's own functions can be unwound; what is done to the finished file.
TABLES = {'eh': ('-fasynchronous-unwind-tables', None),
          'debug': ('-fno-asynchronous-unwind-tables -fno-unwind-tables', None),
          'none': ('-fno-asynchronous-unwind-tables -fno-unwind-tables', '--strip-debug')}
FORMS = {'dynamic': [], 'static': ['-static'], 'static-pie': ['-static-pie'],
         'stripped': [], 'static-stripped': ['-static'],
         # What was stripped is in .gnu_debugdata, or in a separate file.
         'minidebug': [], 'static-minidebug': ['-static'],
         'buildid': [], 'static-buildid': ['-static'],
         'debuglink': ['-Wl,--build-id=none']}
APART = ('minidebug', 'static-minidebug', 'buildid', 'static-buildid', 'debuglink')
UNSTRIPPED = ('dynamic', 'static')  # .debug_frame is where the second engine looks for it
FLAGS = '-std=gnu17 -D_GNU_SOURCE -g -pthread -fPIE -fno-optimize-sibling-calls -w'.split()
VERIFIED = ('O0', 'O2')  # the levels at which the second engine is asked
# The words for how frames were found that must come up in a program with each kind of tables.
VIA = {'eh': set(), 'debug': {'debug-frame'}, 'none': {'forward'}}


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def functions(path, *options):
    lines = run('nm', '--quiet', '--format=posix', '--defined-only', *options, path).splitlines()
    return {line.split()[0] for line in lines if line.split()[1] in 'TtD'}


def finish(path, form, work):
    """Strips the program at PATH as FORM wants it, and puts what it lost where FORM says."""
    debug = path + '.debug'
    if form in APART:
        run('objcopy', '--only-keep-debug', *(['--compress-debug-sections'] if form == 'buildid' else []), path, debug)
    if form in (*APART, 'stripped'):
        names = functions(debug) if form == 'minidebug' else None
        run('strip', '--strip-all', path)
    if form == 'minidebug':
        # As distributions make it; call frame information is kept where there is no other.
        names -= functions(path, '-D')
        open(path + '.names', 'w').write('\n'.join(sorted(names)) + '\n')
        run('objcopy', '--strip-all', '--remove-section=.comment', '--keep-section=.debug_frame',
            f'--keep-symbols={path}.names', debug)
        run('xz', '-f', debug)
        run('objcopy', f'--add-section=.gnu_debugdata={debug}.xz', path)
        os.unlink(path + '.names')
        os.unlink(debug + '.xz')
    elif form == 'buildid':
        digits = re.search(r'Build ID: (\w+)', run('readelf', '--wide', '--notes', path)).group(1)
        os.makedirs(f'{work}/debug/.build-id/{digits[:2]}', exist_ok=True)
        os.rename(debug, f'{work}/debug/.build-id/{digits[:2]}/{digits[2:]}.debug')
    elif form == 'debuglink':
        run('objcopy', f'--add-gnu-debuglink={debug}', path)
        os.makedirs(f'{work}/.debug', exist_ok=True)
        os.rename(debug, f'{work}/.debug/{os.path.basename(debug)}')


class Base:
    """What programs of all languages have in common, unless they say something else."""
    environment = {}
    frames_above = 6  # of the library, above the recorded ones

    def __init__(self, compiler, sources, work):
        self.compiler, self.sources, self.work = compiler, sources, work

    def command(self, program, path):
        """How PROGRAM, which is the file PATH, is run."""
        return [path]

    def group(self, program):
        """The row of the table that PROGRAM is counted in."""
        return program[1:]

    def is_named(self, program):
        """Whether its functions must have names."""
        return 'stripped' not in program[2]

    def same_name(self, symbol, name):
        return symbol == name

    def is_idle(self, thread):
        """Whether a thread that says nothing of itself may be there, as the program's own."""
        return False

    def has_moved(self, thread):
        """Whether a thread was away from what it says of itself."""
        return False

    def is_taken_without_registers(self, program):
        """Whether it is also stopped, and looked at with nothing but /proc."""
        return False

    def second_engine_via(self, program):
        """How frames are found that the second engine must find too; it is not asked if there are none."""
        return set()

    def must_be_compared(self, program):
        """Whether the second engine must find whole stacks."""
        return False


class Language(Base):
    def programs(self):
        return [(level, tables, form) for level in LEVELS for tables in TABLES for form in FORMS
                # What is stripped has no .debug_frame. The names alone are the same at every level.
                if (form not in ('stripped', 'static-stripped') if tables == 'debug' else form not in APART or level == 'O2')]

    def command(self, program, path):
        """Files by build id are below /usr/lib/debug in its own mount namespace only."""
        if 'buildid' not in program[2]:
            return [path, 'matrix']
        return ['unshare', '--mount', 'sh', '-ec', 'mount --bind "$1" /usr/lib/debug; exec "$2" matrix', 'sh',
                self.work + '/debug', path]

    def prepare(self, pool):
        os.makedirs('/usr/lib/debug', exist_ok=True)  # what is mounted over
        list(pool.map(lambda c: self.compile_one(*c), [(level, tables) for level in LEVELS for tables in ('eh', 'debug')]))

    def compile_one(self, level, tables):
        where = f'{self.work}/{level}-{tables}'
        os.mkdir(where)
        subprocess.run([self.compiler, *FLAGS, *LEVELS[level].split(), *TABLES[tables][0].split(), '-c',
                        *[f'{self.sources}/{s}' for s in SOURCES]], cwd=where, check=True)

    def link_flags(self, form):
        if self.compiler != 'musl-gcc' or form != 'static-pie':
            return [*FORMS[form], *([] if {'-static', '-static-pie'} & {*FORMS[form]} else ['-pie'])], [], []
        # Its specs know nothing of static-pie.
        def crt(name):
            return subprocess.check_output(['musl-gcc', '-print-file-name=' + name], text=True).strip()
        lib = f'/usr/lib/{platform.machine()}-linux-musl'
        return (['-static', '-nostartfiles', '-Wl,-pie,--no-dynamic-linker'],
                [lib + '/rcrt1.o', lib + '/crti.o', crt('crtbeginS.o')], [crt('crtendS.o'), lib + '/crtn.o'])

    def build(self, program, path):
        level, tables, form = program
        objects = f'{self.work}/{level}-{"eh" if tables == "eh" else "debug"}'
        before, first, last = self.link_flags(form)
        if 'buildid' in form:  # one of its own: programs that differ in .debug_frame only have the same
            before.append('-Wl,--build-id=0x' + hashlib.sha1('-'.join(program).encode()).hexdigest())
        subprocess.run([self.compiler, '-pthread', *before, '-o', path, *first,
                        *[f'{objects}/{s[:-1]}o' for s in SOURCES], *last], check=True)
        if TABLES[tables][1]:
            run('strip', TABLES[tables][1], path)
        finish(path, form.removeprefix('static-'), self.work)

    def via(self, program):
        """The words for how frames were found that must come up in it."""
        return VIA[program[1]] | {'sigreturn'}

    def is_taken_without_registers(self, program):
        return program[2] not in APART  # where the rest is does not matter for what is followed without registers

    def second_engine_via(self, program):
        if program[0] not in VERIFIED:
            return set()
        return {'cfi', 'debug-frame'} if program[2] in UNSTRIPPED else {'cfi'}

    def must_be_compared(self, program):
        level, tables, form = program
        return (self.compiler != 'musl-gcc' and level in VERIFIED
                and (tables == 'eh' or tables == 'debug' and form in UNSTRIPPED))

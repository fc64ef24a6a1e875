#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""oracle.py COMPILER NSPEEK DENY FIXTURE_SOURCES WORK [PROGRAM...]

Builds the call chain programs with COMPILER in every way that decides how they can be unwound, runs
each once with a thread for every situation, and compares what nspeek says of each thread, frame by
frame, with what the thread says of itself (fixtures/chain.h), and with what the second engine says: by the
default policy, and once more of the stopped program with nothing but /proc, which does not know the registers
that a callee preserves (a kernel without bpf(2) is made by the fixture DENY). Prints a table, and each difference.
Exits with 1 when a frame is wrong, or more than one stack in a hundred is incomplete, or one that is
incomplete does not say why; when engines differ, or one could not follow the other where there is call frame
information."""
import collections, concurrent.futures, glob, hashlib, json, os, platform, re, signal, subprocess, sys, time

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
# The words for how frames were found that must come up in a program with each kind of tables.
VIA = {'eh': set(), 'debug': {'debug-frame'}, 'none': {'forward'}}
ALL_VIA = {'cfi', 'debug-frame', 'forward', 'frame-pointer', 'sigreturn', 'rbp-recovered'}
FRAMES_ABOVE = 6   # of the library, above the recorded ones
FRAMES_BELOW = 3   # and below
SPINNING = ('spin', 'spin-vdso', 'spin-plt')
SAMPLES = 3        # dumps of one program: a spinning thread is elsewhere each time


def compiler_flags():
    return ('-std=gnu17 -D_GNU_SOURCE -g -pthread -fPIE -fno-optimize-sibling-calls -w').split()


def link_flags(compiler, form):
    if compiler != 'musl-gcc' or form != 'static-pie':
        return [*FORMS[form], *([] if '-static' in FORMS[form] or '-static-pie' in FORMS[form] else ['-pie'])], [], []
    # Its specs know nothing of static-pie.
    def crt(name):
        return subprocess.check_output(['musl-gcc', '-print-file-name=' + name], text=True).strip()
    lib = f'/usr/lib/{platform.machine()}-linux-musl'
    return (['-static', '-nostartfiles', '-Wl,-pie,--no-dynamic-linker'],
            [lib + '/rcrt1.o', lib + '/crti.o', crt('crtbeginS.o')], [crt('crtendS.o'), lib + '/crtn.o'])


def compile_one(compiler, sources, work, level, tables):
    where = f'{work}/{level}-{tables}'
    os.mkdir(where)
    subprocess.run([compiler, *compiler_flags(), *LEVELS[level].split(), *TABLES[tables][0].split(), '-c',
                    *[f'{sources}/{s}' for s in SOURCES]], cwd=where, check=True)


def link_one(compiler, work, program):
    level, tables, form = program
    objects = f'{work}/{level}-{"eh" if tables == "eh" else "debug"}'
    before, first, last = link_flags(compiler, form)
    path = f'{work}/{"-".join(program)}'
    if 'buildid' in form:  # one of its own: programs that differ in .debug_frame only have the same
        before.append('-Wl,--build-id=0x' + hashlib.sha1('-'.join(program).encode()).hexdigest())
    subprocess.run([compiler, '-pthread', *before, '-o', path, *first,
                    *[f'{objects}/{s[:-1]}o' for s in SOURCES], *last], check=True)
    if TABLES[tables][1]:
        subprocess.run(['strip', TABLES[tables][1], path], check=True)
    finish(path, form.removeprefix('static-'), work)


def finish(path, form, work):
    """Strips the program at PATH as FORM wants it, and puts what it lost where FORM says."""
    def run(*command):
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    def functions(path, *options):
        lines = run('nm', '--quiet', '--format=posix', '--defined-only', *options, path).splitlines()
        return {line.split()[0] for line in lines if line.split()[1] in 'TtD'}
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


def programs():
    return [(level, tables, form) for level in LEVELS for tables in TABLES for form in FORMS
            # What is stripped has no .debug_frame. The names alone are the same at every level.
            if (form not in ('stripped', 'static-stripped') if tables == 'debug' else form not in APART or level == 'O2')]


def command_of(path, form, work):
    """How the program is run: files by build id are below /usr/lib/debug in its own mount namespace only."""
    if 'buildid' not in form:
        return [path, 'matrix']
    return ['unshare', '--mount', 'sh', '-ec', 'mount --bind "$1" /usr/lib/debug; exec "$2" matrix', 'sh',
            work + '/debug', path]


def settled(pid):
    """All threads that can sleep do, and did not run between two looks."""
    def look():
        seen = {}
        for task in glob.glob(f'/proc/{pid}/task/*'):
            name = open(task + '/comm').read().strip()
            state = re.sub(r'.*\) ', '', open(task + '/stat').read()).split()[0]
            if name in SPINNING:
                continue
            if state != 'S':
                return None
            seen[task] = open(task + '/syscall').read(), re.findall(r'ctxt.*', open(task + '/status').read())
        return seen
    first = look()
    if not first:
        return False
    time.sleep(0.01)
    return first == look()


def read_truth(text):
    truth = collections.defaultdict(list)
    for line in text.splitlines():
        word = line.split()
        if word and word[0] == 'frame':
            truth[int(word[1])].append((word[2], None if word[3] == '-' else int(word[3], 16)))
    return truth


def compare(thread, truth, named):
    """The differences; whether all of the truth is there."""
    frames = [f for f in thread['frames'] if not f['inline']]
    pcs = [int(f['pc'], 16) for f in frames]
    known = 0 if truth[0][1] is not None else 1
    first = pcs.index(truth[known][1]) - known if truth[known][1] in pcs else None
    if thread['status'] == 'complete' and thread['reason'] or thread['status'] != 'complete' and not thread['reason']:
        return [f"status {thread['status']} with reason {thread['reason']}"], False
    if first is None or first < 0:
        if thread['status'] == 'complete' or len(frames) > FRAMES_ABOVE + 1:
            return [f"no recorded frame in {[(f['pc'], f['symbol']) for f in frames]}"], False
        return [], False
    wrong = []
    if first > FRAMES_ABOVE:
        wrong.append(f'{first} frames above the recorded ones')
    for i, (name, pc) in enumerate(truth):
        if first + i >= len(frames):
            break
        frame = frames[first + i]
        if pc is not None and int(frame['pc'], 16) != pc:
            wrong.append(f"#{first + i} pc {frame['pc']}, should be {pc:#x} in {name}")
        if name[0] != '*' and frame['symbol'] != name and (named or frame['symbol'] is not None):
            wrong.append(f"#{first + i} symbol {frame['symbol']}, should be {name}")
        if frame['signal'] != (name == '*signal'):
            wrong.append(f"#{first + i} signal {frame['signal']}")
    missing = len(truth) - (len(frames) - first)
    if missing > 0 and thread['status'] == 'complete':
        wrong.append(f'complete, and {missing} frames are missing')
    if -missing > FRAMES_BELOW:
        wrong.append(f'{-missing} frames below the recorded ones')
    return wrong, thread['status'] == 'complete' and missing <= 0


def is_stopped(pid):
    return all(re.sub(r'.*\) ', '', open(stat).read())[0] == 'T' for stat in glob.glob(f'/proc/{pid}/task/*/stat'))


def take(command, pid):
    dump = subprocess.run([*command, '--json', str(pid)], stdout=subprocess.PIPE)
    return json.loads(dump.stdout)['processes'][0]['threads']


def check(program, how, threads, truth, result, said):
    """Compares each of THREADS with the TRUTH; counts go to RESULT, differences are SAID."""
    for thread in threads:
        wrong, complete = compare(thread, truth[thread['tid']], 'stripped' not in program[2])
        where = f'{"-".join(program)} {how} {thread["name"]} {truth[thread["tid"]][0][0]}'
        result['wrong'] += bool(wrong)
        result['complete'] += not wrong and complete
        result['incomplete'] += not wrong and not complete
        said += [f'WRONG {where}: {w}' for w in wrong]
        if not wrong and not complete:
            said.append(f'incomplete {where}: {thread["reason"]}')


def compare_engines(dump, program, result):
    """The differences between the engines in DUMP; counts its stacks in RESULT."""
    said = []
    for thread in json.loads(dump)['processes'][0]['threads']:
        verify, frames = thread['verify'], thread['frames']
        where = f'{"-".join(program)} {thread["name"]}'
        if thread['method'] == 'none':
            continue
        at = verify['frames']
        result[verify['result']] += 1
        if verify['result'] == 'differs':
            said.append(f"WRONG {where}: engines differ at #{at}: {verify['pc']} and {verify['second_pc']}")
        # At the end of a function the second engine does not know what was restored already.
        elif (verify['result'] == 'partly' and thread['name'] not in SPINNING and at < len(frames)
              and (frames[at]['via'] == 'cfi' or frames[at]['via'] == 'debug-frame' and program[2] in UNSTRIPPED)):
            said.append(f"WRONG {where}: #{at}, found via {frames[at]['via']}, is not compared: {verify['reason']}")
    return said


def run_one(nspeek, deny, work, program):
    path = f'{work}/{"-".join(program)}'
    output = path + '.out'
    result = collections.Counter()
    said = []
    with open(output, 'w') as out:
        target = subprocess.Popen(command_of(path, program[2], work), stdout=out)
    try:
        deadline = time.time() + 20
        while 'READY' not in open(output).read() or not settled(target.pid):
            if time.time() > deadline or target.poll() is not None:
                return result, [f'{"-".join(program)}: it does not come to rest']
            time.sleep(0.01)
        truth = read_truth(open(output).read())
        # Where the rest is does not matter for what is followed without registers.
        for sample in range(SAMPLES if program[2] in APART else SAMPLES + 1):
            if sample < SAMPLES:
                how, threads = 'running', take([nspeek, 'stack'], target.pid)
                found_via = {f['via'] for t in threads for f in t['frames'][1:]}
                if (not VIA[program[1]] <= found_via <= ALL_VIA or 'sigreturn' not in found_via
                        or {f['via'] for t in threads for f in t['frames'][:1]} != {None}):
                    said.append(f'WRONG {"-".join(program)}: frames were found via {found_via}')
            else:
                target.send_signal(signal.SIGSTOP)
                while not is_stopped(target.pid):
                    time.sleep(0.001)
                how, threads = 'stopped', take([deny, 'bpf=EPERM', '--', nspeek, 'stack', '--pause=never'], target.pid)
            if len(threads) != len(truth):
                said.append(f'{"-".join(program)}: {len(threads)} threads, should be {len(truth)}')
            if 0 < sample < SAMPLES:
                threads = [t for t in threads if t['name'] in SPINNING]
            check(program, how, threads, truth, result, said)
        target.send_signal(signal.SIGCONT)
        # Stopped at last, which may end calls, and shows all registers.
        for pause in ('never', 'all'):
            dump = subprocess.run([nspeek, 'stack', '--verify', '--pause=' + pause, '--json', str(target.pid)],
                                  stdout=subprocess.PIPE)
            said += compare_engines(dump.stdout, program, result)
    finally:
        target.kill()
        target.wait()
        os.unlink(path)
    return result, said


def main():
    compiler, nspeek, deny, sources, work = sys.argv[1:6]
    wanted = [p for p in programs() if len(sys.argv) == 6 or '-'.join(p) in sys.argv[6:]]
    table = collections.defaultdict(collections.Counter)
    said = []
    os.makedirs('/usr/lib/debug', exist_ok=True)  # what is mounted over
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda c: compile_one(compiler, sources, work, *c),
                      [(level, tables) for level in LEVELS for tables in ('eh', 'debug')]))
        list(pool.map(lambda p: link_one(compiler, work, p), wanted))
        for program, (result, lines) in zip(wanted, pool.map(lambda p: run_one(nspeek, deny, work, p), wanted)):
            table[program[1:]].update(result)
            said += lines
    total = collections.Counter()
    columns = {'wrong': 8, 'complete': 8, 'incomplete': 10, 'same': 8, 'partly': 8, 'differs': 8}
    print(f'{compiler:24}', *[f'{name:>{width}}' for name, width in columns.items()])
    for row in [*table, None]:
        counts = table[row] if row else total
        total.update(counts if row else {})
        print(f'{"-".join(row) if row else "all":24}', *[f'{counts[name]:{width}}' for name, width in columns.items()])
    # Where both engines can tell, they have to have told.
    said += [f'WRONG {"-".join(row)}: nothing was compared' for row, counts in table.items()
             if compiler != 'musl-gcc' and (row[0] == 'eh' or row[0] == 'debug' and row[1] in UNSTRIPPED)
             and counts['same'] == 0]
    print('\n'.join(said))
    threads = total['wrong'] + total['complete'] + total['incomplete']
    bad = [line for line in said if not line.startswith('incomplete ')]
    return 1 if bad or threads == 0 or total['incomplete'] * 100 > threads else 0


sys.exit(main())

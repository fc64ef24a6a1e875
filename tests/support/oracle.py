#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""oracle.py COMPILER NSPEEK FIXTURE_SOURCES WORK [PROGRAM...]

Builds the call chain programs with COMPILER in every way that decides how they can be unwound, runs
each once with a thread for every situation, and compares what nspeek says of each thread, frame by
frame, with what the thread says of itself (fixtures/chain.h). Prints a table, and each difference.
Exits with 1 when a frame is wrong, or more than one stack in a hundred is incomplete, or one that is
incomplete does not say why."""
import collections, concurrent.futures, glob, json, os, platform, re, subprocess, sys, time

SOURCES = ['chain.c', 'chain_calls.c', 'chain_main.c']
LEVELS = {'O0': '-O0', 'O2': '-O2', 'Os': '-Os', 'O0-unframed': '-O0 -fomit-frame-pointer',
          'O2-framed': '-O2 -fno-omit-frame-pointer'}
# How the program's own functions can be unwound; what is done to the finished file.
TABLES = {'eh': ('-fasynchronous-unwind-tables', None),
          'debug': ('-fno-asynchronous-unwind-tables -fno-unwind-tables', None),
          'none': ('-fno-asynchronous-unwind-tables -fno-unwind-tables', '--strip-debug')}
FORMS = {'dynamic': ([], None), 'static': (['-static'], None), 'static-pie': (['-static-pie'], None),
         'stripped': ([], '--strip-all'), 'static-stripped': (['-static'], '--strip-all')}
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
        return FORMS[form][0] or ['-pie'], [], []
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
    subprocess.run([compiler, '-pthread', *before, '-o', path, *first,
                    *[f'{objects}/{s[:-1]}o' for s in SOURCES], *last], check=True)
    strip = FORMS[form][1] or TABLES[tables][1]
    if strip:
        subprocess.run(['strip', strip, path], check=True)


def programs():
    return [(level, tables, form) for level in LEVELS for tables in TABLES for form in FORMS
            # What is stripped has no .debug_frame.
            if not (tables == 'debug' and form not in ('dynamic', 'static'))]


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


def run_one(nspeek, work, program):
    path = f'{work}/{"-".join(program)}'
    output = path + '.out'
    result = collections.Counter()
    said = []
    with open(output, 'w') as out:
        target = subprocess.Popen([path, 'matrix'], stdout=out)
    try:
        deadline = time.time() + 20
        while 'READY' not in open(output).read() or not settled(target.pid):
            if time.time() > deadline or target.poll() is not None:
                return result, [f'{"-".join(program)}: it does not come to rest']
            time.sleep(0.01)
        truth = read_truth(open(output).read())
        for sample in range(SAMPLES):
            dump = subprocess.run([nspeek, 'stack', '--json', str(target.pid)], stdout=subprocess.PIPE)
            threads = json.loads(dump.stdout)['processes'][0]['threads']
            found_via = {f['via'] for t in threads for f in t['frames'][1:]}
            if (not VIA[program[1]] <= found_via <= ALL_VIA or 'sigreturn' not in found_via
                    or {t['frames'][0]['via'] for t in threads} != {None}):
                said.append(f'WRONG {"-".join(program)}: frames were found via {found_via}')
            if len(threads) != len(truth):
                said.append(f'{"-".join(program)}: {len(threads)} threads, should be {len(truth)}')
            for thread in threads:
                if sample > 0 and thread['name'] not in SPINNING:
                    continue
                wrong, complete = compare(thread, truth[thread['tid']], 'stripped' not in program[2])
                where = f'{"-".join(program)} {thread["name"]} {truth[thread["tid"]][0][0]}'
                result['wrong'] += bool(wrong)
                result['complete'] += not wrong and complete
                result['incomplete'] += not wrong and not complete
                said += [f'WRONG {where}: {w}' for w in wrong]
                if not wrong and not complete:
                    said.append(f'incomplete {where}: {thread["reason"]}')
    finally:
        target.kill()
        target.wait()
        os.unlink(path)
    return result, said


def main():
    compiler, nspeek, sources, work = sys.argv[1:5]
    wanted = [p for p in programs() if len(sys.argv) == 5 or '-'.join(p) in sys.argv[5:]]
    table = collections.defaultdict(collections.Counter)
    said = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda c: compile_one(compiler, sources, work, *c),
                      [(level, tables) for level in LEVELS for tables in ('eh', 'debug')]))
        list(pool.map(lambda p: link_one(compiler, work, p), wanted))
        for program, (result, lines) in zip(wanted, pool.map(lambda p: run_one(nspeek, work, p), wanted)):
            table[program[1:]].update(result)
            said += lines
    total = collections.Counter()
    print(f'{compiler:20} {"wrong":>8} {"complete":>8} {"incomplete":>10}')
    for row in [*table, None]:
        counts = table[row] if row else total
        total.update(counts if row else {})
        print(f'{"-".join(row) if row else "all":20} {counts["wrong"]:8} {counts["complete"]:8} {counts["incomplete"]:10}')
    print('\n'.join(said))
    threads = sum(total.values())
    bad = [line for line in said if not line.startswith('incomplete ')]
    return 1 if bad or threads == 0 or total['incomplete'] * 100 > threads else 0


sys.exit(main())

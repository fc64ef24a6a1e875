#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""oracle.py COMPILER NSPEEK DENY FIXTURE_SOURCES WORK [PROGRAM...]

Builds the call chain programs of COMPILER's language (oracle_LANGUAGE.py) in every way that decides how they can be
unwound, runs each once with a thread for every situation, and compares what nspeek says of each thread, frame by
frame, with what the thread says of itself (fixtures/chain.h), and, for C, with what the second engine says: by the
default policy, and, for C, once more of the stopped program with nothing but /proc, which does not know the registers
that a callee preserves (a kernel without bpf(2) is made by the fixture DENY). Prints a table, and each difference.
Exits with 1 when a frame is wrong, or more than one stack in a hundred is incomplete, or one that is incomplete does
not say why; when engines differ, or one could not follow the other where there is call frame information."""
import collections, concurrent.futures, glob, importlib, json, os, re, signal, subprocess, sys, time

LANGUAGES = {'go': 'oracle_go', 'rustc': 'oracle_rust'}  # the others compile C
ALL_VIA = {'cfi', 'debug-frame', 'forward', 'frame-pointer', 'sigreturn', 'rbp-recovered', 'gopclntab'}
FRAMES_BELOW = 3   # and below
FRAMES_BETWEEN = 16  # where the truth says that there are some
SAMPLES = 3        # dumps of one program: a spinning thread is elsewhere each time


def is_spinning(name):
    return name.startswith('spin')


def settled(pid, language):
    """All threads that can sleep do, and did not run between two looks."""
    def look():
        seen = {}
        for task in glob.glob(f'/proc/{pid}/task/*'):
            name = open(task + '/comm').read().strip()
            state = re.sub(r'.*\) ', '', open(task + '/stat').read()).split()[0]
            if is_spinning(name) or language.is_idle(name):
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


def fill_gaps(truth, pcs, first):
    """The truth with frames that nothing is known of in the place of each `**`, as many as lead to the next known pc."""
    filled = []
    for i, (name, pc) in enumerate(truth):
        at = first + len(filled)
        if name != '**':
            filled.append((name, pc))
            continue
        unknown = 0
        while i + 1 + unknown < len(truth) and truth[i + 1 + unknown][1] is None:
            unknown += 1
        known = truth[i + 1 + unknown][1]
        if known in pcs[at:at + FRAMES_BETWEEN]:
            filled += [('*', None)] * (pcs.index(known, at) - at - unknown)
        elif len(pcs) - at <= FRAMES_BETWEEN:
            filled += [('*', None)] * FRAMES_BETWEEN  # the chain stops here
    return filled


def compare(thread, truth, named, language):
    """The differences; whether all of the truth is there."""
    frames = thread['frames']
    pcs = [int(f['pc'], 16) for f in frames]
    known = 0 if truth[0][1] is not None else 1
    first = pcs.index(truth[known][1]) - known if truth[known][1] in pcs else None
    if thread['status'] == 'complete' and thread['reason'] or thread['status'] != 'complete' and not thread['reason']:
        return [f"status {thread['status']} with reason {thread['reason']}"], False
    if first is None or first < 0:
        if thread['status'] == 'complete' or len(frames) > language.frames_above + 1:
            return [f"no recorded frame in {[(f['pc'], f['symbol']) for f in frames]}"], False
        return [], False
    wrong = []
    truth = fill_gaps(truth, pcs, first)
    if first > language.frames_above:
        wrong.append(f'{first} frames above the recorded ones')
    for i, (name, pc) in enumerate(truth):
        if first + i >= len(frames):
            break
        frame = frames[first + i]
        if pc is not None and int(frame['pc'], 16) != pc:
            wrong.append(f"#{first + i} pc {frame['pc']}, should be {pc:#x} in {name}")
        if name[0] != '*' and not language.same_name(frame['symbol'] or '', name) and (named or frame['symbol'] is not None):
            wrong.append(f"#{first + i} symbol {frame['symbol']}, should be {name}")
        if frame['signal'] != (name == '*signal'):
            wrong.append(f"#{first + i} signal {frame['signal']}")
    missing = len(truth) - (len(frames) - first)
    if missing > 0 and thread['status'] == 'complete':
        wrong.append(f'complete, and {missing} frames are missing')
    if -missing > FRAMES_BELOW:
        wrong.append(f'{-missing} frames below the recorded ones')
    return wrong, thread['status'] == 'complete' and missing <= 0


def judge(thread, truth, program, language):
    """What THREAD is counted as, and what is said of it."""
    if not truth:
        wrong = [] if language.is_idle(thread['name']) else ['it says nothing of itself']
        complete = thread['status'] == 'complete'
        if complete == bool(thread['reason']):
            wrong.append(f"status {thread['status']} with reason {thread['reason']}")
    elif is_spinning(thread['name']) and language.has_moved(thread):
        return 'complete', []
    else:
        wrong, complete = compare(thread, truth, language.is_named(program), language)
    where = f'{"-".join(program)} {thread["name"]} {truth[0][0] if truth else ""}'
    if wrong:
        return 'wrong', [f'WRONG {where}: {w}' for w in wrong]
    return ('complete', []) if complete else ('incomplete', [f'incomplete {where}: {thread["reason"]}'])


def is_stopped(pid):
    return all(re.sub(r'.*\) ', '', open(stat).read())[0] == 'T' for stat in glob.glob(f'/proc/{pid}/task/*/stat'))


def take(command, pid):
    dump = subprocess.run([*command, '--json', str(pid)], stdout=subprocess.PIPE)
    threads = json.loads(dump.stdout)['processes'][0]['threads']
    for thread in threads:  # what is inlined was not unwound: it stands above the frame that it is in
        thread['frames'] = [f for f in thread['frames'] if not f['inline']]
    return threads


def compare_engines(threads, program, language, result):
    """The differences between the engines in THREADS; counts their stacks in RESULT."""
    said = []
    for thread in threads:
        verify, frames = thread['verify'], thread['frames']
        where = f'{"-".join(program)} {thread["name"]}'
        if thread['method'] == 'none':
            continue
        at = verify['frames']
        result[verify['result']] += 1
        if verify['result'] == 'differs':
            said.append(f"WRONG {where}: engines differ at #{at}: {verify['pc']} and {verify['second_pc']}")
        # At the end of a function the second engine does not know what was restored already.
        elif (verify['result'] == 'partly' and not is_spinning(thread['name']) and at < len(frames)
              and frames[at]['via'] in language.second_engine_via(program)):
            said.append(f"WRONG {where}: #{at}, found via {frames[at]['via']}, is not compared: {verify['reason']}")
    return said


def sample(command, how, pid, truth, program, language, everyone):
    """What COMMAND says of the program PID: the verdicts on EVERYONE, or on those that are never at rest; what is said."""
    result = collections.Counter()
    said = []
    threads = take(command, pid)
    found_via = {f['via'] for t in threads for f in t['frames'][1:]}
    if (how == 'running' and not language.via(program) <= found_via or not found_via <= ALL_VIA
            or {f['via'] for t in threads for f in t['frames'][:1]} != {None}):
        said.append(f'WRONG {"-".join(program)} {how}: frames were found via {found_via}')
    missing = truth.keys() - {t['tid'] for t in threads}
    if missing:
        said.append(f'{"-".join(program)} {how}: threads {missing} are not there')
    for thread in threads:
        if everyone or is_spinning(thread['name']):
            verdict, lines = judge(thread, truth.get(thread['tid']), (*program, how), language)
            result[verdict] += 1
            said += lines
    return result, said


def run_one(nspeek, deny, path, program, language):
    output = path + '.out'
    result = collections.Counter()
    said = []
    with open(output, 'w') as out:
        target = subprocess.Popen(language.command(program, path), stdout=out, env={**os.environ, **language.environment})
    try:
        deadline = time.time() + 20
        while 'READY' not in open(output).read() or not settled(target.pid, language):
            if time.time() > deadline or target.poll() is not None:
                return result, [f'{"-".join(program)}: it does not come to rest']
            time.sleep(0.01)
        truth = read_truth(open(output).read())
        for i in range(SAMPLES):
            verdicts, lines = sample([nspeek, 'stack'], 'running', target.pid, truth, program, language, i == 0)
            result.update(verdicts)
            said += lines
        if language.is_taken_without_registers(program):
            target.send_signal(signal.SIGSTOP)
            while not is_stopped(target.pid):
                time.sleep(0.001)
            verdicts, lines = sample([deny, 'bpf=EPERM', '--', nspeek, 'stack', '--pause=never'], 'stopped', target.pid,
                                     truth, program, language, True)
            result.update(verdicts)
            said += lines
            target.send_signal(signal.SIGCONT)
        # Stopped at last, which may end calls, and shows all registers.
        for pause in ('never', 'all') if language.second_engine_via(program) else ():
            said += compare_engines(take([nspeek, 'stack', '--verify', '--pause=' + pause], target.pid), program, language,
                                    result)
    finally:
        target.kill()
        target.wait()
        os.unlink(path)
    return result, said


def main():
    compiler, nspeek, deny, sources, work = sys.argv[1:6]
    language = importlib.import_module(LANGUAGES.get(os.path.basename(compiler), 'oracle_c')).Language(compiler, sources, work)
    wanted = [p for p in language.programs() if len(sys.argv) == 6 or '-'.join(p) in sys.argv[6:]]
    table = collections.defaultdict(collections.Counter)
    said = []

    def path(program):
        return f'{work}/{"-".join(program)}'

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        language.prepare(pool)
        list(pool.map(lambda p: language.build(p, path(p)), wanted))
        results = pool.map(lambda p: run_one(nspeek, deny, path(p), p, language), wanted)
        for program, (result, lines) in zip(wanted, results):
            table[language.group(program)].update(result)
            said += lines
    total = collections.Counter()
    columns = {'wrong': 8, 'complete': 8, 'incomplete': 10, 'same': 8, 'partly': 8, 'differs': 8}
    print(f'{os.path.basename(compiler):24}', *[f'{name:>{width}}' for name, width in columns.items()])
    for row in [*table, None]:
        counts = table[row] if row else total
        total.update(counts if row else {})
        print(f'{"-".join(row) if row else "all":24}', *[f'{counts[name]:{width}}' for name, width in columns.items()])
    # Where both engines can tell, they have to have told.
    said += [f'WRONG {"-".join(program)}: nothing was compared' for program in wanted
             if language.must_be_compared(program) and table[language.group(program)]['same'] == 0]
    print('\n'.join(said))
    threads = total['wrong'] + total['complete'] + total['incomplete']
    bad = [line for line in said if not line.startswith('incomplete ')]
    return 1 if bad or threads == 0 or total['incomplete'] * 100 > threads else 0


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""callsites.py NSPEEK PROGRAM ROUNDS

Runs PROGRAM, a Go program of fixed addresses that prints READY, takes its stacks ROUNDS times, and
looks at what lies before each return address: it has to be a call, and nearly always the one of the
very function that the frame above is in. Every chain has to end where one can, or to say why not.
Prints what was counted; exits with 1 when something is not so."""
import collections, json, re, struct, subprocess, sys

# Where chains of Go are complete.
ENDS = re.compile(r'runtime\.(goexit|mcall|morestack|clone|rt0_go)(\.abi0)?$')

# What the runtime makes a function call that was interrupted.
INJECTED = re.compile(r'runtime\.(asyncPreempt|sigpanic)(\.abi0)?$')


def read_code(path):
    data = open(path, 'rb').read()
    offset, count = struct.unpack_from('<Q', data, 32)[0], struct.unpack_from('<H', data, 56)[0]
    headers = [struct.unpack_from('<IIQQQQQQ', data, offset + 56 * i) for i in range(count)]
    segments = [(vaddr, data[at:at + size]) for kind, flags, at, vaddr, _, size, _, _ in headers
                if kind == 1 and flags & 1]

    def code(address, count):
        for vaddr, content in segments:
            if vaddr <= address < vaddr + len(content):
                return content[address - vaddr:address - vaddr + count]
        return b''
    return code


def classify(code, callee, caller):
    pc = int(caller['pc'], 16)
    start = int(callee['pc'], 16) - int(callee['symbol_offset'], 16)
    before = code(pc - 7, 7)
    if len(before) == 7 and before[2] == 0xe8:
        return 'direct' if pc + struct.unpack('<i', before[3:])[0] == start else 'other'
    if any(before[7 - n] == 0xff and before[8 - n] & 0x38 == 0x10 for n in range(2, 8)):
        return 'indirect'
    return 'none'


def look(thread, code, counts, said):
    frames = thread['frames']
    counts[thread['status']] += 1
    if not frames:
        return
    last = frames[-1]['symbol'] or ''
    if thread['status'] == 'complete' and not ENDS.match(last) or thread['status'] != 'complete' and not thread['reason']:
        said.append(f"{thread['status']} at {last}: {thread['reason']}")
    for callee, caller in zip(frames, frames[1:]):
        if ENDS.match(caller['symbol'] or '') and 'goexit' in caller['symbol']:
            continue  # nobody calls anything there
        if INJECTED.match(callee['symbol'] or '') or callee['signal'] or caller['signal'] or not callee['symbol'] or not code(int(caller['pc'], 16), 1):
            continue
        kind = classify(code, callee, caller)
        counts[kind] += 1
        if kind == 'none':
            said.append(f"{callee['symbol']} is not called at {caller['symbol']}+{caller['symbol_offset']}")


def main():
    nspeek, program, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    code, counts, said = read_code(program), collections.Counter(), []
    target = subprocess.Popen([program], stdout=subprocess.PIPE)
    try:
        target.stdout.readline()
        for _ in range(rounds):
            dump = subprocess.run([nspeek, 'stack', '--json', str(target.pid)], stdout=subprocess.PIPE)
            for thread in json.loads(dump.stdout)['processes'][0]['threads']:
                look(thread, code, counts, said)
    finally:
        target.kill()
        target.wait()
    print(dict(counts))
    print('\n'.join(said))
    # Some functions are called by a jump of another one, or in their middle.
    return 1 if said or counts['complete'] == 0 or counts['other'] * 10 > counts['direct'] else 0


sys.exit(main())

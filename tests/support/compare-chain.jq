# SPDX-License-Identifier: GPL-2.0-or-later
# Compares what `nspeek stack --json` printed with the truth that a call chain printed of itself.
# Arguments: $truth (text, see fixtures/chain.h); $names ("all": every recorded function must be
# named; "none": names may be unknown, but none may be wrong); $above, $below (how many frames of the
# library may stand above and below the recorded ones). Output: one line for each difference; nothing when all
# is right. Every thread of the process must be in the truth.

def canonical: if . == null then null else ascii_downcase | ltrimstr("0x") | sub("^0+"; "") end;

def truth_of_threads:
  $truth | split("\n") | map(select(startswith("frame ")) | split(" ")
    | {tid: (.[1] | tonumber), name: .[2], pc: (if .[3] == "-" then null else .[3] | canonical end)})
  | group_by(.tid) | map({key: (.[0].tid | tostring), value: .}) | from_entries;

# Where the recorded frames begin in the printed ones, or null.
def first_recorded($true_frames):
  if $true_frames[0].pc != null
  then ([.[] | .pc | canonical] | index($true_frames[0].pc))
  else ([.[] | .pc | canonical] | index($true_frames[1].pc) | if . == null or . == 0 then null else . - 1 end)
  end;

def compare_frame($true_frame; $where):
  if . == null then "\($where): missing, should be \($true_frame.name)"
  else
    (select($true_frame.pc != null and (.pc | canonical) != $true_frame.pc)
      | "\($where): pc \(.pc), should be 0x\($true_frame.pc) in \($true_frame.name)"),
    (select(($true_frame.name | startswith("*") | not) and .symbol != $true_frame.name
        and ($names == "all" or .symbol != null))
      | "\($where): symbol \(.symbol), should be \($true_frame.name)"),
    (select(.signal != ($true_frame.name == "*signal")) | "\($where): signal is \(.signal)"),
    (select(.module == null) | "\($where): no module")
  end;

def compare_thread($true_frames):
  (.frames | map(select(.inline | not))) as $frames
  | "thread \(.tid) (\(.name))" as $thread
  | (select(.status != "complete") | "\($thread): status \(.status): \(.reason)"),
    ($frames | first_recorded($true_frames)) as $first
  | if $first == null then "\($thread): no recorded frame in \($frames | map([.pc, .symbol]) | tojson)"
    else
      (select($first > $above)
        | "\($thread): \($first) frames above the recorded ones: \($frames[:$first] | map(.symbol) | tojson)"),
      (range(0; $true_frames | length) as $i
        | $frames[$first + $i] | compare_frame($true_frames[$i]; "\($thread) frame \($first + $i)")),
      (($frames | length) - $first - ($true_frames | length)
        | select(. > $below) | "\($thread): \(.) frames below the recorded ones")
    end;

truth_of_threads as $true_threads
| .processes[0].threads as $threads
| (select(($threads | length) != ($true_threads | length))
    | "\($threads | length) threads, should be \($true_threads | length)"),
  ($threads[] | . as $thread | $true_threads[.tid | tostring]
    | if . == null then "thread \($thread.tid) is not in the truth"
      else . as $true_frames | $thread | compare_thread($true_frames) end)

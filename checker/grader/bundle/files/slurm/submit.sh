#!/bin/bash
# Grades a class in <%.Shards%> parts on a Slurm cluster whose nodes share a file system:
#   ./submit.sh CLASS RESULTS
# CLASS is what "checker grade" takes. RESULTS gets results.json and index.html, a log of
# each part and a cache, so the same command may be given again. The nodes need Go and
# bubblewrap; "go tool checker doctor" says on a node what it lacks. BAREWIRE names the
# workshop's folder where it is another than <%.Root%>.
set -euo pipefail
root=<%quote .Root%>
[[ $# = 2 ]] || { sed -n '2,3s/^# //p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
class=$(realpath "$1")
mkdir -p "$2"
results=$(realpath "$2")
(cd "${BAREWIRE:-$root}" && go tool -n checker >/dev/null && go tool -n grader >/dev/null) # compiled once, not by each task
job=$(sbatch --parsable "$here/grade.sbatch" "$class" "$results")
merge=$(sbatch --parsable --dependency="afterok:$job" --kill-on-invalid-dep=yes "$here/merge.sbatch" "$class" "$results")
echo "grading is job $job, joining the parts job $merge; squeue says how far they are"

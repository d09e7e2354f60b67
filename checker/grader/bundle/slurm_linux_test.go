package bundle

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"barewire/checker/grader/result"
	"barewire/checker/grader/sandbox"
	"barewire/checker/internal/starter"

	"github.com/google/go-cmp/cmp"
)

// A cluster is a Slurm of one machine, on loopback, with files of its own.
type cluster struct {
	dir string
	env []string
}

// freePorts returns ports of loopback that nothing listens on.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var all []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		all = append(all, l.Addr().(*net.TCPAddr).Port)
	}
	return all
}

// startSlurm starts munged, slurmctld and slurmd, and ends them with the test.
func startSlurm(t *testing.T) *cluster {
	t.Helper()
	for _, name := range []string{"munged", "slurmctld", "slurmd", "sbatch"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("not run: there is no Slurm: apt-get install --no-install-recommends slurm-wlm munge")
		}
	}
	if os.Getuid() != 0 {
		t.Skip("not run: Slurm's daemons start jobs, and so are root's")
	}
	dir, err := os.MkdirTemp("", "slurm-") // a short name: sockets are in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	key := make([]byte, 128)
	rand.Read(key)
	if err := os.WriteFile(filepath.Join(dir, "key"), key, 0o400); err != nil {
		t.Fatal(err)
	}
	ports := freePorts(t, 2)
	config := fmt.Sprintf(`ClusterName=test
SlurmctldHost=%[1]s(127.0.0.1)
SlurmctldPort=%[2]d
SlurmdPort=%[3]d
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket=%[4]s/munge.socket
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=%[4]s/state
SlurmdSpoolDir=%[4]s/spool
SlurmctldPidFile=%[4]s/slurmctld.pid
SlurmdPidFile=%[4]s/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0
KillOnBadExit=0
NodeName=%[1]s NodeAddr=127.0.0.1 CPUs=8 RealMemory=20000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`, host, ports[0], ports[1], dir)
	for _, name := range []string{"state", "spool"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "slurm.conf"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	c := &cluster{dir: dir, env: append(os.Environ(), "SLURM_CONF="+filepath.Join(dir, "slurm.conf"))}
	c.daemon(t, "munged", "--foreground", "--force", "--key-file="+dir+"/key", "--socket="+dir+"/munge.socket", "--pid-file="+dir+"/munge.pid", "--log-file="+dir+"/munge.log", "--seed-file="+dir+"/munge.seed")
	for range 100 {
		if _, err := os.Stat(dir + "/munge.socket"); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.daemon(t, "slurmctld", "-D", "-i", "-f", dir+"/slurm.conf")
	c.daemon(t, "slurmd", "-D", "-N", host, "-f", dir+"/slurm.conf")
	c.wait(t, "the node is idle", func() bool { return strings.Contains(c.run(t, "sinfo", "-h", "-o", "%T"), "idle") })
	return c
}

// daemon starts a program, which the end of the test ends by its process id.
func (c *cluster) daemon(t *testing.T, name string, args ...string) {
	t.Helper()
	log, err := os.Create(filepath.Join(c.dir, name+".out"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log.Close()
	t.Cleanup(func() {
		kill := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		kill.Stop()
		if out, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("%s:\n%.3000s", name, out)
		}
	})
}

func (c *cluster) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = c.env
	out, err := cmd.CombinedOutput()
	if err != nil && name != "sinfo" {
		t.Errorf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func (c *cluster) wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	for begun := time.Now(); !done(); time.Sleep(200 * time.Millisecond) {
		if time.Since(begun) > 3*time.Minute {
			t.Fatalf("it takes longer than three minutes until %s", what)
		}
	}
}

// standIn is a go command that grades nothing: it notes what it is asked, as each part
// of the class does in its log, and joins the logs.
const standIn = `#!/bin/bash
set -euo pipefail
case "$2 ${3-}" in
"-n "*) exit 0 ;;
"checker grade")
	[[ $4 = -shard && $5 = auto ]] || { echo "$*"; exit 2; }
	while [[ $1 != -o ]]; do shift; done
	[[ $SLURM_ARRAY_TASK_MIN = 0 && $SLURM_ARRAY_TASK_MAX = $((SLURM_ARRAY_TASK_COUNT - 1)) ]] || exit 2
	echo "part $SLURM_ARRAY_TASK_ID of $SLURM_ARRAY_TASK_COUNT of $3 in $PWD" >"$2/shard-$SLURM_ARRAY_TASK_ID-of-$SLURM_ARRAY_TASK_COUNT.jsonl" ;;
"checker merge")
	out=$5 class=$7
	shift 7
	cat "$@" >"$out/results.json" ;;
*) echo "$*" >&2; exit 2 ;;
esac
`

// TestSlurm submits a class to a real Slurm, with folders that have spaces in their names.
func TestSlurm(t *testing.T) {
	c := startSlurm(t)
	work := filepath.Join(t.TempDir(), "it's a course")
	for _, name := range []string{"class", "bin", "workshop"} {
		if err := os.MkdirAll(filepath.Join(work, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(work, "bin", "go"), []byte(standIn), 0o755); err != nil {
		t.Fatal(err)
	}
	c.env = append(c.env, "PATH="+filepath.Join(work, "bin")+":"+os.Getenv("PATH"))
	o := options(t)
	o.Root = filepath.Join(work, "workshop")
	dir, _ := lay(t, "slurm", o)
	results := filepath.Join(work, "results")
	t.Chdir(t.TempDir()) // where Slurm writes what the jobs print
	out := c.run(t, filepath.Join(dir, "submit.sh"), filepath.Join(work, "class"), results)
	c.wait(t, "all jobs have ended", func() bool { return c.run(t, "squeue", "-h") == "" })
	got, err := os.ReadFile(filepath.Join(results, "results.json"))
	want := ""
	for i := range 4 {
		want += fmt.Sprintf("part %d of 4 of %s in %s\n", i, filepath.Join(work, "class"), o.Root)
	}
	if err != nil || string(got) != want {
		logs, _ := filepath.Glob("barewire-*")
		for _, name := range logs {
			text, _ := os.ReadFile(name)
			out += name + ":\n" + string(text)
		}
		t.Errorf("%v\ngot  %q\nwant %q\n%s", err, got, want, out)
	}
}

// smallClass lays twelve submissions of step 2, of all sorts, and the rubric by which
// nothing else counts.
func smallClass(t *testing.T, repository string) (dir, rules string) {
	t.Helper()
	dir, rules = filepath.Join(t.TempDir(), "class"), filepath.Join(t.TempDir(), "rubric.json")
	if err := os.WriteFile(rules, []byte(`{"points": {"2": 10}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	const step = "02-request-line"
	more := []string{ // what each of them has beside the reference
		"// nothing", "var x int = \"one\"", "func init() { panic(\"all passed\") }", "import _ \"net/http\"", "import _ \"barewire/solutions/" + step + "\"", "func init() { println(\"--- PASS\") }",
	}
	for i := range 12 {
		folder := filepath.Join(dir, fmt.Sprintf("student%d", i), "steps", step)
		tree := "solutions"
		if i%4 == 3 {
			tree = "steps"
		}
		files, err := filepath.Glob(filepath.Join(repository, tree, step, "*.go"))
		if err != nil || len(files) == 0 || os.MkdirAll(folder, 0o755) != nil {
			t.Fatal(err, folder)
		}
		texts := map[string]string{"more.go": "package reqline\n\n" + more[i%len(more)] + "\n"}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(name, "_test.go") {
				texts[filepath.Base(name)] = string(starter.ToSteps(text))
			}
		}
		for name, text := range texts {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir, rules
}

// timeless reads results without what differs from one grading to the next: times, and
// whether a busy machine had to try again.
func timeless(t *testing.T, name string) *result.Document {
	t.Helper()
	d, err := result.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	d.Started, d.Finished = time.Time{}, time.Time{}
	for i := range d.Submissions {
		s := &d.Submissions[i]
		s.Seconds, s.Graded = 0, time.Time{}
		for j := range s.Checks {
			c := &s.Checks[j]
			if c.Seconds = 0; c.Retried > 0 && c.Outcome == result.Passed {
				c.Retried, c.Detail = 0, ""
			}
		}
	}
	return d
}

// TestSlurm_Grader has a class graded by the tasks of a Slurm array, and again by one
// call: the results are the same.
func TestSlurm_Grader(t *testing.T) {
	repository := root(t)
	tmp, err := sandbox.Private("")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	if _, _, err := sandbox.Best(t.Context(), sandbox.Setup{Root: repository, Dir: tmp}); err != nil {
		t.Skipf("not run: %v", err)
	}
	c := startSlurm(t)
	class, rules := smallClass(t, repository)
	o := options(t)
	o.Rubric = rules
	dir, _ := lay(t, "slurm", o)
	results := filepath.Join(t.TempDir(), "by Slurm")
	t.Chdir(t.TempDir())
	out := c.run(t, filepath.Join(dir, "submit.sh"), class, results)
	c.wait(t, "all jobs have ended", func() bool { return c.run(t, "squeue", "-h") == "" })
	if _, err := os.Stat(filepath.Join(results, "results.json")); err != nil {
		logs, _ := filepath.Glob("barewire-*")
		for _, name := range logs {
			text, _ := os.ReadFile(name)
			out += name + ":\n" + string(text)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	one := filepath.Join(t.TempDir(), "by one")
	cmd := exec.CommandContext(t.Context(), "go", "tool", "checker", "grade", "-seed", fmt.Sprint(o.Seed), "-rubric", rules, "-o", one, class)
	cmd.Dir = repository
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, want := timeless(t, filepath.Join(results, "results.json")), timeless(t, filepath.Join(one, "results.json"))
	if diff := cmp.Diff(want, got); diff != "" || len(got.Submissions) != 12 {
		t.Errorf("%d submissions (-one call +four tasks of Slurm):\n%s", len(got.Submissions), diff)
	}
}

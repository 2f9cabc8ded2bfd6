//go:build linux

package test

import (
	"strings"
	"testing"
	"time"

	"github.com/lockshim/lockshim/internal/testkit"
)

// contained is a world with one service in a container: of the file of contrib.
func contained(t *testing.T, file string, c setup) (*containers, *tenant) {
	t.Helper()
	testkit.Need(t, "/usr/bin/nsenter", "util-linux")
	testkit.Need(t, "/usr/lib/python3/dist-packages/yaml", "python3-yaml")
	w := worldOf(t, c)
	x := w.tenants[0]
	all := containersOf(w, map[*tenant]string{x: file})
	w.init = all
	return all, x
}

// eachContainer runs a test for the container of each file.
func eachContainer(t *testing.T, test func(t *testing.T, file string)) {
	t.Helper()
	t.Parallel()
	for _, file := range []string{containerFile, deploymentFile} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			test(t, file)
		})
	}
}

// probe is the exit code of one, executed as a runtime does.
func (b *containerRun) probe(words []string) int {
	b.x.t.Helper()
	return b.x.w.ask(append(b.enter(), words...)...).code
}

// A container that starts is not ready before its application is loaded; one that is
// upgraded is ready throughout.
func TestContainerProbes(t *testing.T) {
	eachContainer(t, func(t *testing.T, file string) {
		c, x := contained(t, file, fragile(setup{server: unicorn, hook: true}))
		x.breaks(stuck)
		c.install(x)
		c.boot()
		b := c.runs[x]
		x.line("loading")
		for _, words := range [][]string{b.starting, b.ready} {
			if code := b.probe(words); code == 0 {
				t.Errorf("%q answers 0, and nothing serves", words)
			}
		}
		x.release()
		x.alive()
		upgrade := x.w.begin(append(b.enter(), plain, "upgrade", x.name)...)
		x.line("loading")
		for _, words := range [][]string{b.starting, b.ready} {
			if code := b.probe(words); code != 0 {
				t.Errorf("%q answers %d, and the old generation serves", words, code)
			}
		}
		x.release()
		if got := upgrade.result(); got.code != 0 {
			t.Errorf("upgrade answers %+v", got)
		}
		x.serves()
		c.stop(x)
		x.empty()
	})
}

// As the first process lockshim reaps what somebody leaves behind that a runtime has
// executed in the container.
func TestContainerReapsOrphans(t *testing.T) {
	eachContainer(t, func(t *testing.T, file string) {
		c, x := contained(t, file, setup{server: unicorn, hook: true})
		quit := x.fifo("quit")
		c.install(x)
		c.boot()
		x.alive()
		b := c.runs[x]
		script := "head -n 1 " + x.file("quit") + " >/dev/null 2>&1 & echo $!"
		orphan := watch(t, outside(t, b.first().pid, number(t, x.w.must(append(b.enter(), "sh", "-c", script)...))))
		_, err := quit.WriteString("go\n")
		must(t, err)
		orphan.reaped()
		c.stop(x)
		x.empty()
	})
}

// What is in the words of a pod arrives as it is, where the kubelet would act on it.
func TestDeploymentLeavesWordsAlone(t *testing.T) {
	t.Parallel()
	c, x := contained(t, deploymentFile, setup{server: unicorn, hook: true})
	c.install(x, x.nasty()...)
	c.boot()
	x.arrive()
	c.stop(x)
	x.empty()
}

// The kubelet's patience is longer than preStop, the stop schedule and the ten seconds
// of strays together; and it never kills a container that serves.
func TestDeploymentIsPatient(t *testing.T) {
	t.Parallel()
	c, x := contained(t, deploymentFile, setup{server: unicorn, hook: true})
	c.install(x)
	b := c.runs[x]
	const schedule = 60 + 10 + 10
	if hook := x.seconds(strings.Join(b.preStop[1:], " ")); b.grace < hook+schedule*time.Second {
		t.Errorf("the grace period is %v", b.grace)
	}
	if pod := x.pod(x.w.file(x.name + ".file")); pod.Containers[0].LivenessProbe != nil {
		t.Error("there is a livenessProbe")
	}
}

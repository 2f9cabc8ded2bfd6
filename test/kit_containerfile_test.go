//go:build linux

package test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/contrib"
)

// The files of contrib for containers.
const (
	containerFile  = "container/Containerfile"
	deploymentFile = "container/deployment.yaml"
)

// A manifest is what a runtime has to know of a container.
type manifest struct {
	words    []string // the entrypoint and its arguments
	env      []string
	dir      string
	user     int
	limits   []string // of setpriv(1)
	frozen   bool     // the root file system is read-only
	volumes  [][2]string
	signal   syscall.Signal
	grace    time.Duration
	preStop  []string
	starting []string // the probe of a container that starts
	ready    []string // and of one that has
}

// read fills the tenant's file in, and reads it.
func (c *containers) read(x *tenant, set []contrib.Setting) manifest {
	x.t.Helper()
	path := c.w.file(x.name + ".file")
	if c.files[x] == deploymentFile {
		x.fill(deploymentFile, path, set...)
		return x.readDeployment(path)
	}
	x.fill(containerFile, path, set...)
	text, err := os.ReadFile(path)
	must(x.t, err)
	return x.readContainerfile(string(text))
}

// readContainerfile reads what a container is told by the image, and by the command
// line that a comment recommends. What it installs below /run is done.
func (x *tenant) readContainerfile(text string) manifest {
	x.t.Helper()
	r := manifest{volumes: [][2]string{{x.volume("layer", 0o755), "/run/lockshim"}}, signal: syscall.SIGTERM}
	var install string
	for line := range strings.Lines(text) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch instruction {
		case "ENTRYPOINT", "CMD":
			r.words = append(r.words, x.jsonWords(rest)...)
		case "HEALTHCHECK":
			_, words, _ := strings.Cut(rest, " CMD ")
			r.starting, r.ready = x.jsonWords(words), x.jsonWords(words)
		case "ENV":
			r.env = append(r.env, rest)
		case "WORKDIR":
			r.dir = unquoted(rest)
		case "USER":
			r.user = userID(x.t, rest)
		case "STOPSIGNAL":
			r.signal = unix.SignalNum(rest)
		case "RUN":
			if strings.HasPrefix(rest, "install ") {
				install = rest
			}
		case "#":
			if words := strings.Fields(rest); slices.Contains(words, "--stop-timeout") {
				r.grace = x.seconds(words[slices.Index(words, "--stop-timeout")+1])
			}
		}
	}
	x.w.must("/usr/bin/unshare", "--mount", "--propagation", "private", "sh", "-ec", r.mounts(x)+install)
	return r
}

// readDeployment reads a pod's.
func (x *tenant) readDeployment(path string) manifest {
	x.t.Helper()
	pod := x.pod(path)
	c := pod.Containers[0]
	r := manifest{
		words: expand(slices.Concat(c.Command, c.Args)), dir: c.WorkingDir, user: pod.SecurityContext.RunAsUser,
		limits: []string{"--bounding-set=-all", "--inh-caps=-all"}, frozen: c.SecurityContext.ReadOnlyRootFilesystem,
		signal: syscall.SIGTERM, grace: time.Duration(pod.TerminationGracePeriodSeconds) * time.Second,
		preStop: c.Lifecycle.PreStop.Exec.Command, starting: c.StartupProbe.Exec.Command, ready: c.ReadinessProbe.Exec.Command,
	}
	if !c.SecurityContext.AllowPrivilegeEscalation {
		r.limits = append(r.limits, "--no-new-privs")
	}
	for _, v := range c.Env {
		r.env = append(r.env, v.Name+"="+v.Value)
	}
	for _, m := range c.VolumeMounts {
		r.volumes = append(r.volumes, [2]string{x.volume(m.Name, 0o777), m.MountPath})
	}
	return r
}

// A pod is what the tests read of one: encoding/json takes names in any case.
type pod struct {
	TerminationGracePeriodSeconds int
	SecurityContext               struct{ RunAsUser int }
	Containers                    []struct {
		Command, Args                []string
		WorkingDir                   string
		Env                          []struct{ Name, Value string }
		Lifecycle                    struct{ PreStop probe }
		LivenessProbe                *probe
		StartupProbe, ReadinessProbe probe
		VolumeMounts                 []struct{ Name, MountPath string }
		SecurityContext              struct{ ReadOnlyRootFilesystem, AllowPrivilegeEscalation bool }
	}
}

type probe struct{ Exec struct{ Command []string } }

// pod reads that of a Deployment.
func (x *tenant) pod(path string) pod {
	x.t.Helper()
	text := x.w.must("/usr/bin/python3", "-c", "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))", path)
	var d struct {
		Spec struct{ Template struct{ Spec pod } }
	}
	must(x.t, json.Unmarshal([]byte(text), &d))
	return d.Spec.Template.Spec
}

// expand does what the kubelet does with words: two dollar signs are one, and a
// reference to a variable is its value, here one that nobody expects.
func expand(words []string) []string {
	var found []string
	for _, word := range words {
		found = append(found, reference.ReplaceAllStringFunc(word, func(s string) string {
			if s == "$$" {
				return "$"
			}
			return "the value of " + s[2:]
		}))
	}
	return found
}

var reference = regexp.MustCompile(`\$\$|\$\([^)]*\)`)

// volume is a directory that is there for as long as the tenant.
func (x *tenant) volume(name string, mode os.FileMode) string {
	x.t.Helper()
	dir := x.w.file(x.name + "-" + name)
	must(x.t, os.MkdirAll(dir, mode))
	must(x.t, os.Chmod(dir, mode))
	return dir
}

func (x *tenant) jsonWords(text string) (words []string) {
	x.t.Helper()
	must(x.t, json.Unmarshal([]byte(text), &words))
	return words
}

func (x *tenant) seconds(word string) time.Duration {
	x.t.Helper()
	return time.Duration(number(x.t, word)) * time.Second
}

// unquoted is the word that a line of a Containerfile stands for: its quotes go, and a
// backslash guards what follows it (Dockerfile reference, "Environment replacement").
func unquoted(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		if line[i] == '"' {
			continue
		}
		if line[i] == '\\' && i+1 < len(line) {
			i++
		}
		b.WriteByte(line[i])
	}
	return b.String()
}

// mounts are a shell's lines that give the container its volumes: the first of all is
// the service's directory. They begin with a /run without anything but the tests' own:
// `.` is what the path named before.
func (r *manifest) mounts(x *tenant) string {
	script := "cd " + base + "; mount -t tmpfs -o mode=755 tmpfs /run; mkdir -p " + base + "; mount -c --bind . " + base + "; "
	for _, v := range append([][2]string{{x.dir, x.dir}}, r.volumes...) {
		script += "mkdir -p " + v[1] + "; mount --bind " + v[0] + " " + v[1] + "; "
	}
	if r.frozen {
		for _, dir := range []string{base, "/run", "/"} {
			script += "mount -o remount,bind,ro " + dir + "; "
		}
	}
	return script
}

// drop is the command line that gives up root.
func (r *manifest) drop() []string {
	id := strconv.Itoa(r.user)
	return append([]string{"/usr/bin/setpriv", "--reuid=" + id, "--regid=" + id, "--clear-groups"}, r.limits...)
}

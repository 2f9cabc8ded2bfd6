package proc

import (
	"path"
	"slices"

	"github.com/lockshim/lockshim/shim/profile"
)

// A census is the members of a service, on their way to a View.
type census struct {
	Rules
	members  []Process
	groups   []*group
	commands [][]string // the command lines that a server of this service has
}

// newCensus gathers the members by image and finds out which groups serve.
func newCensus(members []Process, r Rules) *census {
	c := &census{Rules: r, members: members}
	c.commands = c.commandLines()
	if r.Profile.Name == generic {
		c.infer()
	}
	c.groups = groups(members, r.Known)
	for i, g := range c.groups {
		g.known = c.knownAs(g)
		if slices.ContainsFunc(c.groups[:i], func(o *group) bool { return o.known == g.known }) {
			g.known = nil
		}
		g.serves = c.serves(g)
	}
	c.inherit()
	for _, g := range c.groups {
		g.serves = g.serves || c.drains(g)
	}
	if r.Profile.Spawns {
		c.gatherSpawned()
	}
	c.elect()
	if r.Profile.Waits {
		c.reunite()
	}
	return c
}

// generic is the profile that knows no titles: only its command line tells a
// server of it.
const generic = "generic"

// infer makes up for a command line that tells nothing. It may be a script's,
// and have executed a server that tells more: its titles are to be read then.
// Where nobody knows what was launched, the first member that tells anything
// does; and where none does, the oldest is the server, as it was there before all
// that it started.
func (c *census) infer() {
	p := c.teller(func(p Process) bool { return c.led(p.ID) })
	if p == nil && c.launcher() != nil && !slices.ContainsFunc(c.members, c.bears) {
		c.inferDaemon()
		return
	}
	if p == nil && (c.Launched != (ID{}) || len(c.Known) > 0 || slices.ContainsFunc(c.members, c.bears)) {
		return
	}
	if p == nil {
		p = c.teller(func(Process) bool { return true })
	}
	if p != nil {
		c.Profile = profile.Recognise(p.Args)
	} else if p := oldest(c.members, c.possible); p != nil {
		c.commands = append(c.commands, p.Args)
	}
}

// inferDaemon is infer for what a launcher has left.
func (c *census) inferDaemon() {
	if p := c.daemon(); p != nil {
		c.Profile = profile.Recognise(p.Args)
		c.commands = append(c.commands, p.Args)
	}
}

// teller is the oldest fit member whose title or command line is that of a known
// server.
func (c *census) teller(fit func(Process) bool) *Process {
	return oldest(c.members, func(p Process) bool {
		return fit(p) && !profile.Wrapper(p.Args) && profile.Recognise(p.Args).Name != generic
	})
}

// possible reports whether a member may be the server of a command line that
// tells nothing. Not if the launch executed another program than it runs, as it
// may be a stray that outlived the server; unless that program is a shell, which
// executes anything, or a wrapper that nobody knows, with the member's command
// line behind its own.
func (c *census) possible(p Process) bool {
	if p.Held || len(p.Args) == 0 || profile.Wrapper(p.Args) || profile.Tracker(p.Args) || profile.Spawned(p.Args) {
		return false
	}
	return c.Exe == "" || p.Exe == c.Exe || isShell(c.Exe) || c.endsWith(p.Args)
}

// endsWith reports whether the launch's command line ends with args.
func (c *census) endsWith(args []string) bool {
	for i := range c.Command {
		if i > 0 && profile.Same(args, c.Command[i:]) {
			return true
		}
	}
	return false
}

// led reports whether id was launched, or was a master in an earlier view.
func (c *census) led(id ID) bool {
	return id == c.Launched || slices.ContainsFunc(c.Known, func(k Known) bool { return k.Master == id })
}

// commandLines are that of the launch, and those that it became: of the launched
// process and of the masters, as they are and as they were seen before. A server
// that a script executed re-executes itself by its own name, and one that gives
// itself a title gives the next master the same.
func (c *census) commandLines() [][]string {
	all := [][]string{c.Command}
	for _, k := range c.Known {
		all = append(all, k.Args)
	}
	for _, p := range c.members {
		if c.led(p.ID) && !profile.Wrapper(p.Args) {
			all = append(all, p.Args)
		}
	}
	return slices.DeleteFunc(all, func(args []string) bool { return len(args) == 0 })
}

// claims reports whether a holder outside the tree is the server. Where the shim
// launched the tree, its members descend from it. Else a title must do, as a
// title may have been written over the environment, or the command line, or the
// program, if it has the name of the command: nginx passes no environment on.
// An interpreter proves nothing: a neighbour's program may run in it too.
func (r Rules) claims(p Process) bool {
	if r.Launched != (ID{}) || profile.Wrapper(p.Args) {
		return false
	}
	if r.Exe != "" && p.Exe == r.Exe && !isShell(r.Exe) && path.Base(r.Exe) == path.Base(first(profile.Strip(r.Command))) {
		return true
	}
	return r.recognises(p) || r.Command != nil && profile.Same(p.Args, r.Command)
}

// first is the first word of a command line, "" where there is none.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// isShell reports whether exe is a shell, which may execute anything.
func isShell(exe string) bool {
	return slices.Contains([]string{"sh", "dash", "bash", "ash", "busybox", "ksh", "mksh", "zsh"}, path.Base(exe))
}

// recognises reports whether p's title or command line is one of the profile.
func (r Rules) recognises(p Process) bool {
	if r.Profile.Name == generic || len(p.Args) == 0 || profile.Wrapper(p.Args) {
		return false
	}
	return r.Profile.Role(p.Args) != profile.Unknown || profile.Recognise(p.Args).Name == r.Profile.Name
}

// bears reports whether p's command line is one of the server's.
func (c *census) bears(p Process) bool {
	if len(p.Args) == 0 || profile.Wrapper(p.Args) {
		return false
	}
	return slices.ContainsFunc(c.commands, func(args []string) bool { return profile.Same(p.Args, args) })
}

// serves reports whether the processes of one image are a generation.
func (c *census) serves(g *group) bool {
	if slices.ContainsFunc(g.processes, c.launches) {
		return false
	}
	return g.known != nil || slices.ContainsFunc(g.processes, func(p Process) bool {
		return p.ID == c.Launched || c.announced(p) || c.Profile.Role(p.Args) != profile.Unknown || c.bears(p) || c.opaque() && c.recognises(p)
	})
}

// announced reports whether p said that it leads, and may.
func (c *census) announced(p Process) bool {
	i := slices.IndexFunc(c.Announced, func(a Announcement) bool { return a.ID == p.ID })
	if i < 0 || p.Held {
		return false
	}
	return c.Announced[i].Main || p.Exe != "" && slices.ContainsFunc(c.members, func(m Process) bool { return c.led(m.ID) && m.Exe == p.Exe })
}

// opaque reports whether the launch's command line does not tell how the
// server's will look: nobody knows it, or it is a script's.
func (c *census) opaque() bool {
	return c.Command == nil || profile.Recognise(c.Command).Name != c.Profile.Name
}

// launches reports whether p only launches the server: a wrapper, or the launched
// script beside which there is a server of the profile. What has no command line
// is none, as the kernel shows none in the midst of an exec.
func (c *census) launches(p Process) bool {
	if profile.Wrapper(p.Args) {
		return true
	}
	return len(p.Args) > 0 && (p.ID == c.Launched || c.bears(p)) && c.Profile.Name != generic && !c.recognises(p) &&
		slices.ContainsFunc(c.members, func(m Process) bool { return m.Image != p.Image && c.recognises(m) })
}

// drains reports whether g is what a server forked before it re-executed itself
// in place: forked, so that its image was its parent's once, which has another now.
func (c *census) drains(g *group) bool {
	return slices.ContainsFunc(g.processes, func(p Process) bool {
		return slices.ContainsFunc(c.groups, func(server *group) bool {
			return server.serves && server != g && slices.ContainsFunc(server.processes, func(m Process) bool { return replaced(p, m) })
		})
	})
}

// replaced reports whether p was forked by parent before that executed the same
// program anew.
func replaced(p, parent Process) bool {
	return p.PPID == parent.PID && p.Forked && p.Image != parent.Image && p.Exe == parent.Exe
}

// above are the pids of the members that leaders descend from.
func (c *census) above() map[int]bool {
	found := make(map[int]bool)
	for _, g := range c.groups {
		if g.leader == nil {
			continue
		}
		p := g.leader
		for i := indexPID(c.members, p.PPID); i >= 0 && !found[c.members[i].PID]; i = indexPID(c.members, c.members[i].PPID) {
			found[c.members[i].PID] = true
		}
	}
	return found
}

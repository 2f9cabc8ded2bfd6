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
	c.Profile = c.kind()
	c.commands = c.commandLines()
	c.groups = groups(members)
	for i, g := range c.groups {
		g.known = c.knownAs(g)
		if slices.ContainsFunc(c.groups[:i], func(o *group) bool { return o.known == g.known }) {
			g.known = nil
		}
		g.serves = c.serves(g)
	}
	for _, g := range c.groups {
		g.serves = g.serves || c.drains(g)
	}
	return c
}

// generic is the profile that knows no titles: only its command line tells a
// server of it.
const generic = "generic"

// kind is the profile to read titles by. A command that tells nothing, such as a
// script, may have executed a server that tells more.
func (c *census) kind() profile.Profile {
	if c.Profile.Name != generic {
		return c.Profile
	}
	for _, p := range c.members {
		if found := profile.Recognise(p.Args); c.led(p.ID) && found.Name != generic && !profile.Wrapper(p.Args) {
			return found
		}
	}
	return c.Profile
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
	var all [][]string
	add := func(args []string) {
		if len(args) > 0 && !profile.Wrapper(args) {
			all = append(all, args)
		}
	}
	add(c.Command)
	for _, k := range c.Known {
		add(k.Args)
	}
	for _, p := range c.members {
		if c.led(p.ID) {
			add(p.Args)
		}
	}
	c.commands = all
	if c.Launched == (ID{}) && len(c.Known) == 0 && c.Profile.Name == generic && !slices.ContainsFunc(c.members, c.bears) {
		add(c.oldest().Args)
	}
	return all
}

// oldest is the member that is thought to be the server where nobody knows how
// that calls itself: it was there before all that it started. Where the
// launch's program is known, and does no more than execute others, it runs that.
func (c *census) oldest() Process {
	var first Process
	for _, p := range c.members {
		if p.Held || profile.Wrapper(p.Args) || c.Exe != "" && p.Exe != c.Exe && !isShell(c.Exe) {
			continue
		}
		if first.PID == 0 || p.Start < first.Start || p.Start == first.Start && p.PID < first.PID {
			first = p
		}
	}
	return first
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
		return p.ID == c.Launched || c.Profile.Role(p.Args) != profile.Unknown || c.bears(p) || c.opaque() && c.recognises(p)
	})
}

// opaque reports whether the launch's command line does not tell how the
// server's will look: nobody knows it, or it is a script's.
func (c *census) opaque() bool {
	return c.Command == nil || profile.Recognise(c.Command).Name != c.Profile.Name
}

// launches reports whether p only launches the server: a wrapper, or a launched
// script beside which there is a server of the profile.
func (c *census) launches(p Process) bool {
	if profile.Wrapper(p.Args) {
		return true
	}
	return p.ID == c.Launched && c.Profile.Name != generic && !c.recognises(p) &&
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

// above are the pids of the members that processes descend from.
func (c *census) above(processes []Process) map[int]bool {
	found := make(map[int]bool)
	for _, p := range processes {
		for i := indexPID(c.members, p.PPID); i >= 0 && !found[c.members[i].PID]; i = indexPID(c.members, c.members[i].PPID) {
			found[c.members[i].PID] = true
		}
	}
	return found
}

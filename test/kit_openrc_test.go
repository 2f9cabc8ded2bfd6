//go:build linux

package test

import (
	"os"

	"github.com/lockshim/lockshim/contrib"
)

// openrcNeeds are what the row of OpenRC needs: Debian runs it below SysV init.
var openrcNeeds = append([][2]string{{"/sbin/supervise-daemon", "openrc"}}, sysvNeeds...)

// openrc is OpenRC with supervise-daemon(8), which init runs at boot.
type openrc struct {
	*box
}

// openrcInittab has a machine's runlevels, without the ones that find its hardware.
const openrcInittab = `id:2:initdefault:
sd::sysinit:/bin/sh WORLD/state
l0:0:wait:/sbin/openrc shutdown
d0:0:wait:/bin/sh -c 'echo down >WORLD/told'
l2:2:wait:/sbin/openrc default
`

// openrcState is what OpenRC has once it has booted a machine.
const openrcState = `cd /run && mkdir openrc && cd openrc &&
mkdir exclusive started starting stopping inactive wasinactive failed hotplugged daemons options scheduled tmp crashed &&
echo sysinit >softlevel
`

func newOpenrc(w *world) initSystem {
	needBox(w.t)
	o := &openrc{}
	o.box = newBox(w, "")
	w.mkdir("etc/conf.d", "etc/runlevels/default", "etc/runlevels/shutdown")
	o.put("etc/inittab", o.text(openrcInittab))
	o.put("state", openrcState)
	o.put("etc/rc.conf", `rc_env_allow="GORACE `+marker+`"`+"\n")
	return o
}

func (o *openrc) install(x *tenant, set ...contrib.Setting) {
	x.fill("openrc/web", o.w.file("etc/init.d/"+x.name), set...)
	link := o.w.file("etc/runlevels/default/" + x.name)
	if _, err := os.Lstat(link); err != nil {
		must(o.w.t, os.Symlink("/etc/init.d/"+x.name, link))
	}
}

// run is rc-service(8), which gives up where another one, as that of the boot, has
// its lock yet: that is waited for.
func (o *openrc) run(x *tenant, action string) result {
	o.w.t.Helper()
	o.w.must(append(o.enter(), "/usr/bin/flock", "/run/openrc/exclusive/"+x.name, "/bin/true")...)
	return o.w.in("/sbin/rc-service", x.name, action)
}

// must is run of what has to succeed.
func (o *openrc) must(x *tenant, action string) {
	o.w.t.Helper()
	if got := o.run(x, action); got.code != 0 {
		o.w.t.Fatalf("%s answers %+v", action, got)
	}
}

func (o *openrc) start(x *tenant)   { o.must(x, "start") }
func (o *openrc) stop(x *tenant)    { o.must(x, "stop") }
func (o *openrc) restart(x *tenant) { o.must(x, "restart") }
func (o *openrc) end()              { o.down("5") }

// main is the pid that supervise-daemon notes.
func (o *openrc) main(x *tenant) int {
	o.w.t.Helper()
	return number(o.w.t, o.w.must(append(o.enter(), "/bin/cat", "/run/openrc/options/"+x.name+"/child_pid")...))
}

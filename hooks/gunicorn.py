# lockshim's hook for Gunicorn: every generation holds the service's lock, and says
# when it is ready.
#
# One line, anywhere at the top level of gunicorn.conf.py:
#
#   exec(open("/etc/lockshim/gunicorn.py").read())
#
# (`lockshim hook gunicorn > /etc/lockshim/gunicorn.py` puts the file there.
# Do not import it: on sys.path its name would hide Gunicorn itself.)
#
# Your own on_starting, pre_fork, pre_exec and post_worker_init go on working,
# whether they are defined above or below the line. Without lockshim (no LOCKSHIM_LOCK in the
# environment) it does nothing, so one file serves development and production.
#
# The master keeps the descriptor that it inherited from lockshim, or opens the
# lockfile and shares the lock where it inherited none. Workers have it from
# their master. Programs that the application starts do not get it, and so
# cannot keep a stopped service locked. The next master does get it, on USR2.
#
# A generation is ready when its first worker has loaded the application, and not
# with Gunicorn's own READY=1, which comes before. An upgrade waits for that.
#
# A hook never stops a server: what it cannot do it tells Gunicorn's log. If
# another process keeps the lockfile locked exclusively, the boot waits for it
# five seconds, goes on without the lock, and asks again before each fork.

# The names below land in the configuration's own namespace, hence their "_".
import errno as _errno
import fcntl as _fcntl
import os as _os
import re as _re
import signal as _signal
import socket as _socket
import stat as _stat
import time as _time


class _Lockshim(object):
    """The lock of this process. One object outlives every reload."""

    def __init__(self, path):
        self.path = path
        self.fd = None
        self.inode = None
        self.trouble = None
        self.told = None
        self.introduced = False

    def chain(self, config):
        """Puts ours around the hooks that reach Gunicorn's class Config.

        Config.set sees the hooks that count, wherever in the file they were
        defined, and those that a framework set before it read the file.
        """
        plain = config.set

        def set_and_wrap(cfg, name, value):
            if value is not self:  # ours, where the file defines no such hook
                plain(cfg, name, value)
            if name in self.names():
                theirs = cfg.settings[name].get()
                plain(cfg, name, getattr(self, "around_" + name)(theirs))

        set_and_wrap.lockshim = self
        config.set = set_and_wrap

    def names(self):
        """Gunicorn's hooks that have ours around them: a method below for each.
        What else a generation has to tell needs no more than another method."""
        return [name[len("around_"):] for name in dir(self) if name.startswith("around_")]

    def around_on_starting(self, theirs):
        """In the master, after daemonizing and a preloaded application."""
        def on_starting(server):
            self.introduce()
            self.hold_and_tell(server)
            theirs(server)
        return on_starting

    def around_pre_fork(self, theirs):
        """In the master, for each worker. Takes no descriptor while it has one."""
        def pre_fork(server, worker):
            self.hold_and_tell(server)
            theirs(server, worker)
        return pre_fork

    def around_pre_exec(self, theirs):
        """In the fork that becomes the next master.

        Theirs comes first, since it may start programs. The next master gets
        the environment that Gunicorn saved at its start, not os.environ.
        """
        def pre_exec(server):
            theirs(server)
            self.put_back(server)
            self.hold()
            if self.kept():
                server.cfg.env_orig["LOCKSHIM_LOCK"] = self.path
                server.cfg.env_orig["LOCKSHIM_FD"] = str(self.fd)
                _os.set_inheritable(self.fd, True)
        return pre_exec

    def around_post_worker_init(self, theirs):
        """In each worker, with its application loaded."""
        def post_worker_init(worker):
            theirs(worker)
            self.notify("READY=1\nX_LOCKSHIM=ready")
        return post_worker_init

    def introduce(self):
        """Tells lockshim, before Gunicorn says READY=1, that the workers will.

        Once, and never in the process that a daemon is forked from: it may have
        ended before lockshim can see who it was.
        """
        if not self.introduced:
            self.notify("X_LOCKSHIM=hook")
        self.introduced = True

    def notify(self, text):
        """Tells lockshim, as sd_notify(3) does: a datagram, which Linux keeps
        until lockshim reads it. Where its queue stays full for a second, or
        lockshim is gone, nobody is told, and the server goes on.
        """
        address = _os.environ.get("NOTIFY_SOCKET", "")
        if address[:1] not in ("/", "@"):
            return
        try:
            with _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.connect(_re.sub(r"\A@", "\0", address))
                for _ in range(20):
                    try:
                        sock.send(text.encode())
                        return
                    except BlockingIOError:
                        _time.sleep(0.05)
        except Exception:
            pass

    def put_back(self, server):
        """Gives the sockets of systemd the numbers that the next master will look
        for: Gunicorn has moved them (sock.py), and says that they are at 3 and up.
        """
        try:
            if getattr(server, "systemd", False):
                first = 3 + len(server.LISTENERS)
                moved = [_fcntl.fcntl(sock.fileno(), _fcntl.F_DUPFD_CLOEXEC, first) for sock in server.LISTENERS]
                for number, fd in enumerate(moved, 3):
                    _os.dup2(fd, number)
        except Exception as e:
            server.log.warning("lockshim: the next master does not get its sockets: %s", e)

    def hold_and_tell(self, server):
        self.hold()
        if self.trouble and self.trouble != self.told:
            server.log.warning("lockshim: %s", self.trouble)
        self.told = self.trouble

    def hold(self, patience=0):
        """Makes sure that this process has the lock.

        By the descriptor that it has used so far, else by the one that it
        inherited, else by a new one.
        """
        try:
            if not self.kept():
                self.fd = self.inherited() or self.open_anew()
                self.inode = _os.fstat(self.fd)
            _os.set_inheritable(self.fd, False)
            _os.environ["LOCKSHIM_FD"] = str(self.fd)
            self.share(patience)
            self.trouble = None
        except Exception as e:
            self.trouble = "this master runs without the lock of %r: %s" % (self.path, e)

    def kept(self):
        """Is the descriptor still what it was when it was taken?

        The application may have closed it, and its number may be another
        file's by now.
        """
        try:
            return self.fd is not None and _os.path.samestat(_os.fstat(self.fd), self.inode)
        except OSError:
            return False

    def inherited(self):
        """The descriptor that LOCKSHIM_FD names, if that is the lockfile."""
        number = _os.environ.get("LOCKSHIM_FD", "")
        if not _re.match(r"[0-9]{1,9}\Z", number) or int(number) < 3:
            return None
        try:
            here = _os.fstat(int(number))
            if _stat.S_ISREG(here.st_mode) and (self.at_path(here) or self.locked_by_name(number)):
                return int(number)
        except OSError:
            pass
        return None

    def open_anew(self):
        """Only where no descriptor is left: when the file was deleted or
        replaced, lockshim goes on waiting for the inherited one's.

        Never creates it: that is lockshim's business. NONBLOCK: it may be a FIFO.
        """
        fd = _os.open(self.path, _os.O_RDONLY | _os.O_NOFOLLOW | _os.O_NONBLOCK)
        try:
            if not _stat.S_ISREG(_os.fstat(fd).st_mode):
                raise OSError(_errno.EINVAL, "not a regular file")
            return self.lift(fd)
        finally:
            _os.close(fd)

    def lift(self, fd):
        """A copy of fd, with a number above those that servers sweep, or with
        a low one where the limit of descriptors is below that."""
        try:
            return _fcntl.fcntl(fd, _fcntl.F_DUPFD_CLOEXEC, 1025)
        except OSError:
            return _fcntl.fcntl(fd, _fcntl.F_DUPFD_CLOEXEC, 3)

    def at_path(self, here):
        """Does the path lead to this inode? A number alone proves nothing: it may
        have been closed and used again on the way here."""
        try:
            return _os.path.samestat(here, _os.stat(self.path))
        except OSError:
            return False

    def locked_by_name(self, number):
        """The path may have changed, and this may be the lockfile all the same: if
        the kernel says that it has a shared lock, on a file of that name.

        proc(5): the link of a deleted file ends in " (deleted)", and fdinfo
        lists the locks of a descriptor. Only the last part of the name has to
        agree, since a deploy may have moved the directory.
        """
        name = _re.sub(r" \(deleted\)\Z", "", _os.readlink("/proc/self/fd/" + number))
        if _os.path.basename(name) != _os.path.basename(self.path):
            return False
        with open("/proc/self/fdinfo/" + number) as info:
            return bool(_re.search(r"(?m)^lock:\s.*\bFLOCK\s+ADVISORY\s+READ\b", info.read()))

    def share(self, patience):
        """LOCK_SH on a description that has it already changes nothing, and is
        never refused. lockshim itself may have the exclusive lock for a moment.
        """
        try:
            _fcntl.flock(self.fd, _fcntl.LOCK_SH | _fcntl.LOCK_NB)
        except BlockingIOError:
            self.wait(patience)

    def wait(self, patience):
        """An alarm, not a thread, ends the wait: gevent may have replaced threads."""
        if not patience:
            self.late()
        handler = _signal.signal(_signal.SIGALRM, self.late)
        timer = _signal.setitimer(_signal.ITIMER_REAL, patience)
        try:
            _fcntl.flock(self.fd, _fcntl.LOCK_SH)
        finally:
            _signal.setitimer(_signal.ITIMER_REAL, 0)
            _signal.signal(_signal.SIGALRM, handler or _signal.SIG_DFL)
            _signal.setitimer(_signal.ITIMER_REAL, *timer)

    def late(self, *unused):
        raise BlockingIOError(_errno.EWOULDBLOCK, "another process has locked it exclusively")


def _lockshim(configuration):
    """Takes the lock here and not in on_starting, so that it is held, and kept
    from programs, before preload_app loads the application."""
    path = _os.environ.get("LOCKSHIM_LOCK", "")
    if not path.startswith("/"):
        return
    from gunicorn.config import Config

    hook = getattr(Config.set, "lockshim", None)
    patience = 0 if hook else 5
    if not hook:
        hook = _Lockshim(path)
        hook.chain(Config)
    hook.hold(patience)
    if "GUNICORN_FD" in _os.environ:  # re-executed, and so no daemon's parent
        hook.introduce()
    for name in hook.names():
        configuration.setdefault(name, hook)


_lockshim(globals())

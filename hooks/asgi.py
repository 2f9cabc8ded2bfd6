# lockshim's hook for uvicorn, Hypercorn and other ASGI servers: every worker
# holds the service's lock, and says when it serves.
#
# Two lines at the end of the application's module:
#
#   exec(open("/etc/lockshim/asgi.py").read())
#   app = Lockshim(app)
#
# (`lockshim hook uvicorn > /etc/lockshim/asgi.py` puts the file there. In place
# of the second line a framework's app.add_middleware(Lockshim) does as well.)
#
# Workers that Python executes anew do not inherit the lock. Without the hook
# lockshim knows them all the same, by /proc; with it, everybody who waits for
# the lock waits for them too, and `lockshim status` tells a generation that
# starts from one that is ready. Without lockshim (no LOCKSHIM_LOCK in the
# environment) the lines do nothing, and app is the application itself.
#
# A worker is ready once its application has started (lifespan.startup.complete)
# and it listens. An application that knows no lifespan is one that has started.
#
# A hook never stops a server: what it cannot do it logs. If another process
# keeps the lockfile locked exclusively, the worker waits for it five seconds,
# and goes on without the lock.

# The names below land in the application's own namespace, hence their "_".
import errno as _errno
import fcntl as _fcntl
import logging as _logging
import os as _os
import re as _re
import socket as _socket
import stat as _stat
import threading as _threading
import time as _time


class _LockshimWorker(object):
    """The lock of this process."""

    def __init__(self, path):
        self.path = path
        self.told = False
        self.notify("X_LOCKSHIM=hook")
        try:
            self.hold()
        except Exception as e:
            _logging.getLogger("lockshim").warning(
                "lockshim: process %d runs without the lock of %r: %s", _os.getpid(), path, e)

    def hold(self):
        """By the descriptor that this process inherited, else by a new one, which
        nobody closes."""
        fd = self.inherited()
        if fd is None:
            fd = self.open_anew()
        _os.set_inheritable(fd, False)
        _os.environ["LOCKSHIM_FD"] = str(fd)
        self.share(fd)

    def inherited(self):
        """The descriptor that LOCKSHIM_FD names, if that is the lockfile. The
        number alone proves nothing: it may be another file's by now."""
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

    def at_path(self, here):
        try:
            return _os.path.samestat(here, _os.stat(self.path))
        except OSError:
            return False

    def locked_by_name(self, number):
        """The path may have changed, and this may be the lockfile all the same: if
        the kernel says that it has a shared lock, on a file of that name.

        proc(5): the link of a deleted file ends in " (deleted)", and fdinfo
        lists the locks of a descriptor.
        """
        name = _re.sub(r" \(deleted\)\Z", "", _os.readlink("/proc/self/fd/" + number))
        if _os.path.basename(name) != _os.path.basename(self.path):
            return False
        with open("/proc/self/fdinfo/" + number) as info:
            return bool(_re.search(r"(?m)^lock:\s.*\bFLOCK\s+ADVISORY\s+READ\b", info.read()))

    def open_anew(self):
        """Never creates it: that is lockshim's business. NONBLOCK: it may be a FIFO."""
        fd = _os.open(self.path, _os.O_RDONLY | _os.O_NOFOLLOW | _os.O_NONBLOCK)
        if not _stat.S_ISREG(_os.fstat(fd).st_mode):
            _os.close(fd)
            raise OSError(_errno.EINVAL, "not a regular file")
        return fd

    def share(self, fd):
        """LOCK_SH on a description that has it already changes nothing, and is
        never refused. lockshim itself may have the exclusive lock for a moment.
        In steps, as a blocked flock could not be given up."""
        for _ in range(100):
            try:
                return _fcntl.flock(fd, _fcntl.LOCK_SH | _fcntl.LOCK_NB)
            except BlockingIOError:
                _time.sleep(0.05)
        raise BlockingIOError(_errno.EWOULDBLOCK, "another process has locked it exclusively")

    def started(self):
        """The application has. The server listens a moment after that, and tells
        nobody: a thread looks."""
        if not self.told:
            self.told = True
            _threading.Thread(target=self.tell, daemon=True).start()

    def tell(self):
        for turn in range(600):
            if self.listens():
                return self.notify("READY=1\nX_LOCKSHIM=ready")
            _time.sleep(0.01 if turn < 50 else 0.1)

    def listens(self):
        """Whether this process has a listening socket (SO_ACCEPTCONN, socket(7))."""
        try:
            numbers = _os.listdir("/proc/self/fd")
        except OSError:
            return True
        return any(self.accepts(int(number)) for number in numbers)

    def accepts(self, fd):
        try:
            if not _stat.S_ISSOCK(_os.fstat(fd).st_mode):
                return False
            with _socket.socket(fileno=_os.dup(fd)) as copy:
                return copy.getsockopt(_socket.SOL_SOCKET, _socket.SO_ACCEPTCONN) != 0
        except OSError:
            return False

    def notify(self, text):
        """Tells lockshim, as sd_notify(3) does. Where its queue stays full for a
        second, or lockshim is gone, nobody is told, and the server goes on."""
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


def _lockshim_worker():
    path = _os.environ.get("LOCKSHIM_LOCK", "")
    return _LockshimWorker(path) if path.startswith("/") else None


class Lockshim(object):
    """ASGI middleware that sees when the application has started."""

    worker = _lockshim_worker()

    def __new__(cls, app):
        return app if cls.worker is None else super(Lockshim, cls).__new__(cls)

    def __init__(self, app):
        self.app = app

    def __getattr__(self, name):
        """What else the application has, for who uses it."""
        if name == "app":
            raise AttributeError(name)
        return getattr(self.app, name)

    async def __call__(self, scope, receive, send):
        if scope["type"] != "lifespan":
            self.worker.started()  # a server that was told to do without
            return await self.app(scope, receive, send)
        said = []

        async def watch(message):
            await send(message)
            said.append(message["type"])
            if message["type"] == "lifespan.startup.complete":
                self.worker.started()

        try:
            await self.app(scope, receive, watch)
        finally:
            if not said:
                self.worker.started()

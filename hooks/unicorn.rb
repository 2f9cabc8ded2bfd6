# frozen_string_literal: true

# lockshim's hook for Unicorn: every generation holds the service's lock, and says
# when it is ready.
#
# Two lines, anywhere at the top level of unicorn.rb:
#
#   require "/etc/lockshim/unicorn.rb"
#   Lockshim.hook(self)
#
# (`lockshim hook unicorn > /etc/lockshim/unicorn.rb` puts the file there.)
#
# Your own before_fork, before_exec and after_worker_ready go on working, whether
# they are set above or below these lines. Without lockshim (no LOCKSHIM_LOCK in the environment)
# the lines do nothing, so one configuration serves development and production.
#
# The master keeps the descriptor that it inherited from lockshim, or opens the
# lockfile and shares the lock where it inherited none. Workers have it from
# their master. Programs that the application starts do not get it, and so
# cannot keep a stopped service locked. The next master does get it, on USR2.
#
# A generation is ready when its first worker has loaded the application: an
# upgrade with lockshim waits for that.
#
# A hook never stops a server: what it cannot do it tells Unicorn's logger. If
# another process keeps the lockfile locked exclusively, the boot waits for it
# five seconds, goes on without the lock, and asks again before each fork.

require "fcntl"
require "socket"

module ::Lockshim
  # Mixed into the process's one Configurator. Unicorn calls commit! after each
  # evaluation of the file, at boot and on HUP: only then is it known which
  # blocks count.
  module Chain
    def commit!(*)
      Lockshim.chain(set)
      super
    end
  end

  class << self
    # To be called by the configuration file; HUP calls it again. The lock is
    # taken here and not in before_fork, so that it is held, and kept from
    # programs, before preload_app loads the application.
    def hook(configurator)
      path = ENV["LOCKSHIM_LOCK"].to_s
      return unless path.start_with?("/")

      patience = @path ? 0 : 5
      @path ||= path
      hold(patience)
      notify("X_LOCKSHIM=hook")
      configurator.extend(Chain)
    end

    # Puts ours around the blocks in set. What else a generation has to tell
    # belongs here too, one line for each of Unicorn's hooks.
    #
    # In before_exec the user's block comes first, since it may start programs; in
    # after_worker_ready too, since a worker is not ready before it.
    def chain(set)
      link(set, :before_fork) { |theirs, server, worker| before_fork(server); theirs.call(server, worker) }
      link(set, :before_exec) { |theirs, server| theirs.call(server); before_exec }
      return unless set.key?(:after_worker_ready) # Unicorn 5.3 and later

      link(set, :after_worker_ready) { |theirs, *args| theirs.call(*args); notify("READY=1\nX_LOCKSHIM=ready") }
    end

    private

    # Unicorn sets its defaults before each evaluation, so this is never ours.
    def link(set, name, &ours)
      theirs = set[name]
      set[name] = proc { |*args| ours.call(theirs, *args) }
    end

    # In the master, for each worker. Costs a few system calls and no descriptor
    # while the lock is held; takes it again if the application closed it.
    def before_fork(server)
      hold
      server.logger.warn("lockshim: #{@trouble}") if @trouble && @trouble != @told
      @told = @trouble
    end

    # In the fork that becomes the next master, after Unicorn has marked its
    # descriptors up to 1024 to be closed.
    def before_exec
      hold
      ENV["LOCKSHIM_LOCK"] = @path
      @io.close_on_exec = false if kept?
    end

    # Tells lockshim, as sd_notify(3) does: a datagram, which Linux keeps until
    # lockshim reads it. Where its queue stays full for a second, or lockshim is
    # gone, nobody is told, and the server goes on.
    def notify(text)
      address = ENV["NOTIFY_SOCKET"].to_s
      return unless address.start_with?("/", "@")

      socket = Socket.new(:UNIX, :DGRAM)
      socket.connect(Socket.sockaddr_un(address.sub(/\A@/, "\0")))
      20.times do
        return if socket.sendmsg_nonblock(text, exception: false) != :wait_writable

        IO.select(nil, [socket], nil, 0.05)
      end
    rescue StandardError
      nil
    ensure
      socket&.close
    end

    # Makes sure that this process has the lock: by the descriptor that it has
    # used so far, else by the one that it inherited, else by a new one.
    # @io keeps the descriptor out of the garbage collector's reach.
    def hold(patience = 0)
      @inode = inode(@io = inherited || open_anew) unless kept?
      @io.close_on_exec = true
      ENV["LOCKSHIM_FD"] = @io.fileno.to_s
      share(@io, patience)
      @trouble = nil
    rescue StandardError => e
      @trouble = "this master runs without the lock of #{@path}: #{e.message}"
    end

    # Is @io still what it was when it was taken? The application may have closed
    # it, and its number may be another file's by now.
    def kept?
      !@io.nil? && inode(@io) == @inode
    rescue SystemCallError, IOError
      false
    end

    def inode(io)
      stat = io.stat
      [stat.dev, stat.ino]
    end

    # The descriptor that LOCKSHIM_FD names, if that is the lockfile.
    # Without autoclose, looking at somebody else's does not close it.
    def inherited
      number = ENV["LOCKSHIM_FD"].to_s
      return unless number.match?(/\A\d{1,9}\z/) && number.to_i > 2

      io = File.for_fd(number.to_i, autoclose: false)
      io if io.stat.file? && (at_path?(io) || locked_by_name?(number))
    rescue SystemCallError, ArgumentError
      nil
    end

    # The path is opened only where no descriptor is left: when the file was
    # deleted or replaced, lockshim goes on waiting for the inherited one's.
    # Never created: that is lockshim's business. NONBLOCK: it may be a FIFO.
    def open_anew
      file = File.open(@path, File::RDONLY | File::NOFOLLOW | File::NONBLOCK)
      return lift(file) if file.stat.file?

      file.close
      raise Errno::EINVAL, "not a regular file"
    end

    # Moves file to a number above those that servers sweep. Where the limit of
    # descriptors forbids it, the low number does: before_exec has the last word.
    # Ruby asks the kernel for F_DUPFD_CLOEXEC here.
    def lift(file)
      high = file.fcntl(Fcntl::F_DUPFD, 1025)
      file.close
      File.for_fd(high, autoclose: false)
    rescue Errno::EINVAL, Errno::EMFILE
      file.autoclose = false
      file
    end

    # Does the path lead to the inode of io? A number alone proves nothing: it may
    # have been closed and used again on the way here.
    def at_path?(io)
      there = File.stat(@path)
      inode(io) == [there.dev, there.ino]
    rescue SystemCallError
      false
    end

    # The path may have changed, and io may be the lockfile all the same: if the
    # kernel says that it has a shared lock, on a file of that name.
    #
    # proc(5): the link of a deleted file ends in " (deleted)", and fdinfo lists
    # the locks of a descriptor. Only the last part of the name has to agree,
    # since a deploy may have moved the directory.
    def locked_by_name?(number)
      name = File.readlink("/proc/self/fd/#{number}").b.delete_suffix(" (deleted)")
      File.basename(name) == File.basename(@path.b) &&
        File.foreach("/proc/self/fdinfo/#{number}").any?(/\Alock:\s.*\bFLOCK\s+ADVISORY\s+READ\b/)
    end

    # LOCK_SH on a description that has it already changes nothing, and is never
    # refused. lockshim itself may have the exclusive lock for a moment.
    def share(file, patience)
      return if file.flock(File::LOCK_SH | File::LOCK_NB)

      waiter = Thread.new { file.flock(File::LOCK_SH) } if patience.positive?
      return if waiter&.join(patience)

      waiter&.kill&.join
      raise Errno::EWOULDBLOCK, "another process has locked it exclusively"
    end
  end
end

# instance_eval(File.read("/etc/lockshim/unicorn.rb")) does for the two lines.
Lockshim.hook(self) if defined?(Unicorn::Configurator) && is_a?(Unicorn::Configurator)

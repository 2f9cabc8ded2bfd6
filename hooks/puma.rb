# frozen_string_literal: true

# lockshim's hook for Puma: every generation holds the service's lock.
#
# Two lines, anywhere at the top level of puma.rb:
#
#   require "/etc/lockshim/puma.rb"
#   Lockshim.hook(self)
#
# (`lockshim hook puma > /etc/lockshim/puma.rb` puts the file there.)
#
# Your own on_restart, on_worker_fork and on_booted go on working, whether they
# are set above or below these lines. Without lockshim (no LOCKSHIM_LOCK in the
# environment) they do nothing, so one file serves development and production.
#
# Puma closes every descriptor but its listeners when it restarts. With the hook
# it keeps the lock's too, the one that it inherited from lockshim, or opens the
# lockfile and shares the lock where it inherited none. Workers have it from
# their master; programs that the application starts do not get it.
#
# A hook never stops a server: what it cannot do it tells Puma's log. If another
# process keeps the lockfile locked exclusively, the boot waits for it five
# seconds, goes on without the lock, and asks again before each fork.

require "fcntl"
require "socket"

module ::Lockshim
  # What Puma starts when it has read its configuration, and executes itself no
  # more before it loads the application.
  class Plugin
    def start(launcher)
      Lockshim.start(launcher)
    end
  end

  # Mixed into the binder, which says what survives a restart.
  module Passing
    def redirects_for_restart
      super.merge(Lockshim.redirects)
    end
  end

  class << self
    # To be called by the configuration file.
    def hook(config)
      path = ENV["LOCKSHIM_LOCK"].to_s
      return unless path.start_with?("/")

      @path ||= path
      hold(5)
      notify("X_LOCKSHIM=hook")
      Puma::Plugins.register("lockshim", Plugin)
      config.plugin("lockshim")
      add(config, :before_worker_fork, :on_worker_fork) { |*| hold_and_tell }
      add(config, :before_restart, :on_restart) { |*| pass_on }
    end

    # Only from here on is the descriptor closed in programs: prune_bundler
    # executes Puma once more between the configuration and this.
    def start(launcher)
      @log = launcher.respond_to?(:log_writer) ? launcher.log_writer : launcher.events
      launcher.binder.extend(Passing)
      add(launcher.events, :after_booted, :on_booted) { notify("READY=1", "X_LOCKSHIM=ready") }
      hold_and_tell
    end

    # The lock's descriptor as Process.exec wants it: it becomes itself there,
    # and is not closed.
    def redirects
      kept? ? { @io.fileno => @io.fileno } : {}
    end

    private

    # Adds a block beside the user's, by the newer name of a hook or by the older.
    def add(to, *names, &block)
      name = names.find { |n| to.respond_to?(n) }
      to.public_send(name, &block) if name
    end

    # In the master, for each worker. Costs a few system calls and no descriptor
    # while the lock is held; takes it again if the application closed it.
    def hold_and_tell
      hold
      @io.close_on_exec = true if kept?
      @log.log("lockshim: #{@trouble}") if @trouble && @trouble != @told
      @told = @trouble
    end

    # Before a restart: the next generation gets the environment that Puma saved
    # at its start.
    def pass_on
      hold_and_tell
      ENV["LOCKSHIM_LOCK"] = @path
    end

    # Tells lockshim, as sd_notify(3) does. A socket that cannot take it now is
    # lockshim's to miss.
    def notify(*lines)
      path = ENV["NOTIFY_SOCKET"].to_s
      return unless path.start_with?("/", "@")

      socket = Socket.new(:UNIX, :DGRAM)
      socket.sendmsg_nonblock(lines.join("\n"), 0, Socket.sockaddr_un(path.sub(/\A@/, "\0")))
    rescue SystemCallError, IO::WaitWritable, ArgumentError
      nil
    ensure
      socket&.close
    end

    # Makes sure that this process has the lock: by the descriptor that it has
    # used so far, else by the one that it inherited, else by a new one.
    # @io keeps the descriptor out of the garbage collector's reach.
    def hold(patience = 0)
      @inode = inode(@io = inherited || open_anew) unless kept?
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
    # descriptors forbids it, the low number does.
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

# instance_eval(File.read("/etc/lockshim/puma.rb")) does for the two lines.
Lockshim.hook(self) if defined?(Puma::DSL) && is_a?(Puma::DSL)

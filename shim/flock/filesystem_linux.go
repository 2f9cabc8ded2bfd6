package flock

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Magic numbers of statfs(2) that golang.org/x/sys does not have.
const (
	gfs2Magic     = 0x01161970 // linux/gfs2_ondisk.h
	vboxsfMagic   = 0x786f4256 // linux/magic.h, VBOXSF_SUPER_MAGIC
	orangefsMagic = 0x20030528 // fs/orangefs/protocol.h in the kernel
	lustreMagic   = 0x0bd00bd0 // LL_SUPER_MAGIC in Lustre's lustre_user.h
	gpfsMagic     = 0x47504653 // "GPFS"; coreutils' stat.c
	beegfsMagic   = 0x19830326 // BEEGFS_MAGIC in its client module
)

// A refused filesystem: its name, and what its flock is.
type filesystem struct{ name, why string }

// remote is why a filesystem of several hosts does not serve, even where its
// flock(2) is sound: what holds the lock elsewhere has no pid here. It cannot be
// named, signalled or reaped, and a client that the cluster fences off loses its
// locks while its processes live.
const remote = "another host may hold the lock, or not see it"

// refused maps f_type of statfs(2) to the filesystems on which flock(2) is not
// what this package needs: a lock that the local kernel keeps for the open file
// description, independent of fcntl(2), until the last copy is closed.
//
// Everything else is allowed: the local filesystems leave flock(2) to the
// kernel's own fs/locks.c. A stacked one (overlayfs, eCryptfs) does too, but
// says nothing of what lies below.
var refused = map[uint32]filesystem{
	// flock(2), NFS details: byte-range locks of the server since 2.6.12, so
	// LOCK_EX needs a writable file and the guard is no longer independent; or
	// local with local_lock, unseen by other clients (nfs(5)).
	unix.NFS_SUPER_MAGIC: {"NFS", "flock is emulated by byte-range locks of the server"},
	// flock(2), CIFS details: not propagated up to 5.4; mandatory byte-range
	// locks since 5.5, so that reading a locked pid file fails.
	unix.SMB_SUPER_MAGIC:  {"SMB", "flock is local or emulated by mandatory byte-range locks"},
	unix.CIFS_SUPER_MAGIC: {"CIFS", "flock is local or emulated by mandatory byte-range locks"},
	unix.SMB2_SUPER_MAGIC: {"SMB2", "flock is local or emulated by mandatory byte-range locks"},
	// fs/fuse/file.c, fuse_file_flock: the kernel's own unless the server asked
	// for FUSE_FLOCK_LOCKS, and then whatever a program in user space makes of
	// it, and only while it lives. It covers ntfs-3g, sshfs, s3fs, virtiofs.
	unix.FUSE_SUPER_MAGIC: {"FUSE", "flock is what a user-space program makes of it"},
	// fs/9p/vfs_file.c: 9P2000.L sends byte-range locks to the host, and asks
	// again on a timer when it must block; older dialects lock locally. It
	// covers shares of WSL 2 and QEMU.
	unix.V9FS_MAGIC: {"9P", "flock is emulated by byte-range locks of the host"},
	// fs/afs/flock.c: a lock of the whole file on the server, lent for some
	// minutes and prolonged from the client; shared with fcntl(2)'s.
	unix.AFS_SUPER_MAGIC: {"AFS", "flock is a lease of the server that can expire"},
	unix.AFS_FS_MAGIC:    {"AFS", "flock is a lease of the server that can expire"},
	// fs/coda has no flock of its own: local, unseen by other clients.
	unix.CODA_SUPER_MAGIC: {"Coda", "flock is local to each client"},
	// Gone since 4.17; its locks were byte ranges of the NetWare server.
	unix.NCP_SUPER_MAGIC: {"NCP", "flock is not the kernel's own"},
	// fs/vboxsf has no flock: the host and other guests do not see it, and its
	// inode numbers are counted up as the cache takes files in
	// (vboxsf_new_inode), so that a number is no identity.
	vboxsfMagic: {"vboxsf", "inode numbers change, and the host does not see a lock"},
	// fs/ceph/locks.c, fs/ocfs2/locks.c, fs/gfs2/file.c and the clients of
	// Lustre, GPFS and BeeGFS: a lock of the cluster, or local by an option of
	// the mount (localflocks). fs/orangefs/file.c: always local.
	unix.CEPH_SUPER_MAGIC:  {"Ceph", remote},
	unix.OCFS2_SUPER_MAGIC: {"OCFS2", remote},
	gfs2Magic:              {"GFS2", remote},
	orangefsMagic:          {"OrangeFS", remote},
	lustreMagic:            {"Lustre", remote},
	gpfsMagic:              {"GPFS", remote},
	beegfsMagic:            {"BeeGFS", remote},
}

// checkFilesystem refuses the filesystem that fd is on, by statfs(2).
func checkFilesystem(fd int) error {
	var st unix.Statfs_t
	if err := retry(func() error { return unix.Fstatfs(fd, &st) }); err != nil {
		return fmt.Errorf("its filesystem: %w", err)
	}
	return judge(uint32(st.Type))
}

// judge is the answer to a magic number. f_type is signed on some machines and
// unsigned on others; its 32 bits are the same.
func judge(magic uint32) error {
	if fs, found := refused[magic]; found {
		return fmt.Errorf("%w: %s: %s", ErrFilesystem, fs.name, fs.why)
	}
	return nil
}

// full refuses a filesystem that has no inode left. One without a bound says 0
// of 0.
func full(fd int) error {
	var st unix.Statfs_t
	if err := retry(func() error { return unix.Fstatfs(fd, &st) }); err != nil {
		return err
	}
	if st.Files > 0 && st.Ffree == 0 {
		return unix.ENOSPC
	}
	return nil
}

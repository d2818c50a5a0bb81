#!/bin/bash
# boot.sh ROOT GROUP: runs the systemd of a root folder as the first process of a machine of its own: processes, mounts, network, host
# name. GROUP is a new cgroup (v2), which becomes the machine's. The machine ends with this script.
set -e
root=$1 group=$2
echo $$ >"$group/cgroup.procs"
exec unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child --propagation private bash -ec '
	root=$1
	hostname machine
	ip link set lo up
	mount --bind "$root" "$root"
	cd "$root"
	mount -t proc proc proc
	mount -t sysfs -o ro sysfs sys
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mount -t tmpfs -o mode=755 tmpfs dev
	for device in null zero full random urandom tty; do
		touch dev/$device
		mount --bind /dev/$device dev/$device
	done
	mkdir dev/pts dev/shm
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
	mount -t tmpfs -o mode=755 tmpfs run
	mkdir -p .before
	pivot_root . .before
	exec chroot . sh -c "umount -l /.before && exec env -i container=enjamb PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		/lib/systemd/systemd --system --show-status=0"
' boot "$root"

/**
 * Directories of the kernel's source and what people call what is in them; the longest that fits
 * counts. Written from the MAINTAINERS file and the modules of Debian's 6.1 and 6.12.
 */
const SUBSYSTEMS: ReadonlyMap<string, string> = new Map([
  ['arch', "the processor's own code"],
  ['arch/x86/crypto', 'cryptography'],
  ['arch/x86/kvm', 'virtual machines, KVM'],
  ['block', 'block devices'],
  ['certs', 'certificates'],
  ['crypto', 'cryptography'],
  ['drivers/accessibility', 'accessibility'],
  ['drivers/acpi', 'ACPI'],
  ['drivers/ata', 'SATA and ATA disks'],
  ['drivers/base', 'the driver core'],
  ['drivers/block', 'block devices'],
  ['drivers/bluetooth', 'Bluetooth'],
  ['drivers/cdrom', 'CD and DVD drives'],
  ['drivers/char', 'character devices'],
  ['drivers/cpufreq', 'processor frequencies'],
  ['drivers/crypto', 'cryptographic devices'],
  ['drivers/dma', 'DMA engines'],
  ['drivers/edac', 'memory error detection'],
  ['drivers/firmware', 'firmware'],
  ['drivers/gpu', 'graphics'],
  ['drivers/hid', 'keyboards, mice and other HID devices'],
  ['drivers/hv', 'Hyper-V'],
  ['drivers/hwmon', 'hardware sensors'],
  ['drivers/i2c', 'the I2C bus'],
  ['drivers/iio', 'industrial I/O and sensors'],
  ['drivers/infiniband', 'InfiniBand and RDMA'],
  ['drivers/input', 'input devices'],
  ['drivers/iommu', 'IOMMUs'],
  ['drivers/isdn', 'ISDN'],
  ['drivers/leds', 'LEDs'],
  ['drivers/md', 'software RAID and device mapper'],
  ['drivers/media', 'video, TV and radio'],
  ['drivers/message', 'SCSI and storage adapters'],
  ['drivers/mmc', 'SD and MMC cards'],
  ['drivers/mtd', 'flash memory'],
  ['drivers/net', 'network drivers'],
  ['drivers/net/phy', 'network PHYs'],
  ['drivers/net/usb', 'USB network adapters'],
  ['drivers/net/wireless', 'Wi-Fi'],
  ['drivers/nfc', 'NFC'],
  ['drivers/nvdimm', 'persistent memory'],
  ['drivers/nvme', 'NVMe'],
  ['drivers/pci', 'the PCI bus'],
  ['drivers/platform', 'laptops and other platforms'],
  ['drivers/power', 'batteries and power supplies'],
  ['drivers/rtc', 'real-time clocks'],
  ['drivers/scsi', 'SCSI and storage adapters'],
  ['drivers/soundwire', 'sound'],
  ['drivers/spi', 'the SPI bus'],
  ['drivers/staging', 'staging drivers'],
  ['drivers/target', 'storage targets'],
  ['drivers/thermal', 'temperature control'],
  ['drivers/thunderbolt', 'Thunderbolt'],
  ['drivers/tty', 'terminals and serial ports'],
  ['drivers/ufs', 'UFS flash memory'],
  ['drivers/usb', 'USB'],
  ['drivers/vfio', 'device pass-through, VFIO'],
  ['drivers/vhost', 'virtual machines'],
  ['drivers/video', 'displays'],
  ['drivers/virt', 'virtual machines'],
  ['drivers/virtio', 'virtual machines'],
  ['drivers/watchdog', 'watchdogs'],
  ['drivers/xen', 'Xen'],
  ['fs', 'file systems'],
  ['fs/fuse', 'file systems, FUSE'],
  ['fs/lockd', 'NFS'],
  ['fs/nfs', 'NFS'],
  ['fs/nfs_common', 'NFS'],
  ['fs/nfsd', 'NFS'],
  ['fs/smb', 'SMB'],
  ['ipc', "the kernel's core"],
  ['kernel', "the kernel's core"],
  ['lib', "the kernel's library"],
  ['mm', 'memory management'],
  ['net', 'networking'],
  ['net/bluetooth', 'Bluetooth'],
  ['net/bridge/netfilter', 'netfilter, the firewall'],
  ['net/ceph', 'Ceph'],
  ['net/ipv4/netfilter', 'netfilter, the firewall'],
  ['net/ipv6/netfilter', 'netfilter, the firewall'],
  ['net/mac80211', 'Wi-Fi'],
  ['net/netfilter', 'netfilter, the firewall'],
  ['net/nfc', 'NFC'],
  ['net/sched', 'traffic control'],
  ['net/sunrpc', 'NFS'],
  ['net/wireless', 'Wi-Fi'],
  ['security', 'security modules'],
  ['sound', 'sound'],
  ['virt', 'virtual machines, KVM'],
]);

/** No directory of {@link SUBSYSTEMS} has more parts. */
const DEEPEST = 3;

/** `/lib/modules/<release>/kernel/` before a path, as packages have it; the source has `kernel/` too. */
const PACKAGED_PREFIX =
  /^kernel\/(?=(?:arch|block|crypto|drivers|fs|kernel|lib|mm|net|security|sound|virt)\/)/;

/**
 * Tells for people what part of the kernel a module belongs to.
 *
 * @param module The provider as `Module.symvers` has it, e.g. `vmlinux`, `drivers/net/tun`.
 * @returns E.g. `the kernel's core` for `vmlinux`, `network drivers` for `drivers/net/tun`, `drivers/w1`
 *   for a directory without a name here; undefined for a module outside of the kernel's source.
 */
export function findSubsystem(module: string): string | undefined {
  if (module === 'vmlinux') return "the kernel's core";
  const directories = module.replace(PACKAGED_PREFIX, '').split('/').slice(0, -1);
  const parts = directories.slice(0, DEEPEST);
  for (let length = parts.length; length > 0; length -= 1) {
    const found = SUBSYSTEMS.get(parts.slice(0, length).join('/'));
    if (found !== undefined) return found;
  }
  return parts[0] === 'drivers' && parts.length > 1 ? parts.slice(0, 2).join('/') : undefined;
}

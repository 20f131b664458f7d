const MAGIC = 0x7f454c46; // \x7fELF
const HEADER_BYTES = 64;
const ENTRY_BYTES = 56;
const ENTRY_LIMIT = 128;
const NOTE_BYTES_LIMIT = 64 * 1024;
const PT_NOTE = 4;
/** XEN_ELFNOTE_PHYS32_ENTRY: where a kernel that is started without firmware begins. */
const PHYS32_ENTRY = 18;
const XEN = 0x58656e00; // "Xen\0"

/**
 * Whether an x86_64 `vmlinux` can be started directly (PVH), which saves its own unpacking.
 *
 * @param bytes The whole file or its beginning; what is malformed has no such entry.
 * @see Linux 6.1 arch/x86/platform/pvh/head.S; Xen public/elfnote.h
 */
export function hasPvhEntry(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const is64BitElf =
    view.byteLength >= HEADER_BYTES && view.getUint32(0) === MAGIC && view.getUint8(4) === 2;
  if (!is64BitElf) return false;
  const tableAt = Number(view.getBigUint64(32, true));
  const count = Math.min(view.getUint16(56, true), ENTRY_LIMIT);
  for (let index = 0; index < count; index += 1) {
    const at = tableAt + index * ENTRY_BYTES;
    if (at + ENTRY_BYTES > view.byteLength) return false;
    if (view.getUint32(at, true) !== PT_NOTE) continue;
    const start = Number(view.getBigUint64(at + 8, true));
    const sizeBytes = Number(view.getBigUint64(at + 32, true));
    if (hasNote(view, start, Math.min(sizeBytes, NOTE_BYTES_LIMIT))) return true;
  }
  return false;
}

/** A note: sizes of name and description, type, then both, each filled up to four bytes. */
function hasNote(view: DataView, start: number, sizeBytes: number): boolean {
  const end = Math.min(start + sizeBytes, view.byteLength);
  let at = start;
  while (at + 16 <= end) {
    const nameBytes = view.getUint32(at, true);
    const descriptionBytes = view.getUint32(at + 4, true);
    const type = view.getUint32(at + 8, true);
    if (type === PHYS32_ENTRY && nameBytes === 4 && view.getUint32(at + 12) === XEN) return true;
    at += 12 + roundUp(nameBytes) + roundUp(descriptionBytes);
  }
  return false;
}

function roundUp(byteCount: number): number {
  return Math.ceil(byteCount / 4) * 4;
}

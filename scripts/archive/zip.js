import { inflateRawSync } from 'node:zlib';

const endMark = 0x06054b50;
const entryMark = 0x02014b50;
const methodStored = 0;
const methodDeflated = 8;

/** The record at the end of the archive, before a comment of at most 64 KiB. @param {Buffer} archive */
function findEnd(archive) {
  for (let at = archive.length - 22; at >= Math.max(0, archive.length - 22 - 0xffff); at--) {
    if (archive.readUInt32LE(at) === endMark) return at;
  }
  throw new Error('this is no zip archive');
}

/**
 * The content of one file of a zip archive below 4 GiB, by its central directory.
 *
 * @param {Buffer} archive
 * @param {string} name
 * @returns {Buffer}
 */
export function readZip(archive, name) {
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count && archive.readUInt32LE(at) === entryMark; index++) {
    const method = archive.readUInt16LE(at + 10);
    const sizeBytes = archive.readUInt32LE(at + 20);
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field));
    const local = archive.readUInt32LE(at + 42);
    if (archive.toString('utf8', at + 46, at + 46 + nameBytes) === name) {
      const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
      const stored = archive.subarray(start, start + sizeBytes);
      if (method === methodStored) return stored;
      if (method === methodDeflated) return inflateRawSync(stored);
      throw new Error(`${name} is compressed by method ${method}, which is not supported`);
    }
    at += 46 + nameBytes + extraBytes + commentBytes;
  }
  throw new Error(`the archive has no ${name}`);
}

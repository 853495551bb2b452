const blockBytes = 512;

/** @param {Buffer} header @param {number} start @param {number} length */
function text(header, start, length) {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/**
 * The content of one file of an uncompressed tar archive (ustar, as npm packs).
 *
 * @param {Buffer} archive
 * @param {string} name
 * @returns {Buffer}
 */
export function readTar(archive, name) {
  for (let at = 0; at + blockBytes <= archive.length; ) {
    const header = archive.subarray(at, at + blockBytes);
    const prefix = text(header, 345, 155);
    const path = prefix ? `${prefix}/${text(header, 0, 100)}` : text(header, 0, 100);
    const sizeBytes = Number.parseInt(text(header, 124, 12).trim(), 8) || 0;
    if (path === name) return archive.subarray(at + blockBytes, at + blockBytes + sizeBytes);
    at += blockBytes + Math.ceil(sizeBytes / blockBytes) * blockBytes;
  }
  throw new Error(`the archive has no ${name}`);
}

/**
 * The keys and certificates of a server, in a directory of their own. Made on the first start and kept; private keys
 * are readable by their owner only.
 */
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Clock, type Fs, ifExists, KeyLock, type Random, writeFileDurably } from '../../base/index.ts';
import { type CertificateRequest, createAuthority, issueCertificate, type KeyPair } from './certificate-authority.ts';

export interface PkiOptions {
  readonly fs: Fs;
  readonly clock: Clock;
  readonly random: Random;
  readonly directory: string;
}

const directoryMode = 0o700;
const privateMode = 0o600;
const publicMode = 0o644;
/** A certificate with less than this left is made anew. */
const renewBeforeMs = 30 * 24 * 60 * 60 * 1000;

export class Pki {
  readonly authority: KeyPair;
  /** Signs the tokens of service accounts: PEM. */
  readonly tokenKey: string;
  readonly #options: PkiOptions;
  readonly #issuing = new KeyLock<string>();

  private constructor(options: PkiOptions, authority: KeyPair, tokenKey: string) {
    this.#options = options;
    this.authority = authority;
    this.tokenKey = tokenKey;
  }

  /** Reads the directory; makes what is missing. */
  static async open(options: PkiOptions): Promise<Pki> {
    const { fs, directory } = options;
    await fs.mkdir(directory, { recursive: true, mode: directoryMode });
    const [authority, tokenKey] = await Promise.all([readAuthority(options), readTokenKey(options)]);
    return new Pki(options, authority, tokenKey);
  }

  /** The certificate of that name, made when it is missing, about to expire, or for other hosts or another subject. */
  async issue(name: string, request: CertificateRequest): Promise<KeyPair> {
    return await this.#issuing.run(name, async () => {
      const existing = await readPair(this.#options, name);
      if (existing && this.#fits(existing, request)) return existing;
      const issued = await issueCertificate(this.authority, request, this.#options);
      await writePair(this.#options, name, issued);
      return issued;
    });
  }

  #fits({ certificate }: KeyPair, { commonName, organizations = [], hosts = [] }: CertificateRequest): boolean {
    const parsed = new X509Certificate(certificate);
    const authority = new X509Certificate(this.authority.certificate);
    const subject = parsed.subject.split('\n');
    const groups = subject.filter((part) => part.startsWith('O=')).map((part) => part.slice(2));
    return (
      Date.parse(parsed.validTo) - this.#options.clock.now() > renewBeforeMs &&
      parsed.verify(authority.publicKey) &&
      subject.includes(`CN=${commonName}`) &&
      groups.join('\n') === organizations.join('\n') &&
      hosts.every((host) => (isIP(host) ? parsed.checkIP(host) : parsed.checkHost(host)) !== undefined)
    );
  }
}

async function readAuthority(options: PkiOptions): Promise<KeyPair> {
  const existing = await readPair(options, 'ca');
  if (existing) return existing;
  const authority = await createAuthority('stowage', options);
  await writePair(options, 'ca', authority);
  return authority;
}

async function readPair({ fs, directory }: PkiOptions, name: string): Promise<KeyPair | undefined> {
  const certificate = await ifExists(fs.readFile(join(directory, `${name}.crt`), 'utf8'));
  const key = await ifExists(fs.readFile(join(directory, `${name}.key`), 'utf8'));
  return certificate && key ? { certificate, key } : undefined;
}

/** The certificate last: while it is missing the key alone counts for nothing. */
async function writePair({ fs, directory }: PkiOptions, name: string, pair: KeyPair): Promise<void> {
  await writeFileDurably(fs, join(directory, `${name}.key`), pair.key, privateMode);
  await writeFileDurably(fs, join(directory, `${name}.crt`), pair.certificate, publicMode);
}

async function readTokenKey({ fs, directory }: PkiOptions): Promise<string> {
  const path = join(directory, 'sa.key');
  const existing = await ifExists(fs.readFile(path, 'utf8'));
  if (existing) return existing;
  const key = createTokenKey();
  await writeFileDurably(fs, path, key, privateMode);
  return key;
}

export function createTokenKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

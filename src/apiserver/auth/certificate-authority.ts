/** Makes certificates: an authority, and what it signs for servers and clients. ECDSA P-256 throughout. */
import { createPrivateKey, type webcrypto } from 'node:crypto';
import type { Clock, Random } from '../../base/index.ts';

export interface KeyPair {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** For clients: the groups of the user. */
  readonly organizations?: readonly string[];
  /** Names and addresses that a server is reached by. Without any it is a client's certificate. */
  readonly hosts?: readonly string[];
}

export interface IssueOptions {
  readonly clock: Clock;
  readonly random: Random;
}

const day = 24 * 60 * 60 * 1000;
const authorityLifetimeMs = 3650 * day;
const certificateLifetimeMs = 3650 * day;
/** Clocks of other machines may be behind. */
const backdatedMs = day;
const serialBytes = 16;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const addressPattern = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)$/;

/** Loading it takes longer than everything else here, and only the first start needs it. */
async function loadX509() {
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}

function serialNumber(random: Random): string {
  const bytes = random.bytes(serialBytes);
  // Positive, and not zero.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

function validity(clock: Clock, lifetimeMs: number) {
  return { notBefore: new Date(clock.now() - backdatedMs), notAfter: new Date(clock.now() + lifetimeMs) };
}

/** A distinguished name as the library takes it: groups first, each an organization of its own. */
function nameOf({ commonName, organizations = [] }: CertificateRequest) {
  return [...organizations.map((organization) => ({ O: [organization] })), { CN: [commonName] }];
}

export async function createAuthority(commonName: string, { clock, random }: IssueOptions): Promise<KeyPair> {
  const x509 = await loadX509();
  const keys = await generateKeys();
  const usages = x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(random),
    name: nameOf({ commonName }),
    ...validity(clock, authorityLifetimeMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(usages, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await keyPem(keys.privateKey) };
}

export async function issueCertificate(
  authority: KeyPair,
  request: CertificateRequest,
  { clock, random }: IssueOptions,
): Promise<KeyPair> {
  const x509 = await loadX509();
  const keys = await generateKeys();
  const der = createPrivateKey(authority.key).export({ format: 'der', type: 'pkcs8' });
  const signingKey = await crypto.subtle.importKey('pkcs8', new Uint8Array(der), algorithm, false, ['sign']);
  const issuer = new x509.X509Certificate(authority.certificate);
  const { hosts = [] } = request;
  const purpose = hosts.length > 0 ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  const names = hosts.map((value) => ({
    type: addressPattern.test(value) ? ('ip' as const) : ('dns' as const),
    value,
  }));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(random),
    subject: nameOf(request),
    issuer: issuer.subject,
    ...validity(clock, certificateLifetimeMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([purpose]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await keyPem(keys.privateKey) };
}

/** A server's certificate that nobody else signed, for those who check no authority. Both are in the text. */
export async function createSelfSigned(request: CertificateRequest, options: IssueOptions): Promise<KeyPair> {
  const authority = await createAuthority(`${request.commonName}-ca`, options);
  const { certificate, key } = await issueCertificate(authority, request, options);
  return { certificate: certificate + authority.certificate, key };
}

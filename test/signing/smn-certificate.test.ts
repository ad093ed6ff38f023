/** Also tests: lib/signing/verification-key.ts. */
import { createHash, generateKeyPairSync, publicDecrypt, X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { SMN_CERTIFICATE } from '../../lib/signing/smn-certificate.ts';
import { parseVerificationKey } from '../../lib/signing/verification-key.ts';
import { newSigner } from '../support/notifications.ts';
import { SELF_SIGNED } from '../support/self-signed.ts';

/** By `openssl x509 -fingerprint -sha256` and sha256sum of the SPKI, of the published certificate. */
const FINGERPRINT = '85:FF:15:CD:8A:21:7C:2B:DF:36:7C:F0:17:39:4D:B0:ED:FE:B0:31:8B:5F:5C:7C:6B:BE:25:73:CA:D1:38:17';
const SPKI_HASH = '0ed917144e8a300ed080dcef4326e0252f512e895e801682db46fd7cfee2f0d7';

test('the default certificate is the one that Huawei has published, valid until September 2030', () => {
  const certificate = new X509Certificate(SMN_CERTIFICATE);
  expect(certificate.fingerprint256).toBe(FINGERPRINT);
  expect(certificate.subject).toBe('C=CN\nO=Huawei\nCN=Huawei-Cloud-SMN-Meter');
  const spki = certificate.publicKey.export({ format: 'der', type: 'spki' });
  expect(createHash('sha256').update(spki).digest('hex')).toBe(SPKI_HASH);
  expect(parseVerificationKey(SMN_CERTIFICATE)).toMatchObject({
    validFromMs: Date.UTC(2020, 8, 9, 6, 40, 4),
    validToMs: Date.UTC(2030, 8, 7, 6, 40, 4),
  });
});

/**
 * Signatures of two messages that SMN sent in June 2025, and the SHA-256 of what they sign. Source: the tests of Apache
 * HertzBeat, HuaweiCloudExternAlertServiceTest. The messages themselves are not repeated here.
 */
const GENUINE = [
  [
    'a confirmation of a subscription',
    'ottf37C/2RdDgqimRQMIBU6i7XjUfPPMU760jJn71wwP3825YPoIT22uw2A9399rkm9Jrt1qUEFrDLuA5yHFLd5n/XoM4FghIgyFn7VIfgpuVM31a+co78sYBiZ1egOCE/AwFm2oygRhfIceUj9Kw9vmc06el9TXY6RtE5tAEF6qEmICtTh45KwtCO/WRs3DY72dQi5hm0w7/tktS4WFZ1iP4LHt5eCwFvnH0u29Y96cJNI0fLUQxI5MkhgjK77JkFK7UT6ZYJZhzgSp/B7OQGStOQx+3Duvx4T4CzccZQM3sca81Z0B0GFGWeVXuEHyCPLsayY/Iz+5Tco51elT8w==',
    'eed08ecf267e4db98b9f55f1ae9cc977b90b1264e16a9dd01d6e3fe5c8d1533c',
  ],
  [
    'a notification',
    'Igs0bBhzw0JGmlgBH+9ejw2xWfPTXjAatAEsKDkkWcC5bZ/jveckdRZdgp/S0JER9eiJfMF427YDABufIN0sv/vBRXaRQKfRBLTJYbSTl+AQpEbIW5yUfJSRLEG3HNEhUDjASolbrW7zdPCoGkkqjifE23FCvw+4tewMzqmHnfJHcFBq3W89CJzdPBjwO1UcY9C39moUZgqZk+qDVLpxb4bHSrEYAwPOSrOPR7TZpETJ30UOgFYajJydQk692edfs0NeVutHoQiOJ5/YC83ULHft0aXhichjtfZE4KF69nROAKez0ubk3lEy/mBIM9Ylbxn5b84OIrzzZQrIWe8Syw==',
    '1086903bab17eb7a4c8c668d364171d769701043d51151251b16168207074230',
  ],
];
/** Source: RFC 8017, section 9.2, note 1: the DER form of a SHA-256 hash. */
const SHA256_PREFIX = '3031300d060960864801650304020105000420';

test.each(GENUINE)(
  '%s of SMN is signed with the key of this certificate, by RSASSA-PKCS1-v1_5 with SHA-256',
  (_, signature = '', hash) => {
    const key = parseVerificationKey(SMN_CERTIFICATE)?.key;
    if (!key) throw new Error('the certificate cannot be parsed');
    expect(publicDecrypt(key, Buffer.from(signature, 'base64')).toString('hex')).toBe(`${SHA256_PREFIX}${hash}`);
  },
);

const { certificate, publicKey, privateKey } = newSigner();
const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'pem', type: 'spki' });

test.each([
  ['a certificate', true, certificate],
  ['a public key', true, publicKey],
  ['a certificate between empty lines', true, `\n\n${certificate}\n\n`],
  ['a private key', false, privateKey],
  ['a text with two certificates', false, certificate + certificate],
  ['a text with a certificate and a private key', false, certificate + privateKey],
  ['a public key of 1024 bits', false, small as string],
  ['a certificate of an elliptic curve', false, SELF_SIGNED.cert],
  ['a certificate that is cut off', false, `${certificate.slice(0, 400)}\n-----END CERTIFICATE-----\n`],
  ['a public key that is called a certificate', false, publicKey.replaceAll('PUBLIC KEY', 'CERTIFICATE')],
  ['another text', false, 'plain-secret-0123456789'],
])('%s is valid as a secret: %j', (_, isValid, pem) => {
  expect(parseVerificationKey(pem) !== undefined).toBe(isValid);
});

test('a public key has no end, a certificate has the dates that openssl has written', () => {
  expect(parseVerificationKey(publicKey)).toMatchObject({ validToMs: Number.POSITIVE_INFINITY });
  const { validFromMs = 0, validToMs = 0 } = parseVerificationKey(certificate) ?? {};
  expect(validToMs - validFromMs).toBe(3650 * 24 * 60 * 60 * 1000);
});

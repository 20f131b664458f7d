import type { ModuleSigningSettings, SigningSettings } from '../model/settings.ts';
import { SigningSection } from './schema-signing.ts';
import { claimFile, resolvePath, type Scope } from './scope.ts';
import type { ConfigPath } from './yaml-document.ts';

type Section = ReturnType<typeof SigningSection.parse>;

/**
 * The section `signing:`; files that it names must exist. A signer that is somebody else's may have its
 * secrets where only it can look.
 */
export function resolveSigning(scope: Scope): SigningSettings {
  const section = scope.config.signing ?? SigningSection.parse({});
  const { gnupgHome, keyId, otherKeys, modules, process } = section;
  return {
    ...(gnupgHome === undefined
      ? {}
      : { gnupgHome: claimSecret(scope, section, ['gnupgHome'], gnupgHome) }),
    ...(keyId === undefined ? {} : { keyId: keyId.toUpperCase() }),
    otherKeys: otherKeys.map(({ publicKey, until }, index) => ({
      publicKey: claim(scope, ['otherKeys', index, 'publicKey'], publicKey),
      ...(until === undefined ? {} : { until }),
    })),
    ...(modules === undefined ? {} : { modules: resolveModules(scope, section, modules) }),
    process,
  };
}

function resolveModules(
  scope: Scope,
  section: Section,
  modules: NonNullable<Section['modules']>,
): ModuleSigningSettings {
  const { key, certificate, hash, passphraseFile, environment, otherCertificates } = modules;
  const isFile = !key.startsWith('pkcs11:');
  return {
    key: isFile ? claimSecret(scope, section, ['modules', 'key'], key) : key,
    certificate: claim(scope, ['modules', 'certificate'], certificate),
    hash,
    ...(passphraseFile === undefined
      ? {}
      : {
          passphraseFile: claimSecret(
            scope,
            section,
            ['modules', 'passphraseFile'],
            passphraseFile,
          ),
        }),
    environment,
    otherCertificates: otherCertificates.map((other, index) => ({
      certificate: claim(
        scope,
        ['modules', 'otherCertificates', index, 'certificate'],
        other.certificate,
      ),
      ...(other.until === undefined ? {} : { until: other.until }),
    })),
  };
}

function claim(scope: Scope, path: ConfigPath, file: string): string {
  return claimFile(scope, ['signing', ...path], { at: resolvePath(scope, file), kind: 'file' });
}

function claimSecret(scope: Scope, section: Section, path: ConfigPath, file: string): string {
  const at = resolvePath(scope, file);
  if (section.process === 'separate') return at;
  const kind = path[0] === 'gnupgHome' ? 'folder' : 'file';
  return claimFile(scope, ['signing', ...path], { at, kind });
}

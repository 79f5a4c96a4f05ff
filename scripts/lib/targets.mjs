// The only list of packages: the release workflow reads it with `npm run -s package -- --list`.

/**
 * @typedef {object} Target
 * @property {string} [rid] .NET's name of the system; without it the sidecar is portable and needs a runtime.
 * @property {string} runner The machine of the release workflow that builds it, with the system of the target.
 * @property {string} [container] The image to build in, if the runner has another system.
 */

/** By VS Code's name of the platform. @type {Record<string, Target>} */
export const targets = {
  'linux-x64': { rid: 'linux-x64', runner: 'ubuntu-24.04' },
  'linux-arm64': { rid: 'linux-arm64', runner: 'ubuntu-24.04-arm' },
  'alpine-x64': { rid: 'linux-musl-x64', runner: 'ubuntu-24.04', container: 'mcr.microsoft.com/dotnet/sdk:10.0-alpine' },
  'win32-x64': { rid: 'win-x64', runner: 'windows-2025' },
  'darwin-arm64': { rid: 'osx-arm64', runner: 'macos-15' },
  'darwin-x64': { rid: 'osx-x64', runner: 'macos-15-intel' },
  universal: { runner: 'ubuntu-24.04' },
};

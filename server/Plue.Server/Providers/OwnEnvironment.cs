using System.Collections;

namespace Plue.Server.Providers;

/// <summary>This process's own environment, of which a program that we start gets chosen names only: the rest may hold keys.</summary>
internal static class OwnEnvironment
{
    /// <summary>What any program may need to run, to find its files and to reach the network.</summary>
    public static readonly IReadOnlyList<string> Harmless =
    [
        "HOME",
        "PATH",
        "USER",
        "LOGNAME",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "TMP",
        "TEMP",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "all_proxy",
        "SystemRoot",
        "SystemDrive",
        "windir",
        "ComSpec",
        "PATHEXT",
        "USERPROFILE",
        "USERNAME",
        "APPDATA",
        "LOCALAPPDATA",
        "ProgramData",
        "ProgramFiles",
    ];

    /// <summary>All of it, to choose from.</summary>
    public static IReadOnlyDictionary<string, string> Read() =>
        Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(
                entry => (string)entry.Key,
                entry => (string?)entry.Value ?? "",
                OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal
            );

    /// <summary>As <see cref="Read()"/>, with other values for some names.</summary>
    public static IReadOnlyDictionary<string, string> Read(IReadOnlyDictionary<string, string> changed)
    {
        var all = new Dictionary<string, string>(
            Read(),
            OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal
        );
        foreach (var (name, value) in changed)
        {
            all[name] = value;
        }
        return all;
    }
}

using System.Collections;

namespace Plue.Server.Providers;

/// <summary>The environment of this process. Started programs receive selected variables only, because others may contain keys.</summary>
internal static class OwnEnvironment
{
    /// <summary>Variables that a program may need to run, to find its files and to access the network.</summary>
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

    /// <summary>Returns all variables, for selection.</summary>
    public static IReadOnlyDictionary<string, string> Read() =>
        Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(
                entry => (string)entry.Key,
                entry => (string?)entry.Value ?? "",
                OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal
            );

    /// <summary>Like <see cref="Read()"/>, with some values replaced.</summary>
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
